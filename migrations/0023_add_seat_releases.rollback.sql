ALTER TABLE event_seats DROP COLUMN companion_of;
DROP INDEX ix_event_seating_release ON event_seating;
ALTER TABLE event_seating DROP COLUMN released_at;
ALTER TABLE event_seating DROP CONSTRAINT df_event_seating_release_when_sold;
ALTER TABLE event_seating DROP COLUMN release_when_sold;
ALTER TABLE event_seating DROP COLUMN release_hours;
