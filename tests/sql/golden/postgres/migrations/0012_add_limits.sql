ALTER TABLE bookings
ADD COLUMN address varchar(64) NULL;
ALTER TABLE bookings
ADD COLUMN expired_at timestamp(3) NULL;
CREATE INDEX ix_bookings_unpaid_user ON bookings(user_id NULLS FIRST, event_id NULLS FIRST) INCLUDE (quantity)
WHERE
  status = 'PENDING';
CREATE INDEX ix_bookings_unpaid_address ON bookings(event_id NULLS FIRST, address NULLS FIRST) INCLUDE (quantity)
WHERE
  status = 'PENDING' AND address IS NOT NULL;
CREATE INDEX ix_bookings_expired_user ON bookings(user_id NULLS FIRST, expired_at NULLS FIRST)
WHERE
  status = 'EXPIRED';
CREATE TABLE rate_counters (
  bucket varchar(64) NOT NULL,
  free_at timestamp(3) NOT NULL,
  CONSTRAINT pk_rate_counters PRIMARY KEY (bucket)
);
CREATE INDEX ix_rate_counters_free_at ON rate_counters(free_at NULLS FIRST);
CREATE TABLE refusals (
  minute_at timestamp(3) NOT NULL,
  address varchar(64) NOT NULL,
  code varchar(48) NOT NULL,
  times integer NOT NULL,
  CONSTRAINT pk_refusals PRIMARY KEY (minute_at, address, code),
  CONSTRAINT ck_refusals_times CHECK (times >= 0)
);
