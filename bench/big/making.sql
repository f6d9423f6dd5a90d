-- Fills a migrated database. A word after a colon is a number that bench.big.making puts there: rows of a Size, and the
-- first id of what is not there yet.

SELECT setseed(0.5);

INSERT INTO users (id, name, username, username_folded, email, email_folded, name_folded, password_hash, role,
                   email_confirmed_at, created_at)
OVERRIDING SYSTEM VALUE
SELECT n, given || ' ' || family, 'person' || n, 'person' || n, 'person' || n || '@example.com',
       'person' || n || '@example.com', lower(given || ' ' || family), 'none',
       CASE WHEN (n - 4) % :step = 0 THEN 'EVENT_MANAGER' ELSE 'USER' END, now(), now() - n % 700 * interval '1 day'
FROM   (SELECT n, (ARRAY['Ada', 'Bao', 'Chidi', 'Dalia', 'Emre', 'Fatima', 'Grete', 'Hugo'])[1 + n % 8] AS given,
               initcap(substr(translate(md5(n::text), '0123456789', 'aeioulmnrs'), 1, 7)) AS family
        FROM   generate_series(:first, :users) AS n) AS people;

INSERT INTO categories (id, slug, name) OVERRIDING SYSTEM VALUE
SELECT n, 'kind-' || n, 'Kind ' || n FROM generate_series(1, 12) AS n;

INSERT INTO venues (id, name, location, city, country, capacity, owner_id) OVERRIDING SYSTEM VALUE
SELECT n, 'Hall ' || n, n || ' Quay', 'City ' || n % :cities, 'Netherlands', 100000, 4 + n % (:managers - 4) * :step
FROM   generate_series(1, :venues) AS n;

INSERT INTO events (id, organizer_id, venue_id, category_id, title, description, starts_at, ends_at, status,
                    capacity, currency, price_from, local_date, search_text, excerpt, search_folded, reminded_at)
OVERRIDING SYSTEM VALUE
SELECT n, CASE WHEN n % 50 = 2 THEN 2 ELSE 4 + n * 7 % (:managers - 4) * :step END, venue, 1 + n % 12, title,
       repeat('An evening of which the programme says a few sentences more. ', 8), starts_at,
       starts_at + interval '3 hours', status, 100000, 'EUR', CASE WHEN n % 10 = 0 THEN 0 ELSE 15 + n % 40 END,
       starts_at::date, lower(title || ' hall ' || venue || ' city ' || venue % :cities || ' kind ' || 1 + n % 12),
       'An evening of which the programme says a few sentences more.', 1,
       CASE WHEN status = 'COMPLETED' THEN starts_at - interval '1 day' END
FROM   (SELECT n, 1 + n * 13 % :venues AS venue,
               (ARRAY['Cello', 'Tides', 'Lantern', 'Harbour', 'Winter', 'Brass', 'Silent', 'Canal'])[1 + n % 8]
               || ' ' || substr(md5('e' || n), 1, 6) AS title,
               CASE WHEN n % 20 = 0 THEN 'DRAFT' WHEN n % 20 = 1 THEN 'CANCELLED' WHEN n % 20 < 9 THEN 'PUBLISHED'
                    ELSE 'COMPLETED' END AS status,
               date_trunc('hour', now()) + CASE WHEN n % 20 >= 9 THEN -1 ELSE 1 END
               * (3 + n * 31 % 8000) * interval '1 hour' AS starts_at
        FROM   generate_series(1, :events) AS n) AS shows;

INSERT INTO event_cancellations (event_id, requested_by, finished_at)
SELECT id, organizer_id, now() FROM events WHERE status = 'CANCELLED';

INSERT INTO event_payment_options (event_id, method)
SELECT id, method FROM events CROSS JOIN (VALUES ('card'), ('upi')) AS methods (method);

CREATE TEMPORARY TABLE planned AS
SELECT n, event_id, e.status AS event_status, 2 * event_id - n % 2 AS ticket_type_id, 1 + n % 3 AS quantity,
       e.price_from + n % 2 * 10 AS price,
       CASE WHEN n % 500 = 0 THEN 3 ELSE 4 + (n * 7919::bigint) % :buyers END AS user_id,
       LEAST(now(), e.starts_at) - (1 + n % 60) * interval '1 day' AS made_at,
       CASE WHEN e.status = 'CANCELLED' THEN 'CANCELLED' WHEN chance < 0.06 THEN 'EXPIRED'
            WHEN chance < 0.12 THEN 'CANCELLED'
            WHEN chance < 0.122 AND e.status = 'PUBLISHED' THEN 'PENDING' ELSE 'CONFIRMED' END AS status
FROM   (SELECT n, random() AS chance, CASE WHEN n % 10 = 0 THEN :hot ELSE 1 + floor(:events * random() ^ 2) END
                                      ::bigint AS picked
        FROM   generate_series(1, :bookings) AS n) AS picks
CROSS JOIN LATERAL (SELECT CASE WHEN picked % 20 = 0 THEN :hot ELSE picked END AS event_id) AS chosen
INNER JOIN events AS e ON e.id = event_id;
ANALYZE planned;

INSERT INTO ticket_types (id, event_id, name, price, currency, capacity, available, on_sale, sort_order)
OVERRIDING SYSTEM VALUE
SELECT 2 * e.id - side, e.id, CASE side WHEN 1 THEN 'Stalls' ELSE 'Balcony' END, e.price_from + side * 10, 'EUR',
       50000, 50000 - COALESCE(live.quantity, 0), CASE WHEN e.status = 'PUBLISHED' THEN 1 ELSE 0 END, side
FROM   events AS e
CROSS JOIN generate_series(0, 1) AS side
LEFT JOIN (SELECT ticket_type_id, SUM(quantity) AS quantity
           FROM   planned
           WHERE  status IN ('PENDING', 'CONFIRMED')
           GROUP BY ticket_type_id) AS live ON live.ticket_type_id = 2 * e.id - side;

INSERT INTO bookings (id, reference, user_id, event_id, status, quantity, total, currency, hold_expires_at,
                      confirmed_at, cancelled_at, expired_at, refund_allowed, refund_due, created_at)
OVERRIDING SYSTEM VALUE
SELECT n, upper(substr(md5('b' || n), 1, 12)), user_id, event_id, status, quantity, quantity * price, 'EUR',
       CASE WHEN status = 'PENDING' THEN now() + interval '1 day' END,
       CASE WHEN status IN ('CONFIRMED', 'CANCELLED') THEN made_at + interval '1 minute' END,
       CASE WHEN status = 'CANCELLED' THEN made_at + interval '1 hour' END,
       CASE WHEN status = 'EXPIRED' THEN made_at + interval '1 hour' END,
       CASE WHEN status = 'CANCELLED' THEN quantity * price END,
       CASE WHEN status = 'CANCELLED' THEN quantity * price END, made_at
FROM   planned;

INSERT INTO booking_lines (booking_id, ticket_type_id, quantity, unit_price, list_price, name)
SELECT n, ticket_type_id, quantity, price, price, CASE n % 2 WHEN 1 THEN 'Stalls' ELSE 'Balcony' END FROM planned;

INSERT INTO tickets (booking_id, event_id, ticket_type_id, code, status, checked_in_at, created_at)
SELECT n, event_id, ticket_type_id, upper(substr(md5('t' || n || '-' || piece), 1, 20)),
       CASE status WHEN 'CONFIRMED' THEN 'VALID' ELSE 'CANCELLED' END,
       CASE WHEN status = 'CONFIRMED' AND event_status = 'COMPLETED' THEN made_at + interval '1 day' END, made_at
FROM   planned
CROSS JOIN LATERAL generate_series(1, quantity) AS piece
WHERE  status IN ('CONFIRMED', 'CANCELLED');

INSERT INTO payments (id, reference, booking_id, user_id, amount, currency, method, status, gateway_reference,
                      card_brand, card_last4, refund_claimed, refunded, created_at, settled_at)
OVERRIDING SYSTEM VALUE
SELECT n, md5('p' || n), n, user_id, quantity * price, 'EUR', 'card',
       CASE status WHEN 'CONFIRMED' THEN 'SUCCEEDED' ELSE 'REFUNDED' END, 'ch_' || md5('p' || n), 'visa', '4242',
       CASE status WHEN 'CONFIRMED' THEN 0 ELSE quantity * price END,
       CASE status WHEN 'CONFIRMED' THEN 0 ELSE quantity * price END, made_at, made_at
FROM   planned
WHERE  status IN ('CONFIRMED', 'CANCELLED') AND price > 0;

INSERT INTO refunds (reference, payment_id, amount, currency, reason, status, gateway_reference, created_at, settled_at)
SELECT md5('r' || id), id, amount, currency, 'Cancelled', 'SUCCEEDED', 're_' || md5('r' || id), created_at, settled_at
FROM   payments
WHERE  status = 'REFUNDED';

INSERT INTO reviews (user_id, event_id, rating, comment)
SELECT DISTINCT ON (user_id, event_id) user_id, event_id, 1 + n % 5, 'Worth the way there.'
FROM   planned
WHERE  status = 'CONFIRMED' AND event_status = 'COMPLETED' AND n % 3 = 0;
UPDATE events
SET    rating_count = rated.number, rating_sum = rated.total
FROM   (SELECT event_id, count(*) AS number, SUM(rating) AS total FROM reviews GROUP BY event_id) AS rated
WHERE  rated.event_id = events.id;
-- Events to come have reviews when they are moved, so that an order by rating has something to tell apart.
INSERT INTO reviews (user_id, event_id, rating)
SELECT 4 + id % :buyers, id, 1 + id % 5 FROM events WHERE status = 'PUBLISHED' AND id % 3 = 0;
UPDATE events
SET    rating_count = 1, rating_sum = 1 + id % 5
WHERE  status = 'PUBLISHED' AND id % 3 = 0;

INSERT INTO event_figures (event_id, status, sold, available, rating)
SELECT e.id, e.status, SUM(tt.capacity - tt.available), SUM(tt.available * tt.on_sale),
       CASE WHEN e.rating_count > 0 THEN e.rating_sum * 1000 / e.rating_count ELSE 0 END
FROM   events AS e
INNER JOIN ticket_types AS tt ON tt.event_id = e.id
GROUP BY e.id;

-- All that follows is younger than housekeeping lets it become.
INSERT INTO announcements (id, kind, subject, subject_id, payload, state, created_at)
OVERRIDING SYSTEM VALUE
SELECT n, 'booking.confirmed', 'booking', n, '{}', 'DONE', now() - n % 20 * interval '1 day' FROM planned;

INSERT INTO outbox (kind, recipient, payload, dedupe_key, state, attempts, created_at, available_at, sent_at,
                    announcement_id)
SELECT 'confirmation', 'person' || n % :users || '@example.com', repeat('words of the mail ', 20), 'mail:' || n,
       CASE WHEN n % 5000 = 0 THEN 'DEAD' ELSE 'SENT' END, 1, now() - n % 20 * interval '1 day',
       now() - n % 20 * interval '1 day', now() - n % 20 * interval '1 day', 1 + n % :bookings
FROM   generate_series(1, :mails) AS n;

INSERT INTO notifications (user_id, kind, message, event_id, booking_id, created_at, read_at)
SELECT user_id, 'booking.confirmed', 'Your booking is confirmed.', event_id, n, now() - n % 20 * interval '1 day',
       CASE WHEN n % 4 > 0 THEN now() END
FROM   planned;

INSERT INTO audit_log (user_id, action, subject, subject_id, created_at)
SELECT user_id, 'create', 'booking', n, now() - n % 20 * interval '1 day' FROM planned;

INSERT INTO sessions (user_id, refresh_hash, expires_at)
SELECT user_id, md5('s' || n), now() + interval '7 days' FROM planned WHERE n % 4 = 0;

INSERT INTO idempotency_keys (user_id, idempotency_key, fingerprint, status, body, created_at)
SELECT user_id, md5('k' || n), md5('f' || n), 201, '{}', now() - n % 7 * interval '1 day'
FROM   planned
WHERE  n % 4 = 0;
