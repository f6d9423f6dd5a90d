-- What people are told in the app, what they say of events, and the cancelling of events.
-- depends: 0004_create_outbox

CREATE TABLE notifications (
    id         BIGINT IDENTITY(1,1) NOT NULL,
    user_id    BIGINT         NOT NULL,
    kind       NVARCHAR(32)   NOT NULL,
    message    NVARCHAR(1000) NOT NULL,
    event_id   BIGINT         NULL,
    booking_id BIGINT         NULL,
    created_at DATETIME2(3)   NOT NULL CONSTRAINT df_notifications_created_at DEFAULT SYSUTCDATETIME(),
    read_at    DATETIME2(3)   NULL,
    CONSTRAINT pk_notifications PRIMARY KEY (id),
    CONSTRAINT fk_notifications_user FOREIGN KEY (user_id) REFERENCES users (id),
    CONSTRAINT fk_notifications_event FOREIGN KEY (event_id) REFERENCES events (id) ON DELETE CASCADE,
    CONSTRAINT fk_notifications_booking FOREIGN KEY (booking_id) REFERENCES bookings (id)
);

CREATE INDEX ix_notifications_user ON notifications (user_id, id);
CREATE INDEX ix_notifications_event ON notifications (event_id) WHERE event_id IS NOT NULL;

CREATE TABLE reviews (
    id         BIGINT IDENTITY(1,1) NOT NULL,
    user_id    BIGINT         NOT NULL,
    event_id   BIGINT         NOT NULL,
    rating     INT            NOT NULL,
    comment    NVARCHAR(2000) NULL,
    created_at DATETIME2(3)   NOT NULL CONSTRAINT df_reviews_created_at DEFAULT SYSUTCDATETIME(),
    updated_at DATETIME2(3)   NOT NULL CONSTRAINT df_reviews_updated_at DEFAULT SYSUTCDATETIME(),
    CONSTRAINT pk_reviews PRIMARY KEY (id),
    CONSTRAINT uq_reviews_user_event UNIQUE (user_id, event_id),
    CONSTRAINT fk_reviews_user FOREIGN KEY (user_id) REFERENCES users (id),
    CONSTRAINT fk_reviews_event FOREIGN KEY (event_id) REFERENCES events (id),
    CONSTRAINT ck_reviews_rating CHECK (rating >= 1 AND rating <= 5)
);

CREATE INDEX ix_reviews_event ON reviews (event_id, id);

-- One row an event that is being or has been cancelled: the job that cancels its bookings.
CREATE TABLE event_cancellations (
    event_id     BIGINT        NOT NULL,
    requested_by BIGINT        NOT NULL,
    reason       NVARCHAR(200) NULL,
    started_at   DATETIME2(3)  NOT NULL CONSTRAINT df_event_cancellations_started_at DEFAULT SYSUTCDATETIME(),
    leased_until DATETIME2(3)  NULL,
    finished_at  DATETIME2(3)  NULL,
    CONSTRAINT pk_event_cancellations PRIMARY KEY (event_id),
    CONSTRAINT fk_event_cancellations_event FOREIGN KEY (event_id) REFERENCES events (id),
    CONSTRAINT fk_event_cancellations_user FOREIGN KEY (requested_by) REFERENCES users (id)
);

CREATE INDEX ix_event_cancellations_unfinished ON event_cancellations (started_at, event_id)
    WHERE finished_at IS NULL;
