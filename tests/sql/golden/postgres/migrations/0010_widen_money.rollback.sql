ALTER TABLE events
ADD CONSTRAINT ck_events_cents CHECK (price_from = CAST(price_from AS numeric(12, 2)));
ALTER TABLE events
DROP CONSTRAINT ck_events_cents;
ALTER TABLE ticket_types
ADD CONSTRAINT ck_ticket_types_cents CHECK (price = CAST(price AS numeric(12, 2)));
ALTER TABLE ticket_types
DROP CONSTRAINT ck_ticket_types_cents;
ALTER TABLE bookings
  ADD CONSTRAINT ck_bookings_cents CHECK (total = CAST(total AS numeric(12, 2))
  AND refund_allowed = CAST(refund_allowed AS numeric(12, 2))
  AND refund_due = CAST(refund_due AS numeric(12, 2)));
ALTER TABLE bookings
DROP CONSTRAINT ck_bookings_cents;
ALTER TABLE booking_lines
ADD CONSTRAINT ck_booking_lines_cents CHECK (unit_price = CAST(unit_price AS numeric(12, 2)));
ALTER TABLE booking_lines
DROP CONSTRAINT ck_booking_lines_cents;
ALTER TABLE payments
  ADD CONSTRAINT ck_payments_cents CHECK (amount = CAST(amount AS numeric(12, 2))
  AND refund_claimed = CAST(refund_claimed AS numeric(12, 2))
  AND refunded = CAST(refunded AS numeric(12, 2)));
ALTER TABLE payments
DROP CONSTRAINT ck_payments_cents;
ALTER TABLE refunds
ADD CONSTRAINT ck_refunds_cents CHECK (amount = CAST(amount AS numeric(12, 2)));
ALTER TABLE refunds
DROP CONSTRAINT ck_refunds_cents;
DROP INDEX ix_refunds_payment;
ALTER TABLE refunds
DROP CONSTRAINT ck_refunds_amount;
ALTER TABLE refunds
  ALTER COLUMN amount TYPE numeric(12, 2),
  ALTER COLUMN amount SET NOT NULL;
ALTER TABLE refunds
ADD CONSTRAINT ck_refunds_amount CHECK (amount > 0);
CREATE INDEX ix_refunds_payment ON refunds(payment_id NULLS FIRST, id) INCLUDE (amount, status);
ALTER TABLE payments
DROP CONSTRAINT ck_payments_refunded;
ALTER TABLE payments
DROP CONSTRAINT ck_payments_amount;
ALTER TABLE payments
  ALTER COLUMN amount TYPE numeric(12, 2),
  ALTER COLUMN amount SET NOT NULL;
ALTER TABLE payments
  ALTER COLUMN refund_claimed TYPE numeric(12, 2),
  ALTER COLUMN refund_claimed SET NOT NULL;
ALTER TABLE payments
  ALTER COLUMN refunded TYPE numeric(12, 2),
  ALTER COLUMN refunded SET NOT NULL;
ALTER TABLE payments
ADD CONSTRAINT ck_payments_amount CHECK (amount > 0);
ALTER TABLE payments
  ADD CONSTRAINT ck_payments_refunded CHECK (refunded >= 0 AND refunded <= refund_claimed AND refund_claimed <= amount);
ALTER TABLE booking_lines
DROP CONSTRAINT ck_booking_lines_list_price;
ALTER TABLE booking_lines ALTER COLUMN list_price DROP DEFAULT;
ALTER TABLE booking_lines
DROP COLUMN list_price;
ALTER TABLE booking_lines
  ALTER COLUMN unit_price TYPE numeric(12, 2),
  ALTER COLUMN unit_price SET NOT NULL;
DROP INDEX ix_bookings_event;
ALTER TABLE bookings
DROP CONSTRAINT ck_bookings_total;
ALTER TABLE bookings
  ALTER COLUMN total TYPE numeric(12, 2),
  ALTER COLUMN total SET NOT NULL;
ALTER TABLE bookings
  ALTER COLUMN refund_allowed TYPE numeric(12, 2),
  ALTER COLUMN refund_allowed DROP NOT NULL;
ALTER TABLE bookings
  ALTER COLUMN refund_due TYPE numeric(12, 2),
  ALTER COLUMN refund_due DROP NOT NULL;
ALTER TABLE bookings
ADD CONSTRAINT ck_bookings_total CHECK (total >= 0);
CREATE INDEX ix_bookings_event ON bookings(event_id NULLS FIRST, status NULLS FIRST, id) INCLUDE (user_id, quantity, total);
ALTER TABLE ticket_types
DROP CONSTRAINT ck_ticket_types_price;
ALTER TABLE ticket_types
  ALTER COLUMN price TYPE numeric(12, 2),
  ALTER COLUMN price SET NOT NULL;
ALTER TABLE ticket_types
ADD CONSTRAINT ck_ticket_types_price CHECK (price >= 0);
DROP INDEX ix_events_start;
DROP INDEX ix_events_price;
ALTER TABLE events
  ALTER COLUMN price_from TYPE numeric(12, 2),
  ALTER COLUMN price_from SET NOT NULL;
CREATE INDEX ix_events_start ON events(status NULLS FIRST, starts_at NULLS FIRST, id) INCLUDE (title, venue_id, category_id, organizer_id, price_from);
CREATE INDEX ix_events_price ON events(status NULLS FIRST, price_from NULLS FIRST, id);
