"""Reading the queue of notifications, in order and a batch at a time."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterable
from typing import Any, Protocol

from bms.broker.topology import CONNECT_SECONDS, connect, declare, describe
from bms.errors import BrokerUnavailable

PREFETCH = 200  # messages that the broker hands out before the first of them is done


class Delivery(Protocol):
    """A message that the broker has handed out, and waits to hear of."""

    @property
    def body(self) -> bytes: ...
    async def ack(self) -> None: ...
    async def reject(self, requeue: bool = False) -> None: ...


class Subscription:
    """The messages of the queue, from the first to the end of the connection."""

    def __init__(self) -> None:
        # None is the end.
        self._arrived: asyncio.Queue[Delivery | None] = asyncio.Queue()

    async def batch(self) -> list[Delivery]:
        """Return the messages that have arrived, at least one. Raises BrokerUnavailable at the end."""
        batch = [await self._arrived.get()]
        while len(batch) < PREFETCH and not self._arrived.empty():
            batch.append(self._arrived.get_nowait())
        messages = [message for message in batch if message is not None]
        if len(messages) < len(batch):
            # What came before the end is delivered again. Nobody could acknowledge it now.
            self._arrived.put_nowait(None)
            raise BrokerUnavailable("The connection to the broker is lost")
        return messages

    async def take(self, message: Any) -> None:
        """Note a message that has arrived."""
        self._arrived.put_nowait(message)

    def end(self, *_: object) -> None:
        """Note that nothing more arrives."""
        self._arrived.put_nowait(None)


@contextlib.asynccontextmanager
async def subscribed(url: str, kinds: Iterable[str]) -> AsyncIterator[Subscription]:
    """Read the queue, which gets ``kinds``, while the block runs. Raises BrokerUnavailable.

    Another process may read it just now. Then nothing arrives until that one ends.
    """
    from aio_pika.exceptions import AMQPError, ChannelInvalidStateError

    connection = await connect(url)
    subscription = Subscription()
    connection.close_callbacks.add(subscription.end)
    try:
        async with asyncio.timeout(2 * CONNECT_SECONDS):
            channel = await connection.channel()
            channel.close_callbacks.add(subscription.end)
            await channel.set_qos(prefetch_count=PREFETCH)
            _, queue = await declare(channel, kinds)
            await queue.consume(subscription.take)
        yield subscription
    except (AMQPError, ChannelInvalidStateError, OSError, TimeoutError) as error:
        raise BrokerUnavailable(f"The broker refuses: {describe(error)}") from None
    finally:
        with contextlib.suppress(Exception):
            await connection.close()
