DELETE FROM single_use_tokens
WHERE
  purpose = 'CONTACT';
ALTER TABLE single_use_tokens
DROP CONSTRAINT ck_single_use_tokens_purpose;
ALTER TABLE single_use_tokens
ADD CONSTRAINT ck_single_use_tokens_purpose CHECK (purpose IN ('ADDRESS', 'PASSWORD'));
DROP INDEX ix_sessions_booking;
ALTER TABLE bookings
DROP COLUMN contact_proved_at;
ALTER TABLE bookings
DROP COLUMN links_ended_at;
DROP TABLE booking_links;
