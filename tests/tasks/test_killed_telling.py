"""A worker that is killed at a line of the fan-out: everybody is told once all the same."""

import asyncio
from collections import Counter
from pathlib import Path

import pytest

from tests.kit.books import LONG_AGO
from tests.kit.scene import Scene
from tests.kit.types import MakeUser
from tests.kit.waiting import until
from tests.kit.workers import forget_leases, is_open, worker

pytestmark = pytest.mark.slow_fan_out

HOLDERS = 5

# ``bms worker`` with pages of two holders. It kills itself at the numbered call of what argv names: before it
# is made, when it has returned, or when its transaction has been committed with it.
DOOMED = """
import importlib, itertools, os, signal, sys
from bms.commands.messages import fan_out

module, name, when, number = sys.argv[1:]
holder = importlib.import_module(module)
*path, name = name.split(".")
for step in path:
    holder = getattr(holder, step)
real, calls = getattr(holder, name), itertools.count(1)

def die():
    if next(calls) == int(number):
        os.kill(os.getpid(), signal.SIGKILL)

def before(*args, **kwargs):
    die()
    return real(*args, **kwargs)

def after(*args, **kwargs):
    result = real(*args, **kwargs)
    die()
    return result

def committed(tx, *args, **kwargs):
    result = real(tx, *args, **kwargs)
    tx._session.commit()
    die()
    return result

async def returned(*args, **kwargs):
    result = await real(*args, **kwargs)
    die()
    return result

setattr(holder, name, {"before": before, "after": after, "committed": committed, "returned": returned}[when])
fan_out.PAGE = 2
from bms.cli import main
main(["worker"])
"""
MESSAGES = "bms.commands.messages"
# The first calls are of what is told to one person each, the later ones of pages.
POINTS = {
    "before the links": (f"{MESSAGES}.fan_out", "link_to_bookings", "before", "1"),
    "before the mails": (f"{MESSAGES}.outbox", "enqueue", "before", "1"),
    "after the mails": (f"{MESSAGES}.outbox", "enqueue", "after", "1"),
    "after the notifications": (f"{MESSAGES}.fan_out", "_notify", "after", "1"),
    "after the marks": (f"{MESSAGES}.fan_out", "_finish", "after", "1"),
    "after the commit": ("bms.tasks.fan_out", "FanOut._batch", "returned", "1"),
    "before the links of a page": (f"{MESSAGES}.fan_out", "link_to_bookings", "before", "3"),
    "after the mails of a page": (f"{MESSAGES}.outbox", "enqueue", "after", "3"),
    "after the notifications of a page": (f"{MESSAGES}.fan_out", "_notify", "after", "3"),
    "after the commit of a page": ("bms.tasks.fan_out", "FanOut._page", "returned", "2"),
    "after the marks of what was sent": (f"{MESSAGES}.outbox", "mark_sent", "after", "1"),
}


async def sold_and_moved(scene: Scene, make_user: MakeUser) -> None:
    """Have people book, each once, and move the event. Nobody is told yet."""
    await scene.on_sale(price="0.00")
    scene.rows("UPDATE announcements SET state = 'DONE' WHERE subject = 'user'")
    people = [await make_user() for _ in range(HOLDERS)]
    await asyncio.gather(*(scene.held(by=person) for person in people))
    reply = await scene.api.patch(
        f"/events/{scene.event['id']}", {"time": "20:00"}, token=scene.organiser.token
    )
    assert reply.ok, reply.text
    scene.rows("UPDATE announcements SET available_at = ? WHERE state = 'NEW'", LONG_AGO)


async def killed_and_replaced(scene: Scene, directory: Path, url: str, point: tuple[str, ...]) -> None:
    with worker(directory, url, ("-c", DOOMED, *point)) as doomed:
        assert await asyncio.to_thread(doomed.wait, 60) == -9, "it was killed where it should be"
    forget_leases(scene)
    with worker(directory, url):
        await until(lambda: not is_open(scene), 60)


def told(scene: Scene, table: str, who: str) -> dict[str, list[int]]:
    """Return how often each was told, by what it was about."""
    rows = scene.rows(
        f"SELECT kind, {who} AS who FROM {table} WHERE kind IN ('booking_confirmed', 'event_updated')"
    )
    counts = Counter((row.kind, row.who) for row in rows)
    return {kind: sorted(n for (of, _), n in counts.items() if of == kind) for kind, _ in counts}


@pytest.mark.parametrize("point", POINTS.values(), ids=POINTS)
async def test_killed_at_a_line_everybody_is_told_once(
    scene: Scene, make_user: MakeUser, tmp_path: Path, database_url: str, point: tuple[str, ...]
) -> None:
    await sold_and_moved(scene, make_user)
    await killed_and_replaced(scene, tmp_path, database_url, point)
    once = {kind: [1] * HOLDERS for kind in ("booking_confirmed", "event_updated")}
    assert told(scene, "outbox", "recipient") == once
    assert told(scene, "notifications", "user_id") == once
    assert scene.count("outbox", "state <> 'SENT' AND kind <> 'registration'") == 0
    assert scene.count("booking_links") == 2 * HOLDERS
    await scene.check()


@pytest.mark.parametrize(
    ("number", "kind"), [("1", "booking_confirmed"), ("3", "event_updated")], ids=["one by one", "a page"]
)
async def test_were_the_messages_committed_before_the_marks_some_would_be_told_twice(
    scene: Scene, make_user: MakeUser, tmp_path: Path, database_url: str, number: str, kind: str
) -> None:
    """The twin: a fan-out in two transactions, killed between them."""
    await sold_and_moved(scene, make_user)
    point = (f"{MESSAGES}.fan_out", "_notify", "committed", number)
    await killed_and_replaced(scene, tmp_path, database_url, point)
    assert 2 in told(scene, "notifications", "user_id")[kind]
    # The second guard: of a mail there is one an occasion.
    assert told(scene, "outbox", "recipient")[kind] == [1] * HOLDERS
