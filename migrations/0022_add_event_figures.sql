-- What lists of events are sorted by, and indexes for lists that would read what grows.
-- depends: 0021_ask_for_confirmed_buyers

-- A sale never writes it: a task brings it up to date, at most 5 seconds later. sold counts tickets that are held, too;
-- available those that are on offer; rating is the mean in thousandths. The status is that of the event.
CREATE TABLE event_figures (
    event_id  BIGINT       NOT NULL,
    status    NVARCHAR(16) NOT NULL,
    sold      INT          NOT NULL CONSTRAINT df_event_figures_sold DEFAULT 0,
    available INT          NOT NULL CONSTRAINT df_event_figures_available DEFAULT 0,
    rating    INT          NOT NULL CONSTRAINT df_event_figures_rating DEFAULT 0,
    CONSTRAINT pk_event_figures PRIMARY KEY (event_id),
    CONSTRAINT fk_event_figures_event FOREIGN KEY (event_id) REFERENCES events (id) ON DELETE CASCADE
);

INSERT INTO event_figures (event_id, status, sold, available, rating)
SELECT e.id, e.status, COALESCE(SUM(tt.capacity - tt.available), 0) AS sold,
       COALESCE(SUM(CASE WHEN tt.on_sale = 1 THEN tt.available ELSE 0 END), 0) AS available,
       CASE WHEN e.rating_count > 0 THEN CAST(e.rating_sum AS BIGINT) * 1000 / e.rating_count ELSE 0 END AS rating
FROM   events AS e
LEFT JOIN ticket_types AS tt ON tt.event_id = e.id
GROUP BY e.id, e.status, e.rating_count, e.rating_sum;

CREATE INDEX ix_event_figures_sold ON event_figures (status, sold, event_id) INCLUDE (available);
CREATE INDEX ix_event_figures_rating ON event_figures (status, rating, event_id) INCLUDE (available);

-- Whoever brings the figures up to date takes this lease until the next round is due.
INSERT INTO leases (name) VALUES ('event_figures');

-- Events to come are few among all that ever were. A list of what is on looks at these alone, wherever it begins.
-- ix_events_search begins with the same columns.
DROP INDEX ix_events_start ON events;
DROP INDEX ix_events_venue ON events;
CREATE INDEX ix_events_venue ON events (venue_id, status, starts_at, id);
DROP INDEX ix_events_category ON events;
CREATE INDEX ix_events_category ON events (category_id, status, starts_at, id);
DROP INDEX ix_events_organizer ON events;
CREATE INDEX ix_events_organizer ON events (organizer_id, status, starts_at, id);

-- The bookings in a state, of all events. PENDING ones have an index, and nearly all others are CONFIRMED.
CREATE INDEX ix_bookings_cancelled ON bookings (id) WHERE status = 'CANCELLED';
CREATE INDEX ix_bookings_expired ON bookings (id) WHERE status = 'EXPIRED';

CREATE INDEX ix_users_role ON users (role, id);
