ALTER TABLE event_cancellations
DROP COLUMN lease_token;
