"""Sending the mail in the outbox. Each message has a slot of its own, so a slow one delays no other.

A message is claimed under a lease, sent with no transaction open, and marked. Marks are gathered for a moment
and written together. A process that dies leaves leases that expire. The Message-ID marks a repeat as one.
"""

import asyncio
import json
import logging
import random
from collections.abc import Sequence
from email.utils import parseaddr

from bms.commands.messages.outbox import MAX_ATTEMPTS, MessageRow, claim_messages, mark_failed, mark_sent
from bms.errors import BMSError
from bms.i18n.languages import Languages
from bms.mail.messages import CannotCompose, compose, message_id
from bms.mail.transports import PermanentMailError, TransientMailError, Transport
from bms.settings import Settings
from bms.sql.database import Database
from bms.tasks.events import first_of

log = logging.getLogger(__name__)

SLOTS = 48  # messages under way: enough for 100 a second through a relay that takes 200 ms
LEASE_SECONDS = 300  # much longer than a message takes that runs into the transport's time-out
PER_SECOND = 130  # messages begun by one process, so that requests come before mail
GATHER = 0.05  # seconds that a mark waits for others
POLL = 1.0  # seconds between two looks at the outbox when nothing wakes the senders
PAUSE_AFTER_ERROR = 5.0  # seconds
FIRST_RETRY = 15  # seconds; doubled each time
LAST_RETRY = 3600  # seconds


class Senders:
    """Sends due messages, ``slots`` at a time, until it is stopped."""

    def __init__(
        self, database: Database, transport: Transport, settings: Settings, *, slots: int = SLOTS
    ) -> None:
        self._database = database
        self._transport = transport
        self._sender = settings.mail_from
        self._languages = Languages(settings.locale)
        self._slots = slots
        self._sending: set[asyncio.Task[None]] = set()
        self._sent: list[MessageRow] = []
        self._marking: asyncio.Task[None] | None = None

    async def run(self, stopping: asyncio.Event) -> None:
        """Send until ``stopping`` is set, then finish what is under way."""
        written = self._database.watch("outbox")
        now = asyncio.get_running_loop().time
        try:
            while not stopping.is_set():
                written.clear()
                began = now()
                try:
                    claimed = await self.claim()
                except BMSError as error:
                    log.warning("outbox: %s", error)
                    await first_of(stopping, seconds=PAUSE_AFTER_ERROR)
                    continue
                except Exception:
                    log.exception("outbox failed")
                    await first_of(stopping, seconds=PAUSE_AFTER_ERROR)
                    continue
                if self._sending and (claimed or len(self._sending) >= self._slots):
                    await asyncio.wait(self._sending, return_when=asyncio.FIRST_COMPLETED)
                    # A claim of several messages costs as much as one.
                    await asyncio.sleep(max(GATHER, began + claimed / PER_SECOND - now()))
                elif not claimed:
                    await first_of(stopping, written, seconds=POLL * random.uniform(0.8, 1.2))  # noqa: S311
        finally:
            await self.finish()

    async def claim(self) -> int:
        """Claim a message for each free slot, begin to send them, and return how many there were."""
        free = self._slots - len(self._sending)
        if free <= 0:
            return 0
        messages = await self._database.transact(claim_messages, limit=free, lease_seconds=LEASE_SECONDS)
        for message in messages:
            task = asyncio.create_task(self._deliver(message))
            self._sending.add(task)
            task.add_done_callback(self._sending.discard)
        return len(messages)

    async def finish(self) -> None:
        """Return when nothing is under way any more and every mark is written."""
        while self._sending:
            await asyncio.wait(self._sending)
        if self._marking is not None:
            await self._marking

    async def _deliver(self, message: MessageRow) -> None:
        try:
            await self._send(message)
        except BMSError as error:
            # Its lease runs out, and the message is sent again then.
            log.warning("message %d could not be marked: %s", message.id, error)
        except Exception:
            log.exception("message %d could not be marked", message.id)

    async def _send(self, message: MessageRow) -> None:
        if message.attempts > MAX_ATTEMPTS:
            await self._fail(message, "every worker that tried this message died of it", None)
            return
        try:
            await self._transport.send(
                compose(
                    message.kind,
                    json.loads(message.payload),
                    recipient=message.recipient,
                    sender=self._sender,
                    message_id=message_id(message.dedupe_key, _domain(self._sender)),
                    language=self._languages.find(message.locale),
                )
            )
        except TransientMailError as error:
            await self._fail(message, str(error), retry_delay(message.attempts))
        except (PermanentMailError, CannotCompose) as error:
            await self._fail(message, str(error), None)
        except Exception as error:
            # A fault of ours. It may be repaired, so the message is kept, and the others go out.
            log.exception("message %d (%s) failed", message.id, message.kind)
            await self._fail(message, f"{type(error).__name__}: {error}", retry_delay(message.attempts))
        else:
            self._mark(message)

    def _mark(self, message: MessageRow) -> None:
        self._sent.append(message)
        if self._marking is None:
            self._marking = asyncio.create_task(self._mark_gathered())

    async def _mark_gathered(self) -> None:
        try:
            while self._sent:
                await asyncio.sleep(GATHER)
                sent, self._sent = self._sent, []
                await self._mark_sent(sent)
        finally:
            self._marking = None

    async def _mark_sent(self, sent: Sequence[MessageRow]) -> None:
        try:
            lost = await self._database.transact(
                mark_sent, messages=[(one.id, one.lease_token) for one in sent]
            )
        except Exception as error:
            log.warning("%d sent messages could not be marked: %s", len(sent), error)
            return
        for key in lost:
            log.warning("message %d was sent after its lease had run out; it may go out twice", key)

    async def _fail(self, message: MessageRow, error: str, retry_in: int | None) -> None:
        await self._database.transact(
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


async def send_due_messages(database: Database, transport: Transport, settings: Settings) -> int:
    """Send what is due now, up to one message per slot, and return how many were tried."""
    senders = Senders(database, transport, settings)
    claimed = await senders.claim()
    await senders.finish()
    return claimed


def retry_delay(attempts: int) -> int | None:
    """Return the seconds to wait after that many attempts, with jitter; None when it was the last."""
    if attempts >= MAX_ATTEMPTS:
        return None
    delay = min(LAST_RETRY, FIRST_RETRY * 2 ** (attempts - 1))
    return int(delay * random.uniform(0.75, 1.25))  # noqa: S311


def _domain(sender: str) -> str:
    return parseaddr(sender)[1].rpartition("@")[2] or "localhost"
