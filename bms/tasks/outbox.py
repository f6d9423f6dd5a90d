"""Sending the mail that the outbox holds."""

import asyncio
import json
import logging
import random
from email.utils import parseaddr

from bms.commands.messages.outbox import MAX_ATTEMPTS, MessageRow, claim_messages, mark_failed, mark_sent
from bms.mail.messages import CannotCompose, compose, message_id
from bms.mail.transports import PermanentMailError, TransientMailError, Transport
from bms.settings import Settings
from bms.sql.database import Database

log = logging.getLogger(__name__)

BATCH = 10
LEASE_SECONDS = 300  # much longer than a message takes that runs into the transport's time-out
FIRST_RETRY = 15  # seconds; doubled each time
LAST_RETRY = 3600  # seconds


async def send_due_messages(database: Database, transport: Transport, settings: Settings) -> int:
    """Claim a batch, send it with no transaction open, mark each message; return how many were tried.

    The messages of a batch go out side by side: one that hangs does not use up the others' lease.
    Raises, after the whole batch, what hindered marking: that message's lease will run out.
    """
    messages = await database.transact(claim_messages, limit=BATCH, lease_seconds=LEASE_SECONDS)
    ends = await asyncio.gather(
        *(_deliver(database, transport, settings, message) for message in messages), return_exceptions=True
    )
    for end in ends:
        if end is not None:
            raise end
    return len(messages)


async def _deliver(database: Database, transport: Transport, settings: Settings, message: MessageRow) -> None:
    if message.attempts > MAX_ATTEMPTS:
        await _fail(database, message, "every worker that tried this message died of it", None)
        return
    try:
        await transport.send(
            compose(
                message.kind,
                json.loads(message.payload),
                recipient=message.recipient,
                sender=settings.mail_from,
                message_id=message_id(message.dedupe_key, _domain(settings.mail_from)),
            )
        )
    except TransientMailError as error:
        await _fail(database, message, str(error), retry_delay(message.attempts))
    except (PermanentMailError, CannotCompose) as error:
        await _fail(database, message, str(error), None)
    except Exception as error:
        # A mistake of ours. What it is may be mended, so the message is kept, and the others go out.
        log.exception("message %d (%s) failed", message.id, message.kind)
        await _fail(database, message, f"{type(error).__name__}: {error}", retry_delay(message.attempts))
    else:
        kept = await database.transact(mark_sent, message_id=message.id, token=message.lease_token)
        if not kept:
            log.warning("message %d was sent after its lease had run out; it may go out twice", message.id)


async def _fail(database: Database, message: MessageRow, error: str, retry_in: int | None) -> None:
    await database.transact(
        mark_failed, message_id=message.id, token=message.lease_token, error=error, retry_in=retry_in
    )
    log.log(
        logging.ERROR if retry_in is None else logging.WARNING,
        "message %d (%s), attempt %d: %s; %s",
        message.id,
        message.kind,
        message.attempts,
        error,
        "given up" if retry_in is None else f"again in {retry_in} s",
    )


def retry_delay(attempts: int) -> int | None:
    """Return the seconds to wait after that many attempts, with jitter; None when it was the last."""
    if attempts >= MAX_ATTEMPTS:
        return None
    delay = min(LAST_RETRY, FIRST_RETRY * 2 ** (attempts - 1))
    return int(delay * random.uniform(0.75, 1.25))  # noqa: S311


def _domain(sender: str) -> str:
    return parseaddr(sender)[1].rpartition("@")[2] or "localhost"
