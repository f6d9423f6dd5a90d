"""The limit from end to end, small: a world, a booking taken down, both scripts played by pgbench."""

import asyncio
import contextlib
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from aiohttp.test_utils import TestServer

from bench import limit, tape, world
from bench.limit import AS_SENT, LEAN, Limit, measure_limit
from bench.serving import NO_LIMITS, Server, check_books
from bench.tape import tape_booking
from bench.world import World, make_world
from bms import settings as settings_module
from bms.app import create_app
from bms.serve import database_url

COUNTS = """
    SELECT (SELECT count(*) FROM bookings), (SELECT count(*) FROM booking_lines),
           (SELECT count(*) FROM idempotency_keys), (SELECT count(*) FROM outbox),
           (SELECT count(DISTINCT ticket_type_id) FROM booking_lines),
           (SELECT count(DISTINCT user_id) FROM bookings)
"""


PLAYED = 30  # transactions of each script, by each client


@contextlib.contextmanager
def served_from_here(data_dir: Path, processes: int = 1) -> Iterator[Server]:
    """Serve what ``bms serve`` would, without a start of Python each time."""
    settings = settings_module.load(
        {**NO_LIMITS, "BMS_DATA_DIR": str(data_dir), "BMS_DEMO_DATA": "off"}, data_dir / "none"
    )
    url, stop, started = database_url(settings), asyncio.Event(), threading.Event()
    loop = asyncio.new_event_loop()
    bases: list[str] = []

    async def serve() -> None:
        async with TestServer(create_app(settings, url)) as running:
            bases.append(str(running.make_url("")).rstrip("/"))
            started.set()
            await stop.wait()

    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),))
    thread.start()
    try:
        assert started.wait(20)
        yield Server(bases[0], 0, processes)
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join()
        loop.close()


@pytest.mark.embedded_only("pgbench plays on a server of its own")
async def test_both_scripts_book_and_the_books_balance(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(world, "BUYERS", 12)
    monkeypatch.setattr(world, "EVENTS", 6)
    monkeypatch.setattr(limit, "CLIENTS", (2,))
    monkeypatch.setattr(limit, "_length", lambda _: f"--transactions={PLAYED}")
    monkeypatch.setattr(world, "bms_server", served_from_here)
    monkeypatch.setattr(tape, "bms_server", served_from_here)
    counted: dict[str, list[int]] = {}

    def measure(made: World) -> list[Limit]:
        script = tape_booking(made)
        counted["taped"] = list(made.rows(COUNTS)[0])
        found = []
        for one in measure_limit(made, script, kinds=(True,), seconds=1):
            counted[one.statements] = list(made.rows(COUNTS, limit.DATABASE)[0])
            found.append(one)
        # One ticket that nobody sold is missing, and that is seen.
        made.rows(f"UPDATE ticket_types SET available = available - 1 WHERE id = {made.hot.ticket_type_id}")
        assert check_books(made.data_dir).startswith("BROKEN")
        return found

    def run() -> list[Limit]:
        with make_world(tmp_path) as made:
            return measure(made)

    found = await asyncio.to_thread(run)
    assert [one.statements for one in found] == [AS_SENT, LEAN]
    taped, sent, lean = counted["taped"], counted[AS_SENT], counted[LEAN]
    assert taped[0] == taped[1] == taped[2] == 20
    # Each transaction was a booking with its line and its key, of several users and every ticket type.
    played = 2 * PLAYED
    assert sent[:3] == [taped[0] + played] * 3
    assert (sent[3], sent[4]) == (taped[3], 6)
    assert sent[5] > 6
    # The five write no key, and a message instead.
    added = [after - before for after, before in zip(lean, sent, strict=True)]
    assert added[:4] == [played, played, 0, played]
