-- The five statements of a booking, for pgbench: its rows and no more. No idempotency key, nothing read.
-- Written out here and not taken from BMS, so that this limit stays where it is when BMS changes.
BEGIN;
INSERT INTO bookings (reference, user_id, event_id, status, quantity, total, currency, hold_expires_at)
VALUES (CAST(:reference AS varchar), :user_id, :event_id, 'PENDING', 1, 25.00, 'EUR',
        timezone('utc', statement_timestamp()) + INTERVAL '900 seconds')
RETURNING id \gset booking_
INSERT INTO outbox (kind, recipient, payload, dedupe_key)
VALUES ('hold', 'buyer@example.com', '{}', CAST(:reference AS varchar));
INSERT INTO audit_log (user_id, action, subject, subject_id) VALUES (:user_id, 'hold', 'booking', :booking_id);
UPDATE ticket_types SET available = available - 1
WHERE id = :ticket_type_id AND available >= 1 AND on_sale = 1 AND price = 25.00 AND currency = 'EUR'
RETURNING available;
INSERT INTO booking_lines (booking_id, ticket_type_id, quantity, unit_price)
VALUES (:booking_id, :ticket_type_id, 1, 25.00);
COMMIT;
