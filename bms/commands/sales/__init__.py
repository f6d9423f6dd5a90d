"""Selling: hold, pay, cancel, give back.

Every command takes its locks in one order:

1. the buyer's row in ``users``, only to count a per-user limit;
2. the event;
3. the booking;
4. its payment;
5. the ticket types, by ascending id.

A ticket type comes last because it is the hot row: every buyer of its tickets waits for it until the
commit. After it a command only reads. What a foreign key locks counts too: tickets and notifications lock
their event on SQL Server, so they are inserted before.

A confirmation that is written before the tickets are taken can be out of date. ``event_versions`` finds that.

A booking changes state like this:

- PENDING -> CONFIRMED, EXPIRED or CANCELLED;
- CONFIRMED -> CANCELLED;
- EXPIRED -> CONFIRMED, by a late payment.

A payment changes state like this:

- PROCESSING -> SUCCEEDED or FAILED; it may wait for its buyer before;
- SUCCEEDED -> PARTIALLY_REFUNDED and REFUNDED, by refunds;
- FAILED -> RETURNED, by money that arrives after all, and RETURNED -> REFUNDED.

A free booking starts CONFIRMED. Every change of state is a guarded UPDATE, so only one transaction makes it.
The transaction that ends a PENDING or CONFIRMED booking also gives its tickets back.
"""
