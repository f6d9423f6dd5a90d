-- Which process has the lease of an event's cancellation: one that was taken over must not end the other's.
-- depends: 0005_create_notifications

ALTER TABLE event_cancellations ADD lease_token NVARCHAR(32) NULL;
