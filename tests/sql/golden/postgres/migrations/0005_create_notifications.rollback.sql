DROP TABLE event_cancellations;
DROP TABLE reviews;
DROP TABLE notifications;
