-- Which process asks the gateway about a payment: when it dies, another need not wait until the answer is overdue.
-- depends: 0016_add_contacts

ALTER TABLE payments ADD claimed_by NVARCHAR(32) NULL;
