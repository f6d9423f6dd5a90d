-- Seating plans, the seats of events, and which seat a booking and a ticket have.
-- depends: 0018_add_claimants

CREATE TABLE seating_plans (
    id          BIGINT IDENTITY(1,1) NOT NULL,
    owner_id    BIGINT         NOT NULL,
    venue_id    BIGINT         NULL,
    name        NVARCHAR(200)  NOT NULL,
    -- What is being drawn, as JSON, with how many seats and faults it has.
    layout      VARBINARY(MAX) NOT NULL,
    seats       INT            NOT NULL,
    faults      INT            NOT NULL,
    -- The last version that was published, and whether managers other than the owner may use it.
    published   INT            NULL,
    shared      BIT            NOT NULL CONSTRAINT df_seating_plans_shared DEFAULT 0,
    revision    INT            NOT NULL CONSTRAINT df_seating_plans_revision DEFAULT 1,
    created_at  DATETIME2(3)   NOT NULL CONSTRAINT df_seating_plans_created_at DEFAULT SYSUTCDATETIME(),
    updated_at  DATETIME2(3)   NOT NULL CONSTRAINT df_seating_plans_updated_at DEFAULT SYSUTCDATETIME(),
    CONSTRAINT pk_seating_plans PRIMARY KEY (id),
    CONSTRAINT fk_seating_plans_owner FOREIGN KEY (owner_id) REFERENCES users (id),
    CONSTRAINT fk_seating_plans_venue FOREIGN KEY (venue_id) REFERENCES venues (id),
    CONSTRAINT ck_seating_plans_seats CHECK (seats >= 0)
);

CREATE INDEX ix_seating_plans_owner ON seating_plans (owner_id, id);

-- A version never changes. The layout is JSON as gzip, its sha256 that of the JSON.
CREATE TABLE seating_plan_versions (
    plan_id    BIGINT         NOT NULL,
    version    INT            NOT NULL,
    layout     VARBINARY(MAX) NOT NULL,
    sha256     NVARCHAR(64)   NOT NULL,
    seats      INT            NOT NULL,
    -- Seats by category, as JSON.
    categories NVARCHAR(MAX)  NOT NULL,
    created_at DATETIME2(3)   NOT NULL CONSTRAINT df_seating_plan_versions_created_at DEFAULT SYSUTCDATETIME(),
    CONSTRAINT pk_seating_plan_versions PRIMARY KEY (plan_id, version),
    CONSTRAINT fk_seating_plan_versions_plan FOREIGN KEY (plan_id) REFERENCES seating_plans (id)
);

CREATE INDEX ix_seating_plan_versions_sha256 ON seating_plan_versions (sha256);

-- Whoever changes seats of the event locks this row. sequence counts the changes; opened is the one since when the
-- seats are those of this version; pinned is how far the rows of the seats are written.
CREATE TABLE event_seating (
    event_id           BIGINT       NOT NULL,
    plan_id            BIGINT       NOT NULL,
    version            INT          NOT NULL,
    sequence           BIGINT       NOT NULL CONSTRAINT df_event_seating_sequence DEFAULT 1,
    opened             BIGINT       NOT NULL CONSTRAINT df_event_seating_opened DEFAULT 0,
    pinned             INT          NOT NULL CONSTRAINT df_event_seating_pinned DEFAULT 0,
    state              NVARCHAR(16) NOT NULL,
    orphan_rule        NVARCHAR(16) NOT NULL,
    CONSTRAINT pk_event_seating PRIMARY KEY (event_id),
    CONSTRAINT fk_event_seating_event FOREIGN KEY (event_id) REFERENCES events (id),
    CONSTRAINT fk_event_seating_version FOREIGN KEY (plan_id, version)
        REFERENCES seating_plan_versions (plan_id, version),
    CONSTRAINT ck_event_seating_state CHECK (state IN ('PINNING', 'OPEN')),
    CONSTRAINT ck_event_seating_orphan_rule CHECK (orphan_rule IN ('off', 'warn', 'refuse'))
);

CREATE INDEX ix_event_seating_pinning ON event_seating (event_id) WHERE state = 'PINNING';

-- 0 free, 1 held, 2 sold, 3 blocked. An empty block_reason: the seat is not in this version, or not for sale. No
-- cascade from events and no foreign keys: they would lock the event and the booking of every seat that changes.
CREATE TABLE event_seats (
    event_id       BIGINT        NOT NULL,
    seat_no        INT           NOT NULL,
    guid           NVARCHAR(190) NOT NULL,
    section_no     INT           NOT NULL,
    row_no         INT           NOT NULL,
    category_no    SMALLINT      NOT NULL,
    seat_rank      INT           NOT NULL,
    kinds          INT           NOT NULL,
    section        NVARCHAR(200) NOT NULL,
    row_label     NVARCHAR(64)  NOT NULL,
    seat_number    NVARCHAR(64)  NOT NULL,
    entrance       NVARCHAR(200) NULL,
    state          SMALLINT      NOT NULL,
    booking_id     BIGINT        NULL,
    ticket_type_id BIGINT        NULL,
    changed        BIGINT        NOT NULL,
    block_reason   NVARCHAR(200) NULL,
    CONSTRAINT pk_event_seats PRIMARY KEY (event_id, seat_no),
    CONSTRAINT uq_event_seats_guid UNIQUE (event_id, guid),
    CONSTRAINT ck_event_seats_state
        CHECK ((state IN (1, 2) AND booking_id IS NOT NULL AND ticket_type_id IS NOT NULL)
               OR (state IN (0, 3) AND booking_id IS NULL AND ticket_type_id IS NULL))
);

CREATE INDEX ix_event_seats_changed ON event_seats (event_id, changed) INCLUDE (state);
CREATE INDEX ix_event_seats_booking ON event_seats (booking_id) WHERE booking_id IS NOT NULL;

-- The categories that are for sale. free guards standing areas; of seats it is the count of those that are free.
CREATE TABLE event_categories (
    event_id    BIGINT        NOT NULL,
    category_no SMALLINT      NOT NULL,
    name        NVARCHAR(100) NOT NULL,
    is_standing BIT           NOT NULL,
    seats       INT           NOT NULL,
    free        INT           NOT NULL,
    CONSTRAINT pk_event_categories PRIMARY KEY (event_id, category_no),
    CONSTRAINT fk_event_categories_event FOREIGN KEY (event_id) REFERENCES event_seating (event_id),
    CONSTRAINT ck_event_categories_free CHECK (free >= 0 AND free <= seats)
);

CREATE TABLE event_category_types (
    event_id       BIGINT   NOT NULL,
    category_no    SMALLINT NOT NULL,
    ticket_type_id BIGINT   NOT NULL,
    CONSTRAINT pk_event_category_types PRIMARY KEY (event_id, category_no, ticket_type_id),
    CONSTRAINT fk_event_category_types_category FOREIGN KEY (event_id, category_no)
        REFERENCES event_categories (event_id, category_no)
);

-- Whether the tickets are sold by the seating of the event. The guard of every sale compares it.
ALTER TABLE ticket_types ADD seated BIT NOT NULL CONSTRAINT df_ticket_types_seated DEFAULT 0;

-- The numbers of the seats as JSON: [] for people who stand, NULL for tickets that are sold without seating.
ALTER TABLE booking_lines ADD seats NVARCHAR(MAX) NULL;

-- No release ever gave a ticket a seat.
DROP INDEX ux_tickets_live_seat ON tickets;
ALTER TABLE tickets DROP COLUMN seat;
ALTER TABLE tickets ADD seat_no INT NULL;
CREATE UNIQUE INDEX ux_tickets_live_seat_no ON tickets (event_id, seat_no)
    WHERE status = 'VALID' AND seat_no IS NOT NULL;
