DROP TABLE review_reports;
DELETE FROM reviews
WHERE
  removed_at IS NOT NULL;
ALTER TABLE reviews
DROP COLUMN removed_at;
DROP INDEX ix_events_sales_start;
ALTER TABLE events
DROP COLUMN local_date;
ALTER TABLE events ALTER COLUMN timezone DROP DEFAULT;
ALTER TABLE events
DROP COLUMN timezone;
ALTER TABLE venues ALTER COLUMN timezone DROP DEFAULT;
ALTER TABLE venues
DROP COLUMN timezone;
