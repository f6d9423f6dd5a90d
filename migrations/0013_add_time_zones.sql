-- The time zone of a venue and of an event, the local day of an event, and what is done about reviews.
-- depends: 0012_add_limits

-- A name of the IANA database. Whatever was stored before is in UTC, and stays there.
ALTER TABLE venues ADD timezone NVARCHAR(64) NOT NULL CONSTRAINT df_venues_timezone DEFAULT 'UTC';
ALTER TABLE events ADD timezone NVARCHAR(64) NOT NULL CONSTRAINT df_events_timezone DEFAULT 'UTC';
-- The day on which an event begins in its own zone. Commands keep it, as databases differ in the names of zones. NULL
-- in rows that a process of the release before writes: these are in UTC.
ALTER TABLE events ADD local_date DATE NULL;
UPDATE events SET local_date = CAST(starts_at AS DATE);

-- When the next sale begins: until then, a list of what is on sale can be kept.
CREATE INDEX ix_events_sales_start ON events (sales_start) WHERE sales_start IS NOT NULL;

-- An admin took it down: it is neither shown nor counted, and its writer cannot post another.
ALTER TABLE reviews ADD removed_at DATETIME2(3) NULL;

CREATE TABLE review_reports (
    review_id  BIGINT        NOT NULL,
    user_id    BIGINT        NOT NULL,
    reason     NVARCHAR(500) NULL,
    created_at DATETIME2(3)  NOT NULL CONSTRAINT df_review_reports_created_at DEFAULT SYSUTCDATETIME(),
    CONSTRAINT pk_review_reports PRIMARY KEY (review_id, user_id),
    CONSTRAINT fk_review_reports_review FOREIGN KEY (review_id) REFERENCES reviews (id) ON DELETE CASCADE,
    CONSTRAINT fk_review_reports_user FOREIGN KEY (user_id) REFERENCES users (id)
);
