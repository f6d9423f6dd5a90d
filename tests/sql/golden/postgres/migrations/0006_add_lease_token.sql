ALTER TABLE event_cancellations
ADD COLUMN lease_token varchar(32) NULL;
