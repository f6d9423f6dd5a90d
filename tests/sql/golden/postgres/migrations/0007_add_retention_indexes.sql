CREATE INDEX ix_sessions_expires ON sessions(expires_at NULLS FIRST);
CREATE INDEX ix_login_attempts_window ON login_attempts(window_ends_at NULLS FIRST);
ALTER TABLE outbox
ADD COLUMN emptied_at timestamp(3) NULL;
CREATE INDEX ix_outbox_settled ON outbox(created_at NULLS FIRST, id)
WHERE
  state IN ('SENT', 'DEAD') AND emptied_at IS NULL;
