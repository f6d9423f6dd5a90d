-- Announcements go to a broker, and the id of a request goes on into the mails that follow from it.
-- depends: 0023_add_seat_releases

-- 1 until the broker has confirmed it. 0 where no broker was set when it was announced.
ALTER TABLE announcements ADD to_publish BIT NOT NULL CONSTRAINT df_announcements_to_publish DEFAULT 0;

CREATE INDEX ix_announcements_to_publish ON announcements (id) INCLUDE (available_at) WHERE to_publish = 1;

INSERT INTO leases (name) VALUES ('relay');

ALTER TABLE outbox ADD request_id NVARCHAR(64) NULL;
