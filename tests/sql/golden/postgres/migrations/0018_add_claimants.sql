ALTER TABLE payments
ADD COLUMN claimed_by varchar(32) NULL;
