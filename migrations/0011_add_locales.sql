-- The language in which somebody is written to: a tag of BCP 47. NULL where nobody has said which. A booking's mails
-- are then in the language of its buyer's account, and other mails in that of the service.
-- depends: 0010_widen_money

ALTER TABLE users ADD locale NVARCHAR(35) NULL;
ALTER TABLE bookings ADD locale NVARCHAR(35) NULL;
