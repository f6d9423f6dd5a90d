-- Who gave a booking away.
-- depends: 0019_add_seating

-- NULL: it was bought. No foreign key: checking one would lock the organiser's row with every gift.
ALTER TABLE bookings ADD given_by BIGINT NULL;
