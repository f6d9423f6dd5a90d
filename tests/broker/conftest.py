"""A RabbitMQ for these tests, what was published there, and a process that works with it."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from typing import Any

import aio_pika
import pytest
from aiohttp import web

from bms.broker.topology import DEAD_QUEUE, EXCHANGE, QUEUE, declare
from bms.commands.messages.followers import FOLLOWERS
from bms.http import keys
from bms.settings import Settings
from bms.tasks.runner import background
from tests.kit.outgoing import Tray
from tests.kit.rabbit_server import RabbitServer
from tests.kit.scene import Scene
from tests.kit.waiting import until


@pytest.fixture(scope="session")
def rabbit(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RabbitServer]:
    server = RabbitServer(tmp_path_factory.mktemp("rabbit"))
    try:
        server.start()
        yield server
    finally:
        server.close()


class Tap:
    """A durable queue that gets everything that is published."""

    def __init__(self, url: str) -> None:
        self._url = url

    async def __call__(self) -> list[dict[str, Any]]:
        """Return the events that have come since the last time, in their order."""
        async with await aio_pika.connect(self._url) as connection:
            channel = await connection.channel()
            queue = await channel.get_queue("tap")
            events = []
            while (message := await queue.get(fail=False)) is not None:
                await message.ack()
                assert message.content_type == "application/cloudevents+json"
                assert message.delivery_mode is aio_pika.DeliveryMode.PERSISTENT
                events.append(json.loads(message.body) | {"routing key": message.routing_key})
            return events


@pytest.fixture
async def broker(rabbit: RabbitServer) -> RabbitServer:
    """The broker, with empty queues. A node that is killed soon after a queue is deleted may confuse them."""
    async with await aio_pika.connect(rabbit.url) as connection:
        channel = await connection.channel()
        await declare(channel, FOLLOWERS)
        for name in (QUEUE, DEAD_QUEUE):
            await (await channel.get_queue(name)).purge()
    return rabbit


@pytest.fixture
async def tap(broker: RabbitServer) -> Tap:
    async with await aio_pika.connect(broker.url) as connection:
        channel = await connection.channel()
        queue = await channel.declare_queue("tap", durable=True)
        await queue.bind(EXCHANGE, "#")
        await queue.purge()
    return Tap(broker.url)


@pytest.fixture
def settings(settings: Settings, broker: RabbitServer) -> Settings:
    """The settings of a process that has the broker."""
    return replace(settings, amqp_url=broker.url)


class Work:
    """The background work of a process with the broker. ``tray`` has the mail that it has sent."""

    def __init__(self, app: web.Application, settings: Settings) -> None:
        self._app = app
        self._settings = settings
        self.tray = Tray()

    @contextlib.asynccontextmanager
    async def going_on(self) -> AsyncIterator[None]:
        database, gateway = self._app[keys.DATABASE], self._app[keys.GATEWAY]
        async with background(database, self.tray, gateway, self._settings):
            yield

    def kinds(self) -> list[str]:
        """Return the kinds of the mails that were sent."""
        return [str(mail["X-BMS-Kind"]) for mail in self.tray.messages]


@pytest.fixture
def work(app: web.Application, settings: Settings) -> Work:
    return Work(app, settings)


async def published(scene: Scene, seconds: float = 20) -> None:
    """Return when the broker has confirmed all that was announced."""
    await until(lambda: scene.count("announcements", "to_publish = 1") == 0, seconds)


async def told(scene: Scene, seconds: float = 20) -> None:
    """Return when what follows from all that was announced is written and sent."""
    await until(lambda: scene.count("announcements", "state = 'NEW'") == 0, seconds)
    await until(lambda: scene.count("outbox", "state = 'PENDING'") == 0, seconds)
    await asyncio.sleep(0)
