ALTER TABLE event_seating
ADD COLUMN release_hours integer NULL;
ALTER TABLE event_seating
  ADD COLUMN release_when_sold smallint NOT NULL DEFAULT 0 CONSTRAINT ck_event_seating_release_when_sold_is_bit CHECK (release_when_sold IN (0, 1));
ALTER TABLE event_seating
ADD COLUMN released_at timestamp(3) NULL;
CREATE INDEX ix_event_seating_release ON event_seating(event_id NULLS FIRST)
WHERE
  release_hours IS NOT NULL AND released_at IS NULL;
ALTER TABLE event_seats
ADD COLUMN companion_of integer NULL;
