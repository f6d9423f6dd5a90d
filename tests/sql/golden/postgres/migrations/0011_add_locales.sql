ALTER TABLE users
ADD COLUMN locale varchar(35) NULL;
ALTER TABLE bookings
ADD COLUMN locale varchar(35) NULL;
