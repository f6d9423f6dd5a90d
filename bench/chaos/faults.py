"""The faults: each strikes the site while people live their lives there, and most of them end again."""

import asyncio
import random
import shutil
import signal
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from bench.chaos.lives import World, cancel_an_event, move_an_event
from bench.chaos.post_office import Manner
from bench.chaos.site import Site, another_clock, free_port, kill, start_redis

CLOCKS_APART = 45  # seconds, for which tokens of another server have leeway

Strike = Callable[[Site, World, random.Random], Awaitable[None]]


@dataclass(frozen=True)
class Fault:
    """A fault and what it may cost: ``outage`` is how many seconds at most nothing may be written.

    ``seconds`` is how long people go on after the strike has ended.
    """

    words: str
    strike: Strike
    outage: float
    workers: int = 2
    separate_worker: bool = False
    redis: bool = False
    small_disk: bool = False
    two_clocks: bool = False
    seconds: float = 6.0


async def _nothing(site: Site, world: World, dice: random.Random) -> None:
    pass


async def _restart(site: Site) -> None:
    """Start the service again, as the system's manager does."""
    assert site.serves is not None
    await asyncio.to_thread(site.serves.wait)
    for _ in range(20):
        process = site.run("serve", site.port)
        try:
            await asyncio.to_thread(site.await_ready, site.port, process)
        except RuntimeError:
            await asyncio.sleep(0.5)  # The port may not be free yet.
            continue
        site.serves = process
        return
    raise RuntimeError("the service does not start again")


async def _kill_parent(site: Site, world: World, dice: random.Random) -> None:
    assert site.serves is not None
    kill(site.serves.pid)
    await _restart(site)


async def _kill_one_of_two(site: Site, world: World, dice: random.Random) -> None:
    for _ in range(3):
        kill(dice.choice(site.children()[:2]))
        await asyncio.sleep(4)


async def _kill_worker(site: Site, world: World, dice: random.Random) -> None:
    assert site.works is not None
    kill(site.works.pid)
    site.works.wait()
    await asyncio.sleep(8)
    site.works = site.run("worker", site.port)


async def _kill_postgres(site: Site, world: World, dice: random.Random) -> None:
    kill(site.postgres()[0])
    await asyncio.sleep(10)


async def _kill_backend(site: Site, world: World, dice: random.Random) -> None:
    kill(dice.choice(site.postgres()[1:]))
    await asyncio.sleep(6)


def _freeze(seconds: float) -> Strike:
    async def strike(site: Site, world: World, dice: random.Random) -> None:
        pids = site.postgres()
        kill(*pids, with_signal=signal.SIGSTOP)
        await asyncio.sleep(seconds)
        kill(*pids, with_signal=signal.SIGCONT)
        await asyncio.sleep(3)

    return strike


async def _fill_disk(site: Site, world: World, dice: random.Random) -> None:
    ballast = site.directory / "ballast"
    with ballast.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(b"\0" * 65_536)
        except OSError:
            pass
    await asyncio.sleep(12)
    ballast.unlink()
    await asyncio.sleep(12)


def _mail(manner: Manner, seconds: float = 15.0) -> Strike:
    async def strike(site: Site, world: World, dice: random.Random) -> None:
        await asyncio.to_thread(site.post.behave, manner)
        await asyncio.sleep(seconds)
        await asyncio.to_thread(site.post.behave, Manner.WELL)

    return strike


async def _lose_redis(site: Site, world: World, dice: random.Random) -> None:
    program = shutil.which("redis-server")
    assert program is not None
    assert site.redis_port is not None
    assert site.redis is not None
    kill(site.redis.pid)
    site.redis.wait()
    await asyncio.sleep(8)
    site.redis = start_redis(program, site.directory, site.redis_port)


async def _second_server(
    site: Site, world: World, dice: random.Random, seconds: float = 6, **environment: str
) -> None:
    port = free_port()
    second = site.run("serve", port, **environment)
    await asyncio.to_thread(site.await_ready, port, second)
    world.bases.append(f"http://127.0.0.1:{port}")
    await asyncio.sleep(seconds)
    world.bases.pop()
    kill(*site.server_processes(second), second.pid)
    await asyncio.sleep(2)


async def _two_clocks(site: Site, world: World, dice: random.Random) -> None:
    for seconds in (-CLOCKS_APART, CLOCKS_APART):
        await _second_server(site, world, dice, 8, **another_clock(seconds))


async def _reload(site: Site, world: World, dice: random.Random) -> None:
    assert site.serves is not None
    for _ in range(2):
        before = set(site.children()[:2])
        kill(site.serves.pid, with_signal=signal.SIGHUP)
        for _ in range(150):
            await asyncio.sleep(0.2)
            if not before & set(site.children()):
                break


async def _kill_any(site: Site, dice: random.Random) -> None:
    """Kill a server process, as soon as there is one."""
    while not (living := site.children()[:2]):  # noqa: ASYNC110  # another process sets no event here
        await asyncio.sleep(0.05)  # Kills that follow each other fast leave none.
    kill(dice.choice(living))


async def _kill_while_an_event_is_cancelled(site: Site, world: World, dice: random.Random) -> None:
    cancelling = asyncio.create_task(cancel_an_event(world))
    for _ in range(4):
        await asyncio.sleep(dice.uniform(0.1, 0.8))
        await _kill_any(site, dice)
    await cancelling
    await asyncio.sleep(4)


async def _kill_while_holders_are_told(site: Site, world: World, dice: random.Random) -> None:
    await asyncio.sleep(8)  # until there are some holders
    await move_an_event(world)
    for _ in range(5):
        await _kill_any(site, dice)
        await asyncio.sleep(dice.uniform(0.05, 0.5))
    await asyncio.sleep(4)


async def _stop_while_mail_hangs(site: Site, world: World, dice: random.Random) -> None:
    assert site.serves is not None
    await asyncio.to_thread(site.post.behave, Manner.HANGS)
    await asyncio.sleep(5)
    await asyncio.to_thread(_terminate, site)
    await asyncio.to_thread(site.post.behave, Manner.WELL)
    await _restart(site)


async def _stop_while_postgres_is_frozen(site: Site, world: World, dice: random.Random) -> None:
    pids = site.postgres()
    kill(*pids, with_signal=signal.SIGSTOP)
    await asyncio.sleep(3)
    await asyncio.to_thread(_terminate, site)
    kill(*pids, with_signal=signal.SIGCONT)
    await _restart(site)


def _terminate(site: Site) -> None:
    site.stop()


FAULTS = {
    "none": Fault("nothing", _nothing, 2.0, seconds=10.0),
    "one-of-two": Fault("one of two server processes is killed, three times", _kill_one_of_two, 3.0),
    "alone": Fault("the only server process is killed and started again", _kill_parent, 60.0, workers=1),
    "parent": Fault("the parent of two server processes is killed and started again", _kill_parent, 60.0),
    "worker": Fault(
        "bms worker is killed, and started again 8 s later", _kill_worker, 2.0, separate_worker=True
    ),
    "postgres": Fault("PostgreSQL is killed", _kill_postgres, 8.0),
    "backend": Fault("one of PostgreSQL's processes is killed", _kill_backend, 6.0),
    "frozen-10": Fault("PostgreSQL stands still for 10 s", _freeze(10.0), 15.0),
    "frozen-60": Fault("PostgreSQL stands still for 60 s", _freeze(60.0), 70.0),
    "disk": Fault("the disk is full for 12 s", _fill_disk, 30.0, small_disk=True),
    "smtp-dead": Fault("the mail server is gone for 15 s", _mail(Manner.DEAD), 2.0),
    "smtp-4xx": Fault("the mail server puts everything off for 15 s", _mail(Manner.LATER), 2.0),
    "smtp-5xx": Fault("the mail server refuses everything for 30 s", _mail(Manner.NEVER, 30.0), 2.0),
    "smtp-hangs": Fault("the mail server does not answer for 15 s", _mail(Manner.HANGS), 2.0),
    "smtp-drops": Fault("the mail server drops every message for 15 s", _mail(Manner.DROPS), 2.0),
    "redis": Fault("Redis is gone for 8 s", _lose_redis, 3.0, redis=True),
    "two-servers": Fault("a second server uses the directory, and is killed", _second_server, 3.0),
    "reload": Fault("every server process is replaced, twice", _reload, 2.0),
    "event": Fault(
        "processes are killed while an event is cancelled", _kill_while_an_event_is_cancelled, 10.0
    ),
    "fan-out": Fault(
        "processes are killed while holders are told of a move", _kill_while_holders_are_told, 10.0
    ),
    "clocks": Fault(
        f"the clock of a second server is {CLOCKS_APART} s slow, then as much fast",
        _two_clocks,
        3.0,
        two_clocks=True,
    ),
    "stop-mail": Fault(
        "the service is stopped while mail hangs, and started again", _stop_while_mail_hangs, 30.0
    ),
    "stop-frozen": Fault(
        "the service is stopped while PostgreSQL stands still, and started again",
        _stop_while_postgres_is_frozen,
        40.0,
    ),
}
QUICK = ("one-of-two", "postgres", "reload")
