ALTER TABLE event_seats
DROP COLUMN companion_of;
DROP INDEX ix_event_seating_release;
ALTER TABLE event_seating
DROP COLUMN released_at;
ALTER TABLE event_seating ALTER COLUMN release_when_sold DROP DEFAULT;
ALTER TABLE event_seating
DROP COLUMN release_when_sold;
ALTER TABLE event_seating
DROP COLUMN release_hours;
