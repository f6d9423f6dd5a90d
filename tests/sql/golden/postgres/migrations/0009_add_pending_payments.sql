ALTER TABLE payments
ADD COLUMN next_action text NULL;
ALTER TABLE payments
ADD COLUMN pending_until timestamp(3) NULL;
ALTER TABLE payments
ADD COLUMN ask_at timestamp(3) NULL;
ALTER TABLE payments
ADD COLUMN held_until timestamp(3) NULL;
ALTER TABLE payments
  ADD CONSTRAINT ck_payments_pending CHECK ((
    ask_at IS NULL AND next_action IS NULL
  )
  OR (
    ask_at IS NOT NULL AND status = 'PROCESSING' AND pending_until IS NOT NULL AND held_until IS NOT NULL
  ));
ALTER TABLE payments
DROP CONSTRAINT ck_payments_status;
ALTER TABLE payments
  ADD CONSTRAINT ck_payments_status CHECK (status IN ('PROCESSING', 'SUCCEEDED', 'FAILED', 'PARTIALLY_REFUNDED', 'REFUNDED', 'RETURNED'));
DROP INDEX ix_payments_processing;
CREATE INDEX ix_payments_processing ON payments(id) INCLUDE (created_at, pending_until)
WHERE
  status = 'PROCESSING';
CREATE INDEX ix_payments_asking ON payments(ask_at NULLS FIRST, id)
WHERE
  ask_at IS NOT NULL;
CREATE TABLE gateway_notices (
  notice_key varchar(64) NOT NULL,
  notice_id varchar(190) NOT NULL,
  reference varchar(190) NOT NULL,
  outcome varchar(16) NOT NULL,
  received_at timestamp(3) NOT NULL DEFAULT CAST(timezone('utc', statement_timestamp()) AS timestamp(3)),
  CONSTRAINT pk_gateway_notices PRIMARY KEY (notice_key)
);
CREATE INDEX ix_gateway_notices_received ON gateway_notices(received_at NULLS FIRST);
