"""Sending the mail in the outbox. Each message has a slot of its own, so a slow one delays no other.

A message is claimed under a lease, sent with no transaction open, and marked. Marks are gathered for a moment
and written together. A process that dies leaves leases that expire. The Message-ID marks a repeat as one.
"""

import asyncio
import json
import logging
import random
from collections.abc import Callable, Sequence
from contextlib import suppress
from email.utils import parseaddr
from math import ceil
from typing import Any

from bms.addresses import parse_address
from bms.cache.counters import Counters, key_of, seconds_to_wait
from bms.commands.messages.booking_links import SEED
from bms.commands.messages.outbox import (
    MAX_ATTEMPTS,
    MessageRow,
    claim_messages,
    give_back,
    mark_failed,
    mark_sent,
    put_off,
)
from bms.errors import BMSError
from bms.i18n.languages import Languages
from bms.links import Links
from bms.mail.messages import BadRecipient, CannotCompose, compose, message_id
from bms.mail.transports import PermanentMailError, TransientMailError, Transport
from bms.security.booking_links import BookingLinks
from bms.security.link_tokens import LinkTokens
from bms.settings import Settings
from bms.sql.database import Database
from bms.tasks.events import first_of
from bms.tasks.pace import Core, Pace

log = logging.getLogger(__name__)

SLOTS = 48  # messages under way: enough for 100 a second through a relay that takes 200 ms
AT_ONCE = 0.5  # seconds of messages at the present pace that one claim takes at the most
LEASE_SECONDS = 60  # longer than a message takes that runs into the transport's time-out, and its mark
PER_SECOND = 600  # messages begun by one process that has nothing else to do
BUSY_PER_SECOND = 10  # messages begun by one process that is busy with requests: they come before mail
BUSY = 0.4  # of a core: a process that uses more is busy; mail alone takes half of that
GIVES_WAY = 30  # seconds of lateness from which mail no longer waits for requests
GATHER = 0.05  # seconds that a mark waits for others
POLL = 1.0  # seconds between two looks at the outbox when nothing wakes the senders
PAUSE_AFTER_ERROR = 5.0  # seconds
FIRST_RETRY = 15  # seconds; doubled each time
LAST_RETRY = 3600  # seconds
# The kinds of mail that somebody else than the recipient causes.
OTHERS_CAUSE = frozenset(
    {"registration", "organizer_message", "event_updated", "reminder", "contact_changed", "contact_asked"}
)


class Senders:
    """Sends due messages, ``slots`` at a time, until it is stopped."""

    def __init__(
        self,
        database: Database,
        transport: Transport,
        settings: Settings,
        *,
        counters: Counters | None = None,
        slots: int = SLOTS,
        observe: Callable[[bool], None] = lambda _: None,
    ) -> None:
        """Without ``counters`` a recipient gets any number of mails. ``observe`` is told whether a look at
        the outbox succeeded.
        """
        self._observe = observe
        self._database = database
        self._transport = transport
        self._sender = settings.mail_from
        self._domain = _domain(settings.mail_from)
        self._languages = Languages(settings.locale)
        self._counters = counters
        self._rate = settings.rate_mails_per_recipient
        self._links = Links(settings.public_url)
        self._tokens = LinkTokens(settings.secret_key)
        self._booking_links = BookingLinks(settings.secret_key)
        self._slots = slots
        self._sending: set[asyncio.Task[None]] = set()
        self._sent: list[MessageRow] = []
        self._given_back: list[MessageRow] = []
        self._marking: asyncio.Task[None] | None = None
        self._core = Core()
        self._late = 0  # seconds that the oldest message of the last claim has waited

    async def run(self, stopping: asyncio.Event) -> None:
        """Send until ``stopping`` is set. Then finish what a server may have got, and give the rest back."""
        written = self._database.watch("outbox")
        now = asyncio.get_running_loop().time
        pace = Pace(slowest=BUSY_PER_SECOND, fastest=PER_SECOND)
        try:
            while not stopping.is_set():
                written.clear()
                began = now()
                try:
                    claimed = await self.claim(most=ceil(pace.rate * AT_ONCE))
                    self._observe(True)
                except BMSError as error:
                    self._observe(False)
                    log.warning("outbox: %s", error)
                    await first_of(stopping, seconds=PAUSE_AFTER_ERROR)
                    continue
                except Exception:
                    self._observe(False)
                    log.exception("outbox failed")
                    await first_of(stopping, seconds=PAUSE_AFTER_ERROR)
                    continue
                if self._sending and (claimed or len(self._sending) >= self._slots):
                    await self._first_sent(stopping)
                    # A claim of several messages costs as much as one.
                    await asyncio.sleep(max(GATHER, began + claimed / pace.rate - now()))
                    pace.learn(busy=self._gives_way())
                elif not claimed:
                    await first_of(stopping, written, seconds=POLL * random.uniform(0.8, 1.2))  # noqa: S311
        finally:
            await self._stop()

    async def claim(self, *, most: int = SLOTS) -> int:
        """Claim a message for each free slot, at most ``most``, begin to send them; return their number."""
        free = min(most, self._slots - len(self._sending))
        if free <= 0:
            return 0
        messages = await self._database.transact(claim_messages, limit=free, lease_seconds=LEASE_SECONDS)
        self._late = max((message.late for message in messages), default=0)
        for message in messages:
            task = asyncio.create_task(self._deliver(message))
            self._sending.add(task)
            task.add_done_callback(self._sending.discard)
        return len(messages)

    def _gives_way(self) -> bool:
        """Return whether requests need what mail would take. Mail that is late gives way no more."""
        share = self._core.share()
        return self._late < GIVES_WAY and (self._database.busy or share > BUSY)

    async def finish(self) -> None:
        """Return when nothing is under way any more and every mark is written."""
        while self._sending:
            await asyncio.wait(self._sending)
        if self._marking is not None:
            await self._marking

    async def _first_sent(self, stopping: asyncio.Event) -> None:
        """Return when a message that is under way has ended, or ``stopping`` is set."""
        asked = asyncio.create_task(stopping.wait())
        try:
            await asyncio.wait({asked, *self._sending}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            asked.cancel()

    async def _stop(self) -> None:
        for task in self._sending:
            task.cancel()
        await self.finish()
        if self._given_back:
            given_back = [(one.id, one.lease_token) for one in self._given_back]
            self._given_back.clear()
            try:
                await self._database.transact(give_back, messages=given_back)
            except Exception as error:
                # Their leases run out, and the messages are sent then.
                log.warning("%d messages could not be given back: %s", len(given_back), error)

    async def _deliver(self, message: MessageRow) -> None:
        try:
            await self._send(message)
        except asyncio.CancelledError:
            # We stop, and no server has got it.
            self._given_back.append(message)
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
            payload = json.loads(message.payload)
            if not await self._admit(message, payload):
                return
            await self._transport.send(
                compose(
                    message.kind,
                    self._with_links(payload),
                    recipient=message.recipient,
                    sender=self._sender,
                    message_id=message_id(message.dedupe_key, self._domain),
                    language=self._languages.find(message.locale),
                    request_id=message.request_id,
                )
            )
        except (PermanentMailError, BadRecipient) as error:
            await self._fail(message, str(error), None)
        except (TransientMailError, CannotCompose) as error:
            await self._fail(message, str(error), retry_delay(message.attempts))
        except Exception as error:
            # A fault of ours. It may be repaired, so the message is kept, and the others go out.
            log.exception("message %d (%s) failed", message.id, message.kind)
            await self._fail(message, f"{type(error).__name__}: {error}", retry_delay(message.attempts))
        else:
            self._mark(message)

    async def _admit(self, message: MessageRow, payload: dict[str, Any]) -> bool:
        """Return whether the message may go out now. One that others cause waits for its recipient's turn."""
        if self._counters is None or self._rate is None:
            return True
        if message.kind not in OTHERS_CAUSE and not payload.get("is_limited"):
            return True
        key = key_of("mails", message.recipient.casefold())
        taken = await self._counters.take(self._rate, key)
        if not taken.allowed:
            await self._database.transact(
                put_off,
                message_id=message.id,
                token=message.lease_token,
                seconds=seconds_to_wait(taken),
            )
        return taken.allowed

    def _with_links(self, payload: dict[str, Any]) -> dict[str, Any]:
        """Return the payload with its links. They are made now, so that no table holds one."""
        if "link" in payload:
            link = payload["link"]
            page = self._links.page(*link["page"].split("/"), self._tokens.token(link["seed"]))
            payload = {**payload, "link": page}
        if SEED in payload:
            seed = payload[SEED]
            return {**payload, "booking_url": seed and self._links.page("b", self._tokens.token(seed))}
        if "reference" in payload:  # queued by the release before
            page = self._links.page("b", self._booking_links.token(payload["reference"]))
            return {**payload, "booking_url": page}
        return payload

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
    """Return the domain that a sender's messages have in their Message-ID, which is ASCII."""
    address = parseaddr(sender)[1]
    if not address.isascii():
        with suppress(ValueError):
            address = parse_address(address).ascii
    return address.rpartition("@")[2] or "localhost"
