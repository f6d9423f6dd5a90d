CREATE TABLE booking_links (
  token_hash varchar(64) NOT NULL,
  reference varchar(16) NOT NULL,
  mailed_to varchar(64) NOT NULL,
  created_at timestamp(3) NOT NULL DEFAULT CAST(timezone('utc', statement_timestamp()) AS timestamp(3)),
  expires_at timestamp(3) NOT NULL,
  CONSTRAINT pk_booking_links PRIMARY KEY (token_hash)
);
CREATE INDEX ix_booking_links_expires ON booking_links(expires_at NULLS FIRST);
ALTER TABLE bookings
ADD COLUMN links_ended_at timestamp(3) NULL;
ALTER TABLE bookings
ADD COLUMN contact_proved_at timestamp(3) NULL;
CREATE INDEX ix_sessions_booking ON sessions(booking_id NULLS FIRST)
WHERE
  booking_id IS NOT NULL;
ALTER TABLE single_use_tokens
DROP CONSTRAINT ck_single_use_tokens_purpose;
ALTER TABLE single_use_tokens
ADD CONSTRAINT ck_single_use_tokens_purpose CHECK (purpose IN ('ADDRESS', 'PASSWORD', 'CONTACT'));
