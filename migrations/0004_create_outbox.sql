-- What a change announces, which request it answered, and who did what.
-- depends: 0003_create_bookings

CREATE TABLE outbox (
    id           BIGINT IDENTITY(1,1) NOT NULL,
    kind         NVARCHAR(32)   NOT NULL,
    recipient    NVARCHAR(254)  NOT NULL,
    payload      NVARCHAR(MAX)  NOT NULL,
    dedupe_key   NVARCHAR(100)  NOT NULL,
    state        NVARCHAR(16)   NOT NULL CONSTRAINT df_outbox_state DEFAULT 'PENDING',
    attempts     INT            NOT NULL CONSTRAINT df_outbox_attempts DEFAULT 0,
    available_at DATETIME2(3)   NOT NULL CONSTRAINT df_outbox_available_at DEFAULT SYSUTCDATETIME(),
    leased_until DATETIME2(3)   NULL,
    lease_token  NVARCHAR(32)   NULL,
    last_error   NVARCHAR(500)  NULL,
    -- How often it went out although its lease had run out and another had taken it.
    repeats      INT            NOT NULL CONSTRAINT df_outbox_repeats DEFAULT 0,
    created_at   DATETIME2(3)   NOT NULL CONSTRAINT df_outbox_created_at DEFAULT SYSUTCDATETIME(),
    sent_at      DATETIME2(3)   NULL,
    CONSTRAINT pk_outbox PRIMARY KEY (id),
    CONSTRAINT uq_outbox_dedupe_key UNIQUE (dedupe_key),
    CONSTRAINT ck_outbox_state CHECK (state IN ('PENDING', 'SENT', 'DEAD'))
);

CREATE INDEX ix_outbox_unsent ON outbox (available_at, id) INCLUDE (leased_until) WHERE state = 'PENDING';
CREATE INDEX ix_outbox_dead ON outbox (id) WHERE state = 'DEAD';

CREATE TABLE idempotency_keys (
    user_id     BIGINT         NOT NULL,
    -- A hash of the header's value.
    idempotency_key NVARCHAR(64)   NOT NULL,
    fingerprint NVARCHAR(64)   NOT NULL,
    -- The first answer; NULL while the first request is still running.
    status      INT            NULL,
    body        NVARCHAR(MAX)  NULL,
    -- Whose outcome is the answer, where that is not known when the request's transaction ends.
    payment_id  BIGINT         NULL,
    refund_id   BIGINT         NULL,
    created_at  DATETIME2(3)   NOT NULL CONSTRAINT df_idempotency_keys_created_at DEFAULT SYSUTCDATETIME(),
    CONSTRAINT pk_idempotency_keys PRIMARY KEY (user_id, idempotency_key),
    CONSTRAINT fk_idempotency_keys_user FOREIGN KEY (user_id) REFERENCES users (id),
    CONSTRAINT fk_idempotency_keys_payment FOREIGN KEY (payment_id) REFERENCES payments (id),
    CONSTRAINT fk_idempotency_keys_refund FOREIGN KEY (refund_id) REFERENCES refunds (id)
);

CREATE INDEX ix_idempotency_keys_payment ON idempotency_keys (payment_id) WHERE payment_id IS NOT NULL;
CREATE INDEX ix_idempotency_keys_refund ON idempotency_keys (refund_id) WHERE refund_id IS NOT NULL;
CREATE INDEX ix_idempotency_keys_created ON idempotency_keys (created_at);

CREATE TABLE audit_log (
    id         BIGINT IDENTITY(1,1) NOT NULL,
    user_id    BIGINT         NULL,
    action     NVARCHAR(64)   NOT NULL,
    subject    NVARCHAR(32)   NOT NULL,
    subject_id BIGINT         NOT NULL,
    request_id NVARCHAR(64)   NULL,
    details    NVARCHAR(2000) NULL,
    created_at DATETIME2(3)   NOT NULL CONSTRAINT df_audit_log_created_at DEFAULT SYSUTCDATETIME(),
    CONSTRAINT pk_audit_log PRIMARY KEY (id)
);

CREATE INDEX ix_audit_log_subject ON audit_log (subject, subject_id, id);
