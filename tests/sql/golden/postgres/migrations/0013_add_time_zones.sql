ALTER TABLE venues
ADD COLUMN timezone varchar(64) NOT NULL DEFAULT 'UTC';
ALTER TABLE events
ADD COLUMN timezone varchar(64) NOT NULL DEFAULT 'UTC';
ALTER TABLE events
ADD COLUMN local_date date NULL;
UPDATE events SET local_date = CAST(starts_at AS date);
CREATE INDEX ix_events_sales_start ON events(sales_start NULLS FIRST)
WHERE
  sales_start IS NOT NULL;
ALTER TABLE reviews
ADD COLUMN removed_at timestamp(3) NULL;
CREATE TABLE review_reports (
  review_id bigint NOT NULL,
  user_id bigint NOT NULL,
  reason varchar(500) NULL,
  created_at timestamp(3) NOT NULL DEFAULT CAST(timezone('utc', statement_timestamp()) AS timestamp(3)),
  CONSTRAINT pk_review_reports PRIMARY KEY (review_id, user_id),
  CONSTRAINT fk_review_reports_review FOREIGN KEY (review_id) REFERENCES reviews (
    id
  ) ON DELETE CASCADE,
  CONSTRAINT fk_review_reports_user FOREIGN KEY (user_id) REFERENCES users (
    id
  )
);
