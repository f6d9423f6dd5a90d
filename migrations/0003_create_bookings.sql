-- Bookings, their tickets and their payments.
-- depends: 0002_create_events

CREATE TABLE bookings (
    id              BIGINT IDENTITY(1,1) NOT NULL,
    reference       NVARCHAR(16)  NOT NULL,
    user_id         BIGINT        NOT NULL,
    event_id        BIGINT        NOT NULL,
    status          NVARCHAR(16)  NOT NULL,
    quantity        INT           NOT NULL,
    total           DECIMAL(12,2) NOT NULL,
    currency        NVARCHAR(3)   NOT NULL,
    hold_expires_at DATETIME2(3)  NULL,
    confirmed_at    DATETIME2(3)  NULL,
    cancelled_at    DATETIME2(3)  NULL,
    cancel_reason   NVARCHAR(200) NULL,
    -- When it was cancelled: what the refund rule allowed in all, and what of it was then owed.
    refund_allowed  DECIMAL(12,2) NULL,
    refund_due      DECIMAL(12,2) NULL,
    created_at      DATETIME2(3)  NOT NULL CONSTRAINT df_bookings_created_at DEFAULT SYSUTCDATETIME(),
    CONSTRAINT pk_bookings PRIMARY KEY (id),
    CONSTRAINT uq_bookings_reference UNIQUE (reference),
    CONSTRAINT fk_bookings_user FOREIGN KEY (user_id) REFERENCES users (id),
    CONSTRAINT fk_bookings_event FOREIGN KEY (event_id) REFERENCES events (id),
    CONSTRAINT ck_bookings_quantity CHECK (quantity > 0),
    CONSTRAINT ck_bookings_total CHECK (total >= 0),
    CONSTRAINT ck_bookings_status CHECK (status IN ('PENDING', 'CONFIRMED', 'CANCELLED', 'EXPIRED'))
);

CREATE INDEX ix_bookings_user ON bookings (user_id, id);
CREATE INDEX ix_bookings_event ON bookings (event_id, status, id) INCLUDE (user_id, quantity, total);
CREATE INDEX ix_bookings_hold_expiry ON bookings (hold_expires_at, id) WHERE status = 'PENDING';

CREATE TABLE booking_lines (
    booking_id     BIGINT        NOT NULL,
    ticket_type_id BIGINT        NOT NULL,
    quantity       INT           NOT NULL,
    unit_price     DECIMAL(12,2) NOT NULL,
    CONSTRAINT pk_booking_lines PRIMARY KEY (booking_id, ticket_type_id),
    CONSTRAINT fk_booking_lines_booking FOREIGN KEY (booking_id) REFERENCES bookings (id),
    CONSTRAINT fk_booking_lines_ticket_type FOREIGN KEY (ticket_type_id) REFERENCES ticket_types (id),
    CONSTRAINT ck_booking_lines_quantity CHECK (quantity > 0)
);

CREATE INDEX ix_booking_lines_ticket_type ON booking_lines (ticket_type_id) INCLUDE (quantity);

CREATE TABLE tickets (
    id             BIGINT IDENTITY(1,1) NOT NULL,
    booking_id     BIGINT       NOT NULL,
    event_id       BIGINT       NOT NULL,
    ticket_type_id BIGINT       NOT NULL,
    seat           NVARCHAR(32) NULL,
    code           NVARCHAR(32) NOT NULL,
    status         NVARCHAR(16) NOT NULL,
    checked_in_at  DATETIME2(3) NULL,
    checked_in_by  BIGINT       NULL,
    created_at     DATETIME2(3) NOT NULL CONSTRAINT df_tickets_created_at DEFAULT SYSUTCDATETIME(),
    CONSTRAINT pk_tickets PRIMARY KEY (id),
    CONSTRAINT uq_tickets_code UNIQUE (code),
    CONSTRAINT fk_tickets_booking FOREIGN KEY (booking_id) REFERENCES bookings (id),
    CONSTRAINT fk_tickets_event FOREIGN KEY (event_id) REFERENCES events (id),
    CONSTRAINT fk_tickets_ticket_type FOREIGN KEY (ticket_type_id) REFERENCES ticket_types (id),
    CONSTRAINT fk_tickets_checked_in_by FOREIGN KEY (checked_in_by) REFERENCES users (id),
    CONSTRAINT ck_tickets_status CHECK (status IN ('VALID', 'CANCELLED'))
);

CREATE INDEX ix_tickets_booking ON tickets (booking_id, id);
CREATE INDEX ix_tickets_event ON tickets (event_id, id);
CREATE INDEX ix_tickets_ticket_type ON tickets (ticket_type_id);
CREATE UNIQUE INDEX ux_tickets_live_seat ON tickets (event_id, seat) WHERE status = 'VALID' AND seat IS NOT NULL;

CREATE TABLE payments (
    id                BIGINT IDENTITY(1,1) NOT NULL,
    reference         NVARCHAR(32)  NOT NULL,
    booking_id        BIGINT        NOT NULL,
    user_id           BIGINT        NOT NULL,
    amount            DECIMAL(12,2) NOT NULL,
    currency          NVARCHAR(3)   NOT NULL,
    method            NVARCHAR(16)  NOT NULL,
    status            NVARCHAR(24)  NOT NULL,
    gateway_reference NVARCHAR(64)  NULL,
    card_brand        NVARCHAR(16)  NULL,
    card_last4        NVARCHAR(4)   NULL,
    failure_code      NVARCHAR(32)  NULL,
    -- What its refunds, whatever their state, lay claim to, and what of it has been given back.
    refund_claimed    DECIMAL(12,2) NOT NULL CONSTRAINT df_payments_refund_claimed DEFAULT 0,
    refunded          DECIMAL(12,2) NOT NULL CONSTRAINT df_payments_refunded DEFAULT 0,
    created_at        DATETIME2(3)  NOT NULL CONSTRAINT df_payments_created_at DEFAULT SYSUTCDATETIME(),
    settled_at        DATETIME2(3)  NULL,
    CONSTRAINT pk_payments PRIMARY KEY (id),
    CONSTRAINT uq_payments_reference UNIQUE (reference),
    CONSTRAINT fk_payments_booking FOREIGN KEY (booking_id) REFERENCES bookings (id),
    CONSTRAINT fk_payments_user FOREIGN KEY (user_id) REFERENCES users (id),
    CONSTRAINT ck_payments_amount CHECK (amount > 0),
    CONSTRAINT ck_payments_refunded
        CHECK (refunded >= 0 AND refunded <= refund_claimed AND refund_claimed <= amount),
    CONSTRAINT ck_payments_status
        CHECK (status IN ('PROCESSING', 'SUCCEEDED', 'FAILED', 'PARTIALLY_REFUNDED', 'REFUNDED'))
);

CREATE UNIQUE INDEX ux_payments_live ON payments (booking_id)
    WHERE status IN ('PROCESSING', 'SUCCEEDED', 'PARTIALLY_REFUNDED');
CREATE INDEX ix_payments_user ON payments (user_id, id);
CREATE INDEX ix_payments_booking ON payments (booking_id, id);
CREATE INDEX ix_payments_processing ON payments (id) INCLUDE (created_at) WHERE status = 'PROCESSING';

CREATE TABLE refunds (
    id                BIGINT IDENTITY(1,1) NOT NULL,
    reference         NVARCHAR(32)  NOT NULL,
    payment_id        BIGINT        NOT NULL,
    amount            DECIMAL(12,2) NOT NULL,
    currency          NVARCHAR(3)   NOT NULL,
    reason            NVARCHAR(200) NOT NULL,
    status            NVARCHAR(16)  NOT NULL,
    gateway_reference NVARCHAR(64)  NULL,
    failure_code      NVARCHAR(32)  NULL,
    requested_by      BIGINT        NULL,
    attempts          INT           NOT NULL CONSTRAINT df_refunds_attempts DEFAULT 0,
    retry_at          DATETIME2(3)  NOT NULL CONSTRAINT df_refunds_retry_at DEFAULT SYSUTCDATETIME(),
    created_at        DATETIME2(3)  NOT NULL CONSTRAINT df_refunds_created_at DEFAULT SYSUTCDATETIME(),
    settled_at        DATETIME2(3)  NULL,
    CONSTRAINT pk_refunds PRIMARY KEY (id),
    CONSTRAINT uq_refunds_reference UNIQUE (reference),
    CONSTRAINT fk_refunds_payment FOREIGN KEY (payment_id) REFERENCES payments (id),
    CONSTRAINT ck_refunds_amount CHECK (amount > 0),
    CONSTRAINT ck_refunds_status CHECK (status IN ('PENDING', 'SUCCEEDED', 'FAILED'))
);

CREATE INDEX ix_refunds_payment ON refunds (payment_id, id) INCLUDE (amount, status);
CREATE INDEX ix_refunds_unsettled ON refunds (retry_at, id) WHERE status IN ('PENDING', 'FAILED');
