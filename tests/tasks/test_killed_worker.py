"""A worker that is killed at any point loses no message and writes none twice."""

import asyncio
import random
import re
from pathlib import Path

import pytest

from bms.security.link_tokens import hash_of
from tests.kit.books import count
from tests.kit.scene import Scene
from tests.kit.types import MakeUser
from tests.kit.waiting import until
from tests.kit.workers import forget_leases, is_open, worker

BUYERS = 12
BOOKINGS = 5  # of each
KILLS = 6

pytestmark = pytest.mark.slow_fan_out


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
