-- When accessible places go to the general sale, and which wheelchair place a companion's seat belongs to.
-- depends: 0022_add_event_figures

-- release_hours: so many hours before the start. NULL: not by time. Once released_at is set, it has happened.
ALTER TABLE event_seating ADD release_hours INT NULL;
ALTER TABLE event_seating ADD release_when_sold BIT NOT NULL
    CONSTRAINT df_event_seating_release_when_sold DEFAULT 0;
ALTER TABLE event_seating ADD released_at DATETIME2(3) NULL;

CREATE INDEX ix_event_seating_release ON event_seating (event_id)
    WHERE release_hours IS NOT NULL AND released_at IS NULL;

-- The number of the wheelchair place, which is a seat of the same event.
ALTER TABLE event_seats ADD companion_of INT NULL;
