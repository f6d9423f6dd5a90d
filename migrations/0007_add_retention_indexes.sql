-- What housekeeping seeks by, and when it emptied a mail.
-- depends: 0006_add_lease_token

CREATE INDEX ix_sessions_expires ON sessions (expires_at);
CREATE INDEX ix_login_attempts_window ON login_attempts (window_ends_at);

-- A mail loses its words before its row: the row's key says that it was sent.
ALTER TABLE outbox ADD emptied_at DATETIME2(3) NULL;

CREATE INDEX ix_outbox_settled ON outbox (created_at, id) WHERE state IN ('SENT', 'DEAD') AND emptied_at IS NULL;
