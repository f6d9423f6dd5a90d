DROP TABLE ticket_types;
DROP TABLE event_payment_options;
DROP TABLE events;
DROP TABLE categories;
DROP TABLE venues;
