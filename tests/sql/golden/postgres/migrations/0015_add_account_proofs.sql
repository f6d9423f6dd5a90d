ALTER TABLE users
ADD COLUMN email_confirmed_at timestamp(3) NULL;
UPDATE users SET email_confirmed_at = created_at
WHERE
  email_folded IS NOT NULL;
ALTER TABLE users
ADD COLUMN second_factor_at timestamp(3) NULL;
CREATE INDEX ix_users_unconfirmed ON users(created_at NULLS FIRST)
WHERE
  email_folded IS NOT NULL AND email_confirmed_at IS NULL;
CREATE TABLE single_use_tokens (
  token_hash varchar(64) NOT NULL,
  user_id bigint NOT NULL,
  purpose varchar(16) NOT NULL,
  payload text NOT NULL,
  expires_at timestamp(3) NOT NULL,
  used_at timestamp(3) NULL,
  created_at timestamp(3) NOT NULL DEFAULT CAST(timezone('utc', statement_timestamp()) AS timestamp(3)),
  CONSTRAINT pk_single_use_tokens PRIMARY KEY (token_hash),
  CONSTRAINT fk_single_use_tokens_user FOREIGN KEY (user_id) REFERENCES users (
    id
  ),
  CONSTRAINT ck_single_use_tokens_purpose CHECK (purpose IN ('ADDRESS', 'PASSWORD'))
);
CREATE INDEX ix_single_use_tokens_user ON single_use_tokens(user_id NULLS FIRST)
WHERE
  used_at IS NULL;
CREATE INDEX ix_single_use_tokens_expires ON single_use_tokens(expires_at NULLS FIRST);
CREATE TABLE second_factors (
  user_id bigint NOT NULL,
  seed varchar(64) NOT NULL,
  enrolled_at timestamp(3) NULL,
  last_step bigint NOT NULL DEFAULT 0,
  created_at timestamp(3) NOT NULL DEFAULT CAST(timezone('utc', statement_timestamp()) AS timestamp(3)),
  CONSTRAINT pk_second_factors PRIMARY KEY (user_id),
  CONSTRAINT fk_second_factors_user FOREIGN KEY (user_id) REFERENCES users (
    id
  )
);
CREATE TABLE recovery_codes (
  code_hash varchar(64) NOT NULL,
  user_id bigint NOT NULL,
  used_at timestamp(3) NULL,
  CONSTRAINT pk_recovery_codes PRIMARY KEY (code_hash),
  CONSTRAINT fk_recovery_codes_user FOREIGN KEY (user_id) REFERENCES users (
    id
  )
);
CREATE INDEX ix_recovery_codes_user ON recovery_codes(user_id NULLS FIRST);
ALTER TABLE sessions
ADD COLUMN previous_hash varchar(64) NULL;
ALTER TABLE sessions
ADD COLUMN rotated_at timestamp(3) NULL;
ALTER TABLE sessions
ADD COLUMN network varchar(64) NULL;
