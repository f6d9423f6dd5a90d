ALTER TABLE payments
DROP COLUMN claimed_by;
