DROP INDEX ix_outbox_settled ON outbox;
ALTER TABLE outbox DROP COLUMN emptied_at;
DROP INDEX ix_login_attempts_window ON login_attempts;
DROP INDEX ix_sessions_expires ON sessions;
