-- What limits are judged by: unpaid bookings by buyer and by address, holds that ran out, counters, and refusals.
-- depends: 0011_add_locales

-- The network that a hold came from. NULL where an address says nothing: this machine, or an admin's desk.
ALTER TABLE bookings ADD address NVARCHAR(64) NULL;
ALTER TABLE bookings ADD expired_at DATETIME2(3) NULL;

CREATE INDEX ix_bookings_unpaid_user ON bookings (user_id, event_id) INCLUDE (quantity) WHERE status = 'PENDING';
CREATE INDEX ix_bookings_unpaid_address ON bookings (event_id, address) INCLUDE (quantity)
    WHERE status = 'PENDING' AND address IS NOT NULL;
CREATE INDEX ix_bookings_expired_user ON bookings (user_id, expired_at) WHERE status = 'EXPIRED';

-- A row per counter: when it is empty again. The key is a hash.
CREATE TABLE rate_counters (
    bucket  NVARCHAR(64) NOT NULL,
    free_at DATETIME2(3) NOT NULL,
    CONSTRAINT pk_rate_counters PRIMARY KEY (bucket)
);

CREATE INDEX ix_rate_counters_free_at ON rate_counters (free_at);

-- Requests that were refused, as counts: an attacker must not be able to fill a table.
CREATE TABLE refusals (
    minute_at DATETIME2(3) NOT NULL,
    address   NVARCHAR(64) NOT NULL,
    code      NVARCHAR(48) NOT NULL,
    times     INT          NOT NULL,
    CONSTRAINT pk_refusals PRIMARY KEY (minute_at, address, code),
    CONSTRAINT ck_refusals_times CHECK (times >= 0)
);
