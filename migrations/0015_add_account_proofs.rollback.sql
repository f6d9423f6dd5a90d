ALTER TABLE sessions DROP COLUMN network;
ALTER TABLE sessions DROP COLUMN rotated_at;
ALTER TABLE sessions DROP COLUMN previous_hash;
DROP TABLE recovery_codes;
DROP TABLE second_factors;
DROP TABLE single_use_tokens;
DROP INDEX ix_users_unconfirmed ON users;
ALTER TABLE users DROP COLUMN second_factor_at;
ALTER TABLE users DROP COLUMN email_confirmed_at;
