"""Events as the broker carries them, and publishing them one after the other."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from bms.broker.events import Event, NotOurs, encode, read_id
from bms.broker.publisher import Publisher
from bms.broker.topology import describe
from bms.errors import BrokerUnavailable
from bms.settings import Settings
from bms.tasks.runner import make_publisher
from bms.terms import Service

NOW = datetime(2026, 11, 27, tzinfo=UTC).replace(tzinfo=None)


def event(key: int, subject_id: int = 1) -> Event:
    return Event(key, "booking.held", "booking", subject_id, '{"x":1}', None, NOW)


def test_the_id_of_what_was_encoded_is_read() -> None:
    assert read_id(encode(event(12345678901234), "urn:bms")) == 12345678901234


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\xff\xfe",
        b"7",
        b"[]",
        b"{}",
        encode(event(7), "urn:bms").replace(b"bms.booking", b"org.other"),
        encode(event(7), "urn:bms").replace(b'"7"', b'"seven"'),
    ],
)
def test_what_is_not_ours_is_refused(body: bytes) -> None:
    with pytest.raises(NotOurs):
        read_id(body)


class Exchange:
    """Stands for the broker: it refuses some events, and takes its time for the others."""

    def __init__(self, *refused: str) -> None:
        self.refused = set(refused)
        self.sent: list[str] = []
        self.confirmed: list[str] = []

    async def publish(self, message: Any, *_: Any, **__: Any) -> None:
        key = message.message_id
        self.sent.append(key)
        await asyncio.sleep(0.001 * (10 - int(key) % 10))  # the later ones are quicker
        if key in self.refused:
            raise RuntimeError("refused")
        self.confirmed.append(key)


@pytest.fixture
def exchange(monkeypatch: pytest.MonkeyPatch) -> Exchange:
    made = Exchange()

    async def opened(_: Publisher) -> Exchange:
        return made

    monkeypatch.setattr(Publisher, "_open", opened)
    return made


async def publish(*events: Event) -> list[int]:
    return await Publisher("amqp://nowhere", source="urn:bms", kinds=()).publish(events)


async def test_events_of_one_subject_are_sent_one_after_the_other(exchange: Exchange) -> None:
    assert sorted(await publish(event(1), event(2), event(3), event(11, 2), event(12, 2))) == [
        1,
        2,
        3,
        11,
        12,
    ]
    assert [key for key in exchange.confirmed if int(key) < 10] == ["1", "2", "3"]
    assert [key for key in exchange.confirmed if int(key) > 10] == ["11", "12"]


async def test_together_they_would_overtake_each_other(exchange: Exchange) -> None:
    """The twin of the test above: each as a subject of its own."""
    await publish(*(event(key, subject_id=key) for key in (1, 2, 3)))
    assert exchange.confirmed == ["3", "2", "1"]


async def test_none_goes_before_one_that_was_refused(exchange: Exchange) -> None:
    exchange.refused.add("2")
    assert sorted(await publish(event(1), event(2), event(3), event(11, 2))) == [1, 11]
    assert "3" not in exchange.sent


async def test_when_nothing_is_confirmed_it_is_said(exchange: Exchange) -> None:
    exchange.refused |= {"1", "2"}
    with pytest.raises(BrokerUnavailable, match="RuntimeError: refused"):
        await publish(event(1), event(2, 2))


def test_a_failure_is_told_in_a_line() -> None:
    assert describe(TimeoutError()) == "TimeoutError"
    assert describe(ValueError("no")) == "ValueError: no"
    assert describe(ValueError(object())) == "ValueError"


def test_only_the_service_of_notifications_publishes(settings: Settings) -> None:
    assert make_publisher(settings) is None
    with_broker = replace(settings, amqp_url="amqp://nowhere")
    assert make_publisher(with_broker) is not None
    others = replace(with_broker, services=frozenset(Service) - {Service.NOTIFICATIONS})
    assert make_publisher(others) is None
