-- What an account can prove: its address, by a link in a mail, and a second factor. Sessions whose refresh token may be
-- sent twice, and that know their network.
-- depends: 0012_add_limits

-- NULL: nobody has opened the link that was sent there. The accounts from before there were links keep their address.
ALTER TABLE users ADD email_confirmed_at DATETIME2(3) NULL;
UPDATE users SET email_confirmed_at = created_at WHERE email_folded IS NOT NULL;

-- Since when a login needs a second factor.
ALTER TABLE users ADD second_factor_at DATETIME2(3) NULL;

CREATE INDEX ix_users_unconfirmed ON users (created_at)
    WHERE email_folded IS NOT NULL AND email_confirmed_at IS NULL;

-- A token in a link works once. The table has its hash; the token itself is in the mail alone.
CREATE TABLE single_use_tokens (
    token_hash NVARCHAR(64)   NOT NULL,
    user_id    BIGINT         NOT NULL,
    purpose    NVARCHAR(16)   NOT NULL,
    payload    NVARCHAR(MAX)  NOT NULL,
    expires_at DATETIME2(3)   NOT NULL,
    used_at    DATETIME2(3)   NULL,
    created_at DATETIME2(3)   NOT NULL CONSTRAINT df_single_use_tokens_created_at DEFAULT SYSUTCDATETIME(),
    CONSTRAINT pk_single_use_tokens PRIMARY KEY (token_hash),
    CONSTRAINT fk_single_use_tokens_user FOREIGN KEY (user_id) REFERENCES users (id),
    CONSTRAINT ck_single_use_tokens_purpose CHECK (purpose IN ('ADDRESS', 'PASSWORD'))
);

CREATE INDEX ix_single_use_tokens_user ON single_use_tokens (user_id) WHERE used_at IS NULL;
CREATE INDEX ix_single_use_tokens_expires ON single_use_tokens (expires_at);

-- The secret is computed from the seed and the service's own secret, so that this table alone makes no code.
CREATE TABLE second_factors (
    user_id    BIGINT        NOT NULL,
    seed       NVARCHAR(64)  NOT NULL,
    -- NULL: shown to its user, who has not shown a code of it yet.
    enrolled_at DATETIME2(3) NULL,
    -- The time step of the last code that was used. It and those before it are refused.
    last_step  BIGINT        NOT NULL CONSTRAINT df_second_factors_last_step DEFAULT 0,
    created_at DATETIME2(3)  NOT NULL CONSTRAINT df_second_factors_created_at DEFAULT SYSUTCDATETIME(),
    CONSTRAINT pk_second_factors PRIMARY KEY (user_id),
    CONSTRAINT fk_second_factors_user FOREIGN KEY (user_id) REFERENCES users (id)
);

CREATE TABLE recovery_codes (
    code_hash NVARCHAR(64) NOT NULL,
    user_id   BIGINT       NOT NULL,
    used_at   DATETIME2(3) NULL,
    CONSTRAINT pk_recovery_codes PRIMARY KEY (code_hash),
    CONSTRAINT fk_recovery_codes_user FOREIGN KEY (user_id) REFERENCES users (id)
);

CREATE INDEX ix_recovery_codes_user ON recovery_codes (user_id);

-- The hash that refresh_hash had before, and when it was replaced.
ALTER TABLE sessions ADD previous_hash NVARCHAR(64) NULL;
ALTER TABLE sessions ADD rotated_at DATETIME2(3) NULL;
-- An IPv4 address or an IPv6 network of 64 bits. NULL for this machine, and for the sessions from before.
ALTER TABLE sessions ADD network NVARCHAR(64) NULL;
