DROP INDEX ix_users_role ON users;
DROP INDEX ix_bookings_expired ON bookings;
DROP INDEX ix_bookings_cancelled ON bookings;
DROP INDEX ix_events_organizer ON events;
CREATE INDEX ix_events_organizer ON events (organizer_id, starts_at, id);
DROP INDEX ix_events_category ON events;
CREATE INDEX ix_events_category ON events (category_id, starts_at, id);
DROP INDEX ix_events_venue ON events;
CREATE INDEX ix_events_venue ON events (venue_id, starts_at, id);
CREATE INDEX ix_events_start ON events (status, starts_at, id)
    INCLUDE (title, venue_id, category_id, organizer_id, price_from);
DELETE FROM leases WHERE name = 'event_figures';
DROP TABLE event_figures;
