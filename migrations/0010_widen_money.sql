-- Amounts of money have three decimals, as some currencies do. A line of a booking has its list price.
-- depends: 0009_add_pending_payments

-- SQL Server changes no column that a CHECK or an index uses: they are dropped and made again.
DROP INDEX ix_events_start ON events;
DROP INDEX ix_events_price ON events;
ALTER TABLE events ALTER COLUMN price_from DECIMAL(15,3) NOT NULL;
CREATE INDEX ix_events_start ON events (status, starts_at, id)
    INCLUDE (title, venue_id, category_id, organizer_id, price_from);
CREATE INDEX ix_events_price ON events (status, price_from, id);

ALTER TABLE ticket_types DROP CONSTRAINT ck_ticket_types_price;
ALTER TABLE ticket_types ALTER COLUMN price DECIMAL(15,3) NOT NULL;
ALTER TABLE ticket_types ADD CONSTRAINT ck_ticket_types_price CHECK (price >= 0);

DROP INDEX ix_bookings_event ON bookings;
ALTER TABLE bookings DROP CONSTRAINT ck_bookings_total;
ALTER TABLE bookings ALTER COLUMN total DECIMAL(15,3) NOT NULL;
ALTER TABLE bookings ALTER COLUMN refund_allowed DECIMAL(15,3) NULL;
ALTER TABLE bookings ALTER COLUMN refund_due DECIMAL(15,3) NULL;
ALTER TABLE bookings ADD CONSTRAINT ck_bookings_total CHECK (total >= 0);
CREATE INDEX ix_bookings_event ON bookings (event_id, status, id) INCLUDE (user_id, quantity, total);

ALTER TABLE booking_lines ALTER COLUMN unit_price DECIMAL(15,3) NOT NULL;
-- unit_price is what was paid. The default serves processes of the release before, until they are stopped.
ALTER TABLE booking_lines ADD list_price DECIMAL(15,3) NOT NULL CONSTRAINT df_booking_lines_list_price DEFAULT 0;
UPDATE booking_lines SET list_price = unit_price;
ALTER TABLE booking_lines ADD CONSTRAINT ck_booking_lines_list_price CHECK (list_price >= 0);

ALTER TABLE payments DROP CONSTRAINT ck_payments_amount;
ALTER TABLE payments DROP CONSTRAINT ck_payments_refunded;
ALTER TABLE payments ALTER COLUMN amount DECIMAL(15,3) NOT NULL;
ALTER TABLE payments ALTER COLUMN refund_claimed DECIMAL(15,3) NOT NULL;
ALTER TABLE payments ALTER COLUMN refunded DECIMAL(15,3) NOT NULL;
ALTER TABLE payments ADD CONSTRAINT ck_payments_amount CHECK (amount > 0);
ALTER TABLE payments ADD CONSTRAINT ck_payments_refunded
    CHECK (refunded >= 0 AND refunded <= refund_claimed AND refund_claimed <= amount);

DROP INDEX ix_refunds_payment ON refunds;
ALTER TABLE refunds DROP CONSTRAINT ck_refunds_amount;
ALTER TABLE refunds ALTER COLUMN amount DECIMAL(15,3) NOT NULL;
ALTER TABLE refunds ADD CONSTRAINT ck_refunds_amount CHECK (amount > 0);
CREATE INDEX ix_refunds_payment ON refunds (payment_id, id) INCLUDE (amount, status);
