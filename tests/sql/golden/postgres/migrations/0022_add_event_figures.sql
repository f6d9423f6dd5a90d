CREATE TABLE event_figures (
  event_id bigint NOT NULL,
  status varchar(16) NOT NULL,
  sold integer NOT NULL DEFAULT 0,
  available integer NOT NULL DEFAULT 0,
  rating integer NOT NULL DEFAULT 0,
  CONSTRAINT pk_event_figures PRIMARY KEY (event_id),
  CONSTRAINT fk_event_figures_event FOREIGN KEY (event_id) REFERENCES events (
    id
  ) ON DELETE CASCADE
);
INSERT INTO event_figures (
  event_id,
  status,
  sold,
  available,
  rating
)
SELECT
  e.id,
  e.status,
  COALESCE(SUM(tt.capacity - tt.available), 0) AS sold,
  COALESCE(SUM(CASE WHEN tt.on_sale = 1 THEN tt.available ELSE 0 END), 0) AS available,
  CASE
    WHEN e.rating_count > 0
    THEN CAST(TRUNC(CAST(e.rating_sum AS numeric)) AS bigint) * 1000 / e.rating_count
    ELSE 0
  END AS rating
FROM events AS e
LEFT JOIN ticket_types AS tt
  ON tt.event_id = e.id
GROUP BY
  e.id,
  e.status,
  e.rating_count,
  e.rating_sum;
CREATE INDEX ix_event_figures_sold ON event_figures(status NULLS FIRST, sold NULLS FIRST, event_id NULLS FIRST) INCLUDE (available);
CREATE INDEX ix_event_figures_rating ON event_figures(status NULLS FIRST, rating NULLS FIRST, event_id NULLS FIRST) INCLUDE (available);
INSERT INTO leases (
  name
)
VALUES
  ('event_figures');
DROP INDEX ix_events_start;
DROP INDEX ix_events_venue;
CREATE INDEX ix_events_venue ON events(venue_id NULLS FIRST, status NULLS FIRST, starts_at NULLS FIRST, id);
DROP INDEX ix_events_category;
CREATE INDEX ix_events_category ON events(category_id NULLS FIRST, status NULLS FIRST, starts_at NULLS FIRST, id);
DROP INDEX ix_events_organizer;
CREATE INDEX ix_events_organizer ON events(organizer_id NULLS FIRST, status NULLS FIRST, starts_at NULLS FIRST, id);
CREATE INDEX ix_bookings_cancelled ON bookings(id)
WHERE
  status = 'CANCELLED';
CREATE INDEX ix_bookings_expired ON bookings(id)
WHERE
  status = 'EXPIRED';
CREATE INDEX ix_users_role ON users(role NULLS FIRST, id);
