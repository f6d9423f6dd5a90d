-- An amount that two decimals cannot hold makes the rollback fail here: the columns would round it unseen.
ALTER TABLE events ADD CONSTRAINT ck_events_cents CHECK (price_from = CAST(price_from AS DECIMAL(12,2)));
ALTER TABLE events DROP CONSTRAINT ck_events_cents;
ALTER TABLE ticket_types ADD CONSTRAINT ck_ticket_types_cents CHECK (price = CAST(price AS DECIMAL(12,2)));
ALTER TABLE ticket_types DROP CONSTRAINT ck_ticket_types_cents;
ALTER TABLE bookings ADD CONSTRAINT ck_bookings_cents
    CHECK (total = CAST(total AS DECIMAL(12,2)) AND refund_allowed = CAST(refund_allowed AS DECIMAL(12,2))
           AND refund_due = CAST(refund_due AS DECIMAL(12,2)));
ALTER TABLE bookings DROP CONSTRAINT ck_bookings_cents;
ALTER TABLE booking_lines ADD CONSTRAINT ck_booking_lines_cents
    CHECK (unit_price = CAST(unit_price AS DECIMAL(12,2)));
ALTER TABLE booking_lines DROP CONSTRAINT ck_booking_lines_cents;
ALTER TABLE payments ADD CONSTRAINT ck_payments_cents
    CHECK (amount = CAST(amount AS DECIMAL(12,2)) AND refund_claimed = CAST(refund_claimed AS DECIMAL(12,2))
           AND refunded = CAST(refunded AS DECIMAL(12,2)));
ALTER TABLE payments DROP CONSTRAINT ck_payments_cents;
ALTER TABLE refunds ADD CONSTRAINT ck_refunds_cents CHECK (amount = CAST(amount AS DECIMAL(12,2)));
ALTER TABLE refunds DROP CONSTRAINT ck_refunds_cents;

DROP INDEX ix_refunds_payment ON refunds;
ALTER TABLE refunds DROP CONSTRAINT ck_refunds_amount;
ALTER TABLE refunds ALTER COLUMN amount DECIMAL(12,2) NOT NULL;
ALTER TABLE refunds ADD CONSTRAINT ck_refunds_amount CHECK (amount > 0);
CREATE INDEX ix_refunds_payment ON refunds (payment_id, id) INCLUDE (amount, status);

ALTER TABLE payments DROP CONSTRAINT ck_payments_refunded;
ALTER TABLE payments DROP CONSTRAINT ck_payments_amount;
ALTER TABLE payments ALTER COLUMN amount DECIMAL(12,2) NOT NULL;
ALTER TABLE payments ALTER COLUMN refund_claimed DECIMAL(12,2) NOT NULL;
ALTER TABLE payments ALTER COLUMN refunded DECIMAL(12,2) NOT NULL;
ALTER TABLE payments ADD CONSTRAINT ck_payments_amount CHECK (amount > 0);
ALTER TABLE payments ADD CONSTRAINT ck_payments_refunded
    CHECK (refunded >= 0 AND refunded <= refund_claimed AND refund_claimed <= amount);

ALTER TABLE booking_lines DROP CONSTRAINT ck_booking_lines_list_price;
ALTER TABLE booking_lines DROP CONSTRAINT df_booking_lines_list_price;
ALTER TABLE booking_lines DROP COLUMN list_price;
ALTER TABLE booking_lines ALTER COLUMN unit_price DECIMAL(12,2) NOT NULL;

DROP INDEX ix_bookings_event ON bookings;
ALTER TABLE bookings DROP CONSTRAINT ck_bookings_total;
ALTER TABLE bookings ALTER COLUMN total DECIMAL(12,2) NOT NULL;
ALTER TABLE bookings ALTER COLUMN refund_allowed DECIMAL(12,2) NULL;
ALTER TABLE bookings ALTER COLUMN refund_due DECIMAL(12,2) NULL;
ALTER TABLE bookings ADD CONSTRAINT ck_bookings_total CHECK (total >= 0);
CREATE INDEX ix_bookings_event ON bookings (event_id, status, id) INCLUDE (user_id, quantity, total);

ALTER TABLE ticket_types DROP CONSTRAINT ck_ticket_types_price;
ALTER TABLE ticket_types ALTER COLUMN price DECIMAL(12,2) NOT NULL;
ALTER TABLE ticket_types ADD CONSTRAINT ck_ticket_types_price CHECK (price >= 0);

DROP INDEX ix_events_start ON events;
DROP INDEX ix_events_price ON events;
ALTER TABLE events ALTER COLUMN price_from DECIMAL(12,2) NOT NULL;
CREATE INDEX ix_events_start ON events (status, starts_at, id)
    INCLUDE (title, venue_id, category_id, organizer_id, price_from);
CREATE INDEX ix_events_price ON events (status, price_from, id);
