-- Guests, who buy without an account, and sessions that see one booking alone.
-- depends: 0015_add_account_proofs

-- A guest has no address and a password that nobody knows. What they booked has their name and address.
ALTER TABLE users ADD is_guest BIT NOT NULL CONSTRAINT df_users_is_guest DEFAULT 0;

-- NULL: the session may do all that its user may. No foreign key: checking one would lock the booking, out of the
-- order of locks.
ALTER TABLE sessions ADD booking_id BIGINT NULL;
