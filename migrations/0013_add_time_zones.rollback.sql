DROP TABLE review_reports;
-- Without the column it would be shown again.
DELETE FROM reviews WHERE removed_at IS NOT NULL;
ALTER TABLE reviews DROP COLUMN removed_at;
DROP INDEX ix_events_sales_start ON events;
ALTER TABLE events DROP COLUMN local_date;
ALTER TABLE events DROP CONSTRAINT df_events_timezone;
ALTER TABLE events DROP COLUMN timezone;
ALTER TABLE venues DROP CONSTRAINT df_venues_timezone;
ALTER TABLE venues DROP COLUMN timezone;
