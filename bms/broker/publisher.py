"""Publishing events: persistent, confirmed by the broker, those of one subject one after the other."""

import asyncio
import contextlib
import datetime as dt
from collections import deque
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from bms.broker.events import CONTENT_TYPE, Event, encode
from bms.broker.topology import check_client, connect, declare, describe
from bms.errors import BrokerUnavailable

if TYPE_CHECKING:
    from aio_pika.abc import AbstractConnection, AbstractExchange

CONFIRM_SECONDS = 10.0


class Publisher:
    """Publishes to the broker at ``url``, over one connection that is made when it is needed.

    ``source`` names this service in its events. ``kinds`` are those that the notifications want: their queue
    is there before anything is published, or the first events would go nowhere.
    """

    def __init__(self, url: str, *, source: str, kinds: Iterable[str]) -> None:
        """Raises ConfigurationError if the client of the broker is not installed."""
        check_client()
        self._url = url
        self._source = source
        self._kinds = tuple(kinds)
        self._connection: AbstractConnection | None = None
        self._exchange: AbstractExchange | None = None

    async def publish(self, events: Sequence[Event]) -> list[int]:
        """Publish ``events`` and return the ids of those that the broker has confirmed.

        The next event of a subject is sent when the one before it is confirmed, so that none can overtake
        another. Raises BrokerUnavailable if none is confirmed.
        """
        exchange = await self._open()
        waiting: dict[tuple[str, int], deque[Event]] = {}
        for event in events:
            waiting.setdefault((event.subject, event.subject_id), deque()).append(event)
        confirmed: list[int] = []
        failure: BaseException | None = None
        while waiting:
            firsts = {subject: queue[0] for subject, queue in waiting.items()}
            outcomes = await asyncio.gather(
                *(self._send(exchange, event) for event in firsts.values()), return_exceptions=True
            )
            for (subject, event), outcome in zip(firsts.items(), outcomes, strict=True):
                waiting[subject].popleft()
                if outcome is None:
                    confirmed.append(event.id)
                else:
                    failure = outcome
                if outcome is not None or not waiting[subject]:
                    del waiting[subject]
        if failure is not None:
            await self.close()
            if not confirmed:
                raise BrokerUnavailable(f"The broker confirms nothing: {describe(failure)}")
        return confirmed

    async def close(self) -> None:
        """Close the connection. The next event opens another."""
        connection, self._connection, self._exchange = self._connection, None, None
        if connection is not None:
            with contextlib.suppress(Exception):
                await connection.close()

    async def _open(self) -> "AbstractExchange":
        from aio_pika.exceptions import AMQPError, ChannelInvalidStateError

        if self._exchange is None or self._connection is None or self._connection.is_closed:
            await self.close()
            self._connection = await connect(self._url)
            try:
                async with asyncio.timeout(CONFIRM_SECONDS):
                    channel = await self._connection.channel(publisher_confirms=True)
                    self._exchange, _ = await declare(channel, self._kinds)
            except (AMQPError, ChannelInvalidStateError, OSError, TimeoutError) as error:
                await self.close()
                raise BrokerUnavailable(f"The broker refuses: {describe(error)}") from None
        return self._exchange

    async def _send(self, exchange: "AbstractExchange", event: Event) -> None:
        """Send one event. Returns when it is confirmed; raises whatever the client does if it is not."""
        from aio_pika import DeliveryMode, Message

        message = Message(
            encode(event, self._source),
            content_type=CONTENT_TYPE,
            delivery_mode=DeliveryMode.PERSISTENT,
            message_id=str(event.id),
            correlation_id=event.request_id,
            timestamp=event.created_at.replace(tzinfo=dt.UTC),
            type=event.kind,
            app_id="bms",
        )
        # Not mandatory: most kinds have no reader here, and anybody may bind a queue.
        await exchange.publish(message, event.kind, mandatory=False, timeout=CONFIRM_SECONDS)
