"""What BMS has at the broker, and how it gets there.

``bms`` is the topic exchange that everything is published to, with the kind as the routing key. Others bind
queues of their own. ``bms.notifications`` is the queue of the notification service: replicated on disk (a
quorum queue), read by one process at a time, so that messages of one subject keep their order. What it cannot
take, or took down its reader too often, is kept in ``bms.notifications.dead``.
"""

import asyncio
import logging
from collections.abc import Iterable
from functools import cache
from typing import TYPE_CHECKING, Any

from bms.errors import BrokerUnavailable, ConfigurationError

if TYPE_CHECKING:
    from aio_pika.abc import AbstractChannel, AbstractConnection, AbstractExchange, AbstractQueue

EXCHANGE = "bms"
QUEUE = "bms.notifications"
DEAD_EXCHANGE = "bms.dead"
DEAD_QUEUE = "bms.notifications.dead"

CONNECT_SECONDS = 5.0
HEARTBEAT = 10  # seconds between signs of life; a broker that gives none in twice as long is gone
MAX_DELIVERIES = 20  # of one message, the lost connections of its reader among them

# The client logs a traceback for each connection that it loses. BMS says so in a line.
logging.getLogger("aiormq").setLevel(logging.CRITICAL)

_QUORUM: dict[str, Any] = {"x-queue-type": "quorum"}
_NOTIFICATIONS = _QUORUM | {
    "x-single-active-consumer": True,
    "x-delivery-limit": MAX_DELIVERIES,
    "x-dead-letter-exchange": DEAD_EXCHANGE,
    "x-dead-letter-routing-key": QUEUE,
    # No message is lost on its way there; for that the queue may refuse, but not drop.
    "x-dead-letter-strategy": "at-least-once",
    "x-overflow": "reject-publish",
}


def check_client() -> None:
    """Raise ConfigurationError unless the client of the broker is installed."""
    try:
        import aio_pika  # noqa: F401
    except ImportError:
        raise ConfigurationError(
            "BMS_AMQP_URL needs the broker's client: pip install 'bms-tickets[amqp]'"
        ) from None


async def connect(url: str) -> "AbstractConnection":
    """Return a connection. Raises BrokerUnavailable."""
    import aio_pika

    try:
        return await aio_pika.connect(
            url,
            timeout=CONNECT_SECONDS,
            heartbeat=HEARTBEAT,
            client_properties={"connection_name": "BMS"},
            connection_class=_connection_class(),
        )
    except (aio_pika.exceptions.AMQPError, OSError, TimeoutError, asyncio.CancelledError) as error:
        _unless_cancelled(error)
        raise BrokerUnavailable(f"The broker cannot be reached: {describe(error)}") from None


@cache
def _connection_class() -> "type[AbstractConnection]":
    import aio_pika

    class Connection(aio_pika.Connection):
        """Closed by those who open it. The client's own has the garbage collector close what never opened."""

        def __del__(self) -> None:
            pass

    return Connection


async def declare(
    channel: "AbstractChannel", kinds: Iterable[str]
) -> "tuple[AbstractExchange, AbstractQueue]":
    """Return the exchange and the queue of notifications, made unless they are there. It gets ``kinds``."""
    from aio_pika import ExchangeType

    exchange = await channel.declare_exchange(EXCHANGE, ExchangeType.TOPIC, durable=True)
    dead = await channel.declare_exchange(DEAD_EXCHANGE, ExchangeType.DIRECT, durable=True)
    letters = await channel.declare_queue(DEAD_QUEUE, durable=True, arguments=_QUORUM)
    await letters.bind(dead, QUEUE)
    queue = await channel.declare_queue(QUEUE, durable=True, arguments=_NOTIFICATIONS)
    for kind in kinds:
        await queue.bind(exchange, kind)
    return exchange, queue


def describe(error: BaseException) -> str:
    """Return what went wrong, in a line."""
    name, text = type(error).__name__, str(error)
    return name if not text or " object at " in text else f"{name}: {text}"


def _unless_cancelled(error: BaseException) -> None:
    """Raise ``error`` if this task was cancelled. The client raises it for connections that it has lost."""
    task = asyncio.current_task()
    if isinstance(error, asyncio.CancelledError) and task is not None and task.cancelling():
        raise error
