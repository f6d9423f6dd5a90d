-- Venues, categories, events and what is sold of them.
-- depends: 0001_create_users

CREATE TABLE venues (
    id         BIGINT IDENTITY(1,1) NOT NULL,
    name       NVARCHAR(200)  NOT NULL,
    location   NVARCHAR(300)  NOT NULL,
    city       NVARCHAR(100)  NULL,
    country    NVARCHAR(100)  NULL,
    capacity   INT            NOT NULL,
    facilities NVARCHAR(1000) NULL,
    created_at DATETIME2(3)   NOT NULL CONSTRAINT df_venues_created_at DEFAULT SYSUTCDATETIME(),
    CONSTRAINT pk_venues PRIMARY KEY (id),
    CONSTRAINT ck_venues_capacity CHECK (capacity > 0)
);

CREATE INDEX ix_venues_name ON venues (name, id);
CREATE INDEX ix_venues_city ON venues (city) INCLUDE (name);

CREATE TABLE categories (
    id   BIGINT IDENTITY(1,1) NOT NULL,
    slug NVARCHAR(64)  NOT NULL,
    name NVARCHAR(100) NOT NULL,
    CONSTRAINT pk_categories PRIMARY KEY (id),
    CONSTRAINT uq_categories_slug UNIQUE (slug)
);

CREATE TABLE events (
    id             BIGINT IDENTITY(1,1) NOT NULL,
    organizer_id   BIGINT        NOT NULL,
    venue_id       BIGINT        NULL,
    -- An event's own address, where it takes place at no venue of the list.
    address        NVARCHAR(300) NULL,
    category_id    BIGINT        NULL,
    title          NVARCHAR(200) NOT NULL,
    description    NVARCHAR(MAX) NOT NULL,
    starts_at      DATETIME2(3)  NOT NULL,
    ends_at        DATETIME2(3)  NULL,
    status         NVARCHAR(16)  NOT NULL,
    capacity       INT           NOT NULL,
    currency       NVARCHAR(3)   NOT NULL,
    -- The lowest price of its ticket types, kept by the commands that change them: it is sorted by.
    price_from     DECIMAL(12,2) NOT NULL,
    sales_start    DATETIME2(3)  NULL,
    sales_end      DATETIME2(3)  NULL,
    per_user_limit INT           NULL,
    -- The refund rule, in hours before the start: all until the first, a percentage until the second.
    refund_full_hours INT        NOT NULL CONSTRAINT df_events_refund_full_hours DEFAULT 0,
    refund_percent INT           NOT NULL CONSTRAINT df_events_refund_percent DEFAULT 0,
    refund_none_hours INT        NOT NULL CONSTRAINT df_events_refund_none_hours DEFAULT 0,
    rating_count   INT           NOT NULL CONSTRAINT df_events_rating_count DEFAULT 0,
    rating_sum     INT           NOT NULL CONSTRAINT df_events_rating_sum DEFAULT 0,
    -- When the holders of its tickets were reminded of it; NULL again when its time changes.
    reminded_at    DATETIME2(3)  NULL,
    version        INT           NOT NULL CONSTRAINT df_events_version DEFAULT 1,
    created_at     DATETIME2(3)  NOT NULL CONSTRAINT df_events_created_at DEFAULT SYSUTCDATETIME(),
    updated_at     DATETIME2(3)  NOT NULL CONSTRAINT df_events_updated_at DEFAULT SYSUTCDATETIME(),
    CONSTRAINT pk_events PRIMARY KEY (id),
    CONSTRAINT fk_events_organizer FOREIGN KEY (organizer_id) REFERENCES users (id),
    CONSTRAINT fk_events_venue FOREIGN KEY (venue_id) REFERENCES venues (id),
    CONSTRAINT fk_events_category FOREIGN KEY (category_id) REFERENCES categories (id),
    CONSTRAINT ck_events_ends_after_start CHECK (ends_at > starts_at),
    CONSTRAINT ck_events_capacity CHECK (capacity > 0),
    CONSTRAINT ck_events_per_user_limit CHECK (per_user_limit > 0),
    CONSTRAINT ck_events_refund_percent CHECK (refund_percent >= 0 AND refund_percent <= 100),
    CONSTRAINT ck_events_refund_hours CHECK (refund_none_hours >= 0 AND refund_full_hours >= refund_none_hours),
    CONSTRAINT ck_events_status CHECK (status IN ('DRAFT', 'PUBLISHED', 'CANCELLED', 'COMPLETED'))
);

CREATE INDEX ix_events_start ON events (status, starts_at, id)
    INCLUDE (title, venue_id, category_id, organizer_id, price_from);
CREATE INDEX ix_events_price ON events (status, price_from, id);
CREATE INDEX ix_events_venue ON events (venue_id, starts_at, id);
CREATE INDEX ix_events_category ON events (category_id, starts_at, id);
CREATE INDEX ix_events_organizer ON events (organizer_id, starts_at, id);

CREATE TABLE event_payment_options (
    event_id BIGINT       NOT NULL,
    method   NVARCHAR(16) NOT NULL,
    CONSTRAINT pk_event_payment_options PRIMARY KEY (event_id, method),
    CONSTRAINT fk_event_payment_options_event FOREIGN KEY (event_id) REFERENCES events (id) ON DELETE CASCADE,
    CONSTRAINT ck_event_payment_options_method CHECK (method IN ('card', 'upi', 'netbanking', 'wallet'))
);

CREATE TABLE ticket_types (
    id         BIGINT IDENTITY(1,1) NOT NULL,
    event_id   BIGINT        NOT NULL,
    name       NVARCHAR(100) NOT NULL,
    price      DECIMAL(12,2) NOT NULL,
    currency   NVARCHAR(3)   NOT NULL,
    capacity   INT           NOT NULL,
    available  INT           NOT NULL,
    -- Turned off in the row that a sale locks, so that no sale slips past the end of the sale.
    on_sale    BIT           NOT NULL CONSTRAINT df_ticket_types_on_sale DEFAULT 1,
    sort_order INT           NOT NULL CONSTRAINT df_ticket_types_sort_order DEFAULT 0,
    CONSTRAINT pk_ticket_types PRIMARY KEY (id),
    CONSTRAINT fk_ticket_types_event FOREIGN KEY (event_id) REFERENCES events (id) ON DELETE CASCADE,
    CONSTRAINT uq_ticket_types_name UNIQUE (event_id, name),
    CONSTRAINT ck_ticket_types_capacity CHECK (capacity > 0),
    CONSTRAINT ck_ticket_types_available CHECK (available >= 0 AND available <= capacity),
    CONSTRAINT ck_ticket_types_price CHECK (price >= 0)
);

CREATE INDEX ix_ticket_types_event ON ticket_types (event_id, id);
