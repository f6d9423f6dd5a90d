"""Announcements over a real RabbitMQ: published in order, told once, put away when nobody can take them."""

import asyncio
import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aio_pika
import jsonschema
import pytest
from aiohttp import ClientSession

from bms.broker import topology
from bms.broker.events import Event
from bms.broker.publisher import Publisher
from bms.broker.topology import DEAD_QUEUE, EXCHANGE, QUEUE
from bms.errors import BrokerUnavailable
from bms.tasks import consumer, relay, runner
from bms.tasks.fan_out import FanOut
from bms.tasks.relay import Relay
from tests.broker.conftest import Tap, Work, published, told
from tests.kit.promtool import loaded
from tests.kit.rabbit_server import RabbitServer
from tests.kit.scene import Scene
from tests.kit.waiting import until

pytestmark = [pytest.mark.slow, pytest.mark.slow_fan_out]

NOW = datetime(2026, 11, 27, tzinfo=UTC).replace(tzinfo=None)
DESCRIBED = json.loads((Path(__file__).parents[2] / "docs" / "asyncapi.json").read_text(encoding="utf-8"))


def messages_of(kind: str) -> dict[str, Any]:
    """Return the schema of the events of ``kind``, as their description has it."""
    name = next(iter(DESCRIBED["channels"][kind]["messages"]))
    schema: dict[str, Any] = DESCRIBED["components"]["messages"][name]["payload"]
    return schema | {"components": DESCRIBED["components"]}


async def test_a_sale_is_published_as_it_is_described(scene: Scene, work: Work, tap: Tap) -> None:
    booking = await scene.paid()
    async with work.going_on():
        await published(scene)
    events = await tap()
    for event in events:
        jsonschema.validate(event, messages_of(event["routing key"]), cls=jsonschema.Draft202012Validator)
    # Those that nothing here follows, too.
    assert {"booking.held", "payment.succeeded", "booking.confirmed"} <= {e["routing key"] for e in events}
    of_booking = [e["type"] for e in events if e["subject"] == f"booking/{booking['id']}"]
    assert of_booking == ["bms.booking.held", "bms.booking.confirmed"]


async def test_the_consumer_tells_of_it(scene: Scene, work: Work) -> None:
    # Far from the time after which the fan-out does it by itself.
    await scene.paid()
    async with work.going_on():
        await told(scene, seconds=20)
    assert work.kinds().count("booking_confirmed") == 1
    assert scene.count("notifications", "kind = 'booking_confirmed'") == 1


async def test_the_id_of_a_request_reaches_the_broker_and_the_mail(
    scene: Scene, work: Work, tap: Tap
) -> None:
    booking = await scene.held()
    reply = await scene.pay(booking, headers={"X-Request-Id": "from-the-client:1"})
    assert reply.status == 201
    async with work.going_on():
        await told(scene)
        await published(scene)
    (confirmed,) = [event for event in await tap() if event["type"] == "bms.booking.confirmed"]
    assert confirmed["requestid"] == "from-the-client:1"
    (mail,) = [mail for mail in work.tray.messages if mail["X-BMS-Kind"] == "booking_confirmed"]
    assert mail["X-Request-Id"] == "from-the-client:1"


async def test_holders_are_told_over_the_broker_too(scene: Scene, work: Work) -> None:
    await scene.paid()
    message = {"event": scene.event["id"], "message": "The doors open at seven."}
    sent = await scene.api.post("/notifications", message, token=scene.organiser.token)
    assert sent.status in (201, 202), sent.text
    async with work.going_on():
        await told(scene)
    assert work.kinds().count("organizer_message") == 1


async def test_while_the_broker_is_down_mail_goes_out_and_events_follow(
    scene: Scene, work: Work, tap: Tap, broker: RabbitServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner, "UNCONFIRMED_SECONDS", 1)
    monkeypatch.setattr(runner, "PAUSE_AFTER_ERROR", 0.5)
    monkeypatch.setattr(relay, "PAUSE", 0.5)
    broker.kill()
    try:
        await scene.paid()
        async with work.going_on():
            await told(scene)
            assert work.kinds().count("booking_confirmed") == 1
            assert scene.count("announcements", "to_publish = 1") > 0
            await asyncio.to_thread(broker.start)
            await published(scene, seconds=60)
            await until(lambda: scene.count("announcements", "state = 'NEW'") == 0)
    finally:
        if not broker._accepts():
            broker.start()
    assert "bms.booking.confirmed" in [event["type"] for event in await tap()]
    # Its message came to the consumer as well, and changed nothing.
    assert work.kinds().count("booking_confirmed") == 1
    assert scene.count("notifications", "kind = 'booking_confirmed'") == 1


async def test_the_fan_out_leaves_to_the_broker_what_is_new(scene: Scene) -> None:
    await scene.paid()
    patient = FanOut(
        scene.db, consumer.Languages(), consumer.LinkTokens("x"), wait=runner.UNCONFIRMED_SECONDS
    )
    assert await patient.run() == 0
    scene.rows("UPDATE announcements SET available_at = '2001-01-01'")
    assert await patient.run() > 0
    assert scene.count("outbox", "kind = 'booking_confirmed'") == 1


async def test_a_repeat_changes_nothing(scene: Scene, work: Work, tap: Tap) -> None:
    await scene.paid()
    async with work.going_on():
        await told(scene)
        # As if the relay had died between the confirmation and its note of it.
        scene.rows("UPDATE announcements SET to_publish = 1")
        await published(scene)
        await until(lambda: scene.count("announcements", "state = 'NEW'") == 0)
    ids = [event["id"] for event in await tap()]
    assert len(ids) == 2 * len(set(ids))
    assert work.kinds().count("booking_confirmed") == 1
    assert scene.count("notifications", "kind = 'booking_confirmed'") == 1


async def depth(broker: RabbitServer, queue: str) -> int:
    async with await aio_pika.connect(broker.url) as connection:
        declared = await (await connection.channel()).declare_queue(queue, passive=True)
        return declared.declaration_result.message_count or 0


async def has_depth(broker: RabbitServer, queue: str, wanted: int) -> None:
    async with asyncio.timeout(30):
        while await depth(broker, queue) != wanted:  # noqa: ASYNC110  # the broker sets no event
            await asyncio.sleep(0.1)


@pytest.mark.parametrize("body", [b"", b"\xff", b"[]", b'{"id": "7"}', b'{"id": 7, "type": "bms.x"}'])
async def test_what_is_not_ours_is_put_away(
    scene: Scene, work: Work, broker: RabbitServer, body: bytes
) -> None:
    async with work.going_on():
        await published(scene)
        async with await aio_pika.connect(broker.url) as connection:
            exchange = await (await connection.channel()).get_exchange(EXCHANGE)
            await exchange.publish(aio_pika.Message(body), "booking.confirmed")
        await has_depth(broker, DEAD_QUEUE, 1)
        # Others are read on.
        await scene.paid()
        await told(scene)
    assert work.kinds().count("booking_confirmed") == 1


async def test_prometheus_is_told_of_what_was_put_away(
    scene: Scene, work: Work, broker: RabbitServer
) -> None:
    """The figure that an alert of deploy/ waits for, asked for as Prometheus is configured there."""
    (job,) = [job for job in loaded("prometheus.yml")["scrape_configs"] if job["job_name"] == "rabbitmq"]
    url = f"http://127.0.0.1:{broker.figures_port}{job['metrics_path']}"
    put_away = re.compile(rf'^rabbitmq_detailed_queue_messages{{.*queue="{DEAD_QUEUE}".*}} 1$', re.M)

    async def told() -> bool:
        async with ClientSession() as client, client.get(url, params=job["params"]) as reply:
            return bool(put_away.search(await reply.text()))

    assert not await told()
    async with work.going_on(), await aio_pika.connect(broker.url) as connection:
        exchange = await (await connection.channel()).get_exchange(EXCHANGE)
        await exchange.publish(aio_pika.Message(b"no event"), "booking.confirmed")
        async with asyncio.timeout(30):
            while not await told():  # noqa: ASYNC110  # Prometheus sets no event
                await asyncio.sleep(0.2)


async def test_what_cannot_be_taken_is_delivered_a_bounded_number_of_times(
    scene: Scene, work: Work, broker: RabbitServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries = []

    def refuse(*_: Any, ids: list[int], **__: Any) -> list[int]:
        tries.append(ids)
        raise RuntimeError("it never works")

    monkeypatch.setattr(consumer, "fan_out_arrived", refuse)
    scene.rows("DELETE FROM announcements")
    await scene.paid()
    async with work.going_on():
        await has_depth(broker, DEAD_QUEUE, 1)
        assert await depth(broker, QUEUE) == 0
    alone = [ids for ids in tries if len(ids) == 1]
    assert len(alone) == topology.MAX_DELIVERIES + 1
    # The row is new still, and is told of here after its time.
    assert scene.count("announcements", "state = 'NEW'") == 1


async def test_no_broker_and_no_rights_are_told_without_the_password(broker: RabbitServer) -> None:
    event = Event(1, "booking.held", "booking", 1, "{}", None, NOW)
    wrong = broker.url.replace("guest:guest", "guest:hunter2")
    for url in (wrong, "amqp://guest:hunter2@127.0.0.1:1/"):
        with pytest.raises(BrokerUnavailable) as refused:
            await Publisher(url, source="urn:bms", kinds=()).publish([event])
        assert "hunter2" not in str(refused.value)


async def test_two_relays_take_turns(scene: Scene, broker: RabbitServer, tap: Tap) -> None:
    for _ in range(5):
        await scene.paid()
    publishers = [Publisher(broker.url, source="urn:bms", kinds=()) for _ in range(3)]
    await asyncio.gather(*(Relay(scene.db, publisher).run() for publisher in publishers))
    for publisher in publishers:
        await publisher.close()
    ids = [event["id"] for event in await tap()]
    assert len(ids) == len(set(ids)) == scene.count("announcements")
