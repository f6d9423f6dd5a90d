DROP TABLE refusals;
DROP TABLE rate_counters;
DROP INDEX ix_bookings_expired_user ON bookings;
DROP INDEX ix_bookings_unpaid_address ON bookings;
DROP INDEX ix_bookings_unpaid_user ON bookings;
ALTER TABLE bookings DROP COLUMN expired_at;
ALTER TABLE bookings DROP COLUMN address;
