-- What happened, one row per domain event, and who fans the rows out. A mail names the row that it follows from.
-- depends: 0007_add_retention_indexes

-- No foreign key: checking one would lock the subject, out of the order of locks.
CREATE TABLE announcements (
    id           BIGINT IDENTITY(1,1) NOT NULL,
    kind         NVARCHAR(48)   NOT NULL,
    subject      NVARCHAR(32)   NOT NULL,
    subject_id   BIGINT         NOT NULL,
    payload      NVARCHAR(MAX)  NOT NULL,
    request_id   NVARCHAR(64)   NULL,
    created_at   DATETIME2(3)   NOT NULL CONSTRAINT df_announcements_created_at DEFAULT SYSUTCDATETIME(),
    state        NVARCHAR(16)   NOT NULL,
    attempts     INT            NOT NULL CONSTRAINT df_announcements_attempts DEFAULT 0,
    available_at DATETIME2(3)   NOT NULL CONSTRAINT df_announcements_available_at DEFAULT SYSUTCDATETIME(),
    -- The last user told, where many are told in several transactions.
    told_up_to   BIGINT         NOT NULL CONSTRAINT df_announcements_told_up_to DEFAULT 0,
    last_error   NVARCHAR(500)  NULL,
    CONSTRAINT pk_announcements PRIMARY KEY (id),
    CONSTRAINT ck_announcements_state CHECK (state IN ('NEW', 'DONE', 'DEAD'))
);

CREATE INDEX ix_announcements_new ON announcements (id) INCLUDE (available_at, subject, subject_id)
    WHERE state = 'NEW';
CREATE INDEX ix_announcements_waiting ON announcements (subject, subject_id) WHERE state = 'NEW';
CREATE INDEX ix_announcements_done ON announcements (created_at) WHERE state = 'DONE';

-- One holder at a time, until a time. A row per kind of work that has one leader.
CREATE TABLE leases (
    name         NVARCHAR(32)   NOT NULL,
    holder       NVARCHAR(32)   NULL,
    leased_until DATETIME2(3)   NOT NULL CONSTRAINT df_leases_leased_until DEFAULT SYSUTCDATETIME(),
    CONSTRAINT pk_leases PRIMARY KEY (name)
);

INSERT INTO leases (name) VALUES ('fan_out');

-- 0 for the mails from before there were announcements.
ALTER TABLE outbox ADD announcement_id BIGINT NOT NULL CONSTRAINT df_outbox_announcement_id DEFAULT 0;
ALTER TABLE outbox ADD locale NVARCHAR(16) NOT NULL CONSTRAINT df_outbox_locale DEFAULT 'en';
