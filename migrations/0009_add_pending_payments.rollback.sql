DROP TABLE gateway_notices;

DROP INDEX ix_payments_asking ON payments;
DROP INDEX ix_payments_processing ON payments;
CREATE INDEX ix_payments_processing ON payments (id) INCLUDE (created_at) WHERE status = 'PROCESSING';

-- Its refund is claimed and will be sent.
UPDATE payments SET status = 'REFUNDED' WHERE status = 'RETURNED';
ALTER TABLE payments DROP CONSTRAINT ck_payments_status;
ALTER TABLE payments ADD CONSTRAINT ck_payments_status
    CHECK (status IN ('PROCESSING', 'SUCCEEDED', 'FAILED', 'PARTIALLY_REFUNDED', 'REFUNDED'));

ALTER TABLE payments DROP CONSTRAINT ck_payments_pending;
ALTER TABLE payments DROP COLUMN held_until;
ALTER TABLE payments DROP COLUMN ask_at;
ALTER TABLE payments DROP COLUMN pending_until;
ALTER TABLE payments DROP COLUMN next_action;
