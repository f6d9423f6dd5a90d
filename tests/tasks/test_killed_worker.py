"""A worker that is killed at any point loses no message and writes none twice."""

import asyncio
import contextlib
import random
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from bench.serving import environment
from bms.security.link_tokens import hash_of
from tests.kit.books import LONG_AGO, count
from tests.kit.scene import Scene
from tests.kit.types import MakeUser
from tests.kit.waiting import until

BUYERS = 12
BOOKINGS = 5  # of each
KILLS = 6

pytestmark = pytest.mark.slow_fan_out


@contextlib.contextmanager
def worker(directory: Path, url: str) -> Iterator["subprocess.Popen[bytes]"]:
    """Run ``bms worker``, which fans out and sends into files, and kill it at the end."""
    settings = environment(
        directory,
        BMS_DATABASE_URL=url,
        BMS_GATEWAY="simulated",
        BMS_PUBLIC_URL="http://127.0.0.1:8080",
        BMS_SECRET_KEY="a secret for tests, long enough for HS256",
    )
    with (directory / "worker.log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "bms.cli", "worker"], cwd=directory, env=settings, stdout=log, stderr=log
        )
    try:
        yield process
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()


def forget_leases(scene: Scene) -> None:
    """Let the time of every lease pass."""
    scene.rows("UPDATE leases SET leased_until = ?", LONG_AGO)
    scene.rows("UPDATE outbox SET leased_until = ? WHERE leased_until IS NOT NULL", LONG_AGO)


def is_open(scene: Scene) -> bool:
    """Return whether anything is still to be told."""
    return bool(scene.count("announcements", "state = 'NEW'") + scene.count("outbox", "state = 'PENDING'"))


async def test_a_worker_killed_again_and_again_tells_everybody_once(
    scene: Scene, make_user: MakeUser, tmp_path: Path, database_url: str
) -> None:
    event = await scene.on_sale(price="0.00", capacity=BUYERS * BOOKINGS)
    people = [await make_user() for _ in range(BUYERS)]
    for person in people:
        await asyncio.gather(*(scene.held(event=event, by=person) for _ in range(BOOKINGS)))
    dice = random.Random(7)
    kills = 0
    while is_open(scene):
        before = scene.count("outbox", "state = 'SENT'")
        with worker(tmp_path, database_url):
            # Long enough to send something. The last worker may send it all.
            await until(
                lambda before=before: not is_open(scene) or scene.count("outbox", "state = 'SENT'") > before,
                60,
            )
            if kills >= KILLS:
                await until(lambda: not is_open(scene), 60)
            await asyncio.sleep(dice.uniform(0, 0.05))
        kills += 1
        forget_leases(scene)
    bookings = BUYERS * BOOKINGS
    assert scene.count("outbox", "kind = 'booking_confirmed' AND state = 'SENT'") == bookings
    assert count(scene.rows, "notifications", "kind = 'booking_confirmed'") == bookings
    told = scene.rows("SELECT booking_id FROM notifications WHERE kind = 'booking_confirmed'")
    assert len({row.booking_id for row in told}) == bookings
    mails = [path.read_text() for path in (tmp_path / "mail").glob("booking_confirmed-*.eml")]
    assert len(mails) == bookings
    # A mail's link and the mail are written together: each opens its own booking, and no link is left over.
    tokens = {re.findall(r"/b/([\w-]{43})\b", mail.replace("=\n", ""))[0] for mail in mails}
    links = scene.rows("SELECT token_hash, reference FROM booking_links")
    assert {row.token_hash for row in links} == {hash_of(token) for token in tokens}
    assert len({row.reference for row in links}) == len(links) == bookings
    await scene.check()
