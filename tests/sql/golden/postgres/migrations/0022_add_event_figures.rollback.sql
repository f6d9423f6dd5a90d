DROP INDEX ix_users_role;
DROP INDEX ix_bookings_expired;
DROP INDEX ix_bookings_cancelled;
DROP INDEX ix_events_organizer;
CREATE INDEX ix_events_organizer ON events(organizer_id NULLS FIRST, starts_at NULLS FIRST, id);
DROP INDEX ix_events_category;
CREATE INDEX ix_events_category ON events(category_id NULLS FIRST, starts_at NULLS FIRST, id);
DROP INDEX ix_events_venue;
CREATE INDEX ix_events_venue ON events(venue_id NULLS FIRST, starts_at NULLS FIRST, id);
CREATE INDEX ix_events_start ON events(status NULLS FIRST, starts_at NULLS FIRST, id) INCLUDE (title, venue_id, category_id, organizer_id, price_from);
DELETE FROM leases
WHERE
  name = 'event_figures';
DROP TABLE event_figures;
