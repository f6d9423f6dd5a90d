DROP INDEX ix_outbox_settled;
ALTER TABLE outbox
DROP COLUMN emptied_at;
DROP INDEX ix_login_attempts_window;
DROP INDEX ix_sessions_expires;
