DROP INDEX ux_tickets_live_seat_no;
ALTER TABLE tickets
DROP COLUMN seat_no;
ALTER TABLE tickets
ADD COLUMN seat varchar(32) NULL;
CREATE UNIQUE INDEX ux_tickets_live_seat ON tickets(event_id NULLS FIRST, seat NULLS FIRST)
WHERE
  status = 'VALID' AND seat IS NOT NULL;
ALTER TABLE booking_lines
DROP COLUMN seats;
ALTER TABLE ticket_types ALTER COLUMN seated DROP DEFAULT;
ALTER TABLE ticket_types
DROP COLUMN seated;
DROP TABLE event_category_types;
DROP TABLE event_categories;
DROP TABLE event_seats;
DROP TABLE event_seating;
DROP TABLE seating_plan_versions;
DROP TABLE seating_plans;
