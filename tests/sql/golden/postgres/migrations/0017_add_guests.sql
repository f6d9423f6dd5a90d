ALTER TABLE users
  ADD COLUMN is_guest smallint NOT NULL DEFAULT 0 CONSTRAINT ck_users_is_guest_is_bit CHECK (is_guest IN (0, 1));
ALTER TABLE sessions
ADD COLUMN booking_id bigint NULL;
