"""One fault: a site, the lives, the strike, the time until all is settled, and the proof."""

import asyncio
import contextlib
import itertools
import random
import secrets
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import pyodbc

from bench.chaos.client import LIMIT_SECONDS, Client
from bench.chaos.faults import Fault
from bench.chaos.lives import Business, World, buy, organize, prepare, register
from bench.chaos.post_office import PostOffice
from bench.chaos.proof import Proof, connect, prove
from bench.chaos.site import Site, another_clock, own_redis, small_disk
from bench.world import scratch_parent

BUYERS = 8
PROBE_SECONDS = 0.05
SETTLE_SECONDS = 120.0
DISK_MB = 420
NOT_TRIED = "not tried here"
STOP_LIMIT = 15.5  # seconds; a little for looking
SLOW = 1.0  # an answer that takes longer is as bad as none

NOW = "(now() AT TIME ZONE 'UTC')"
# What would take minutes in life. Nothing is done here that the service would not do by itself, later.
HURRY = (
    f"UPDATE outbox SET available_at = LEAST(available_at, {NOW}) WHERE state = 'PENDING'",
    f"UPDATE announcements SET available_at = LEAST(available_at, {NOW}) WHERE state = 'NEW'",
    f"UPDATE refunds SET retry_at = {NOW} WHERE status <> 'SUCCEEDED' AND retry_at IS NOT NULL",
    "UPDATE payments SET claimed_by = '' WHERE status = 'PROCESSING'",
)
OPEN = """
    SELECT (SELECT COUNT(*) FROM outbox WHERE state = 'PENDING')
         + (SELECT COUNT(*) FROM announcements WHERE state = 'NEW')
         + (SELECT COUNT(*) FROM refunds WHERE status = 'PENDING' OR (status = 'FAILED' AND attempts < 10))
         + (SELECT COUNT(*) FROM payments WHERE status = 'PROCESSING')
         + (SELECT COUNT(*) FROM bookings WHERE status = 'PENDING')
         + (SELECT COUNT(*) FROM event_cancellations WHERE finished_at IS NULL)
"""


@dataclass(frozen=True)
class Outcome:
    """What a fault did. Times are in seconds. ``problem`` says why the run could not be made."""

    fault: Fault
    proof: Proof | None = None
    outage: float = 0.0
    slowest: float = 0.0
    failed: int = 0
    refused: int = 0
    requests: int = 0
    stopped: float = 0.0
    settled: bool = True
    problem: str = ""

    @property
    def objections(self) -> list[str]:
        """Return what is not as it should be."""
        if self.proof is None:
            return [] if self.problem.startswith(NOT_TRIED) else [self.problem]
        found = list(self.proof.lost)
        if self.outage > self.fault.outage:
            found.append(f"nothing could be written for {self.outage:.1f} s")
        if not self.settled:
            found.append(f"not all was settled after {SETTLE_SECONDS:.0f} s")
        if self.stopped > STOP_LIMIT:
            found.append(f"stopping took {self.stopped:.1f} s")
        return found


def run(fault: Fault, seed: int) -> Outcome:
    """Let the fault strike a site of its own."""
    with contextlib.ExitStack() as stack:
        place = stack.enter_context(tempfile.TemporaryDirectory(prefix="bms-chaos-", dir=scratch_parent()))
        directory = Path(place)
        directory.chmod(0o755)
        post = stack.enter_context(PostOffice().serving())
        site = Site(directory, post, fault.workers, fault.separate_worker)
        try:
            if fault.small_disk:
                stack.enter_context(small_disk(directory, DISK_MB))
            if fault.two_clocks:
                another_clock(0)
            if fault.redis:
                site.redis_port, site.redis = stack.enter_context(own_redis(directory))
        except OSError as error:
            return Outcome(fault, problem=f"{NOT_TRIED}: {error}")
        try:
            return _strike(site, fault, random.Random(seed))
        except (RuntimeError, OSError) as error:
            log = site.directory / "service.log"
            end = log.read_text(errors="replace").splitlines()[-1:] if log.exists() else []
            return Outcome(fault, problem=f"{error} {' '.join(end)}")
        finally:
            site.stop()


def _strike(site: Site, fault: Fault, dice: random.Random) -> Outcome:
    site.start()
    world, probes = asyncio.run(_live(site, fault, dice))
    settled = _settle(site)
    proof = prove(site, world)
    site.stop()
    tries = world.log.tries
    return Outcome(
        fault,
        proof,
        outage=_longest_gap(probes),
        slowest=max((one.seconds for one in tries), default=0.0),
        failed=sum(one.status == 0 for one in tries),
        refused=sum(one.problem == "ClientConnectorError" for one in tries),
        requests=len(tries),
        stopped=max(site.stops, default=0.0),
        settled=settled,
    )


async def _live(site: Site, fault: Fault, dice: random.Random) -> tuple[World, list[tuple[float, float]]]:
    patience = aiohttp.ClientTimeout(total=LIMIT_SECONDS)
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(timeout=patience, connector=connector) as session:
        world = World(session, [site.url])
        world.dice = dice
        await prepare(world)
        prober = await register(world)
        probes: list[tuple[float, float]] = []
        lives = [asyncio.create_task(buy(world)) for _ in range(BUYERS)]
        lives += [asyncio.create_task(organize(world)), asyncio.create_task(_probe(world, *prober, probes))]
        try:
            await asyncio.sleep(dice.uniform(3.0, 6.0))
            await fault.strike(site, world, dice)
            await asyncio.sleep(fault.seconds)
        finally:
            world.ends.set()
            await asyncio.gather(*lives)
        return world, probes


async def _probe(world: World, user: int, client: Client, probes: list[tuple[float, float]]) -> None:
    """Write all the time: note when each write began that succeeded within a second, and when it ended."""
    event = world.events[3]
    while not world.ends.is_set():
        began = time.monotonic()
        one = Business("hold", user, secrets.token_hex(8), event, 1)
        world.businesses.append(one)
        body = {"event": event, "quantity": 1}
        asking = asyncio.create_task(client.once("POST", "/bookings", body, one.key))
        # The next one does not wait for one that hangs.
        await asyncio.wait([asking], timeout=SLOW)
        if not asking.done():
            asking.cancel()
            await asyncio.wait([asking])
        else:
            one.answers.append(asking.result())
            if asking.result().status in (201, 409):
                probes.append((began, time.monotonic()))
        await asyncio.sleep(PROBE_SECONDS)


def _longest_gap(probes: Sequence[tuple[float, float]]) -> float:
    """Return the longest time between two writes that succeeded, less the pause that there always is."""
    return max((b[1] - a[1] - PROBE_SECONDS for a, b in itertools.pairwise(probes)), default=0.0)


def _settle(site: Site) -> bool:
    """Wait until nothing is left to do, and hurry what would wait for minutes. Return whether it is done."""
    deadline = time.monotonic() + SETTLE_SECONDS
    while time.monotonic() < deadline:
        with contextlib.suppress(pyodbc.Error), closing(connect(site)) as connection:
            for statement in HURRY:
                connection.execute(statement)
            if connection.execute(OPEN).fetchval() == 0:
                return True
        time.sleep(1.0)
    return False


def several(faults: Sequence[tuple[str, Fault]], seed: int) -> Iterator[tuple[str, Outcome]]:
    """Yield the outcome of each fault."""
    for number, (name, fault) in enumerate(faults):
        yield name, run(fault, seed + number)
