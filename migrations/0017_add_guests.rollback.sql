ALTER TABLE sessions DROP COLUMN booking_id;
ALTER TABLE users DROP CONSTRAINT df_users_is_guest;
ALTER TABLE users DROP COLUMN is_guest;
