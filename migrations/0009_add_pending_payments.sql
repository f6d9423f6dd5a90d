-- Payments that wait for their buyer, and the gateway's notices of what became of payments.
-- depends: 0008_create_announcements

-- What the buyer must do, as JSON if BMS knows it, until when, and when the gateway is asked about it next: a payment
-- waits while that is set.
ALTER TABLE payments ADD next_action NVARCHAR(MAX) NULL;
ALTER TABLE payments ADD pending_until DATETIME2(3) NULL;
ALTER TABLE payments ADD ask_at DATETIME2(3) NULL;
-- The deadline that the hold had before the payment made it later.
ALTER TABLE payments ADD held_until DATETIME2(3) NULL;

ALTER TABLE payments ADD CONSTRAINT ck_payments_pending
    CHECK ((ask_at IS NULL AND next_action IS NULL)
           OR (ask_at IS NOT NULL AND status = 'PROCESSING' AND pending_until IS NOT NULL
               AND held_until IS NOT NULL));

-- RETURNED: it had failed, and then the gateway took the money after all. All of it is being given back.
ALTER TABLE payments DROP CONSTRAINT ck_payments_status;
ALTER TABLE payments ADD CONSTRAINT ck_payments_status
    CHECK (status IN ('PROCESSING', 'SUCCEEDED', 'FAILED', 'PARTIALLY_REFUNDED', 'REFUNDED', 'RETURNED'));

DROP INDEX ix_payments_processing ON payments;
CREATE INDEX ix_payments_processing ON payments (id) INCLUDE (created_at, pending_until) WHERE status = 'PROCESSING';
CREATE INDEX ix_payments_asking ON payments (ask_at, id) WHERE ask_at IS NOT NULL;

-- The key is a hash of the gateway's id, since databases differ on whether two ids that differ only in case are
-- equal. No foreign key: checking one would lock the payment, out of the order of locks.
CREATE TABLE gateway_notices (
    notice_key  NVARCHAR(64)  NOT NULL,
    notice_id   NVARCHAR(190) NOT NULL,
    reference   NVARCHAR(190) NOT NULL,
    outcome     NVARCHAR(16)  NOT NULL,
    received_at DATETIME2(3)  NOT NULL CONSTRAINT df_gateway_notices_received_at DEFAULT SYSUTCDATETIME(),
    CONSTRAINT pk_gateway_notices PRIMARY KEY (notice_key)
);

CREATE INDEX ix_gateway_notices_received ON gateway_notices (received_at);
