"""The fan-out of announcements: what follows from each is written once, in order, whatever happens."""

import asyncio
import json
from typing import Any

import pytest

from bms.announcements import BookingConfirmed, decode
from bms.commands.messages import fan_out as commands
from bms.commands.messages import followers
from bms.errors import Contested
from bms.i18n.languages import Language, Languages
from bms.security.link_tokens import LinkTokens
from bms.sql.session import Transaction
from bms.sql.statements import Statement
from bms.tasks import fan_out as task
from bms.tasks.fan_out import SMALLEST_PAGE, FanOut, maker_of_links
from tests.kit.books import LONG_AGO, count
from tests.kit.pseudo import translated
from tests.kit.scene import Scene
from tests.kit.tsql import Sql
from tests.kit.types import MakeUser

pytestmark = pytest.mark.slow_fan_out

LANGUAGES = Languages()
TOKENS = LinkTokens("a secret of the tests")
STATES = "SELECT kind, state FROM announcements ORDER BY id"


@pytest.fixture
def leader(scene: Scene) -> FanOut:
    return FanOut(scene.db, LANGUAGES, TOKENS)


def told(rows: Sql) -> tuple[int, int]:
    """Return how many mails and notifications about bookings there are."""
    about = "kind LIKE 'booking%' OR kind LIKE 'event%' OR kind LIKE 'organizer%'"
    return count(rows, "outbox", about), count(rows, "notifications", about)


def states(rows: Sql, kind: str) -> list[str]:
    return [row.state for row in rows(STATES) if row.kind == kind]


async def test_a_booking_is_announced_with_its_change_and_told_of_later(scene: Scene, leader: FanOut) -> None:
    booking = await scene.paid()
    (row,) = scene.rows("SELECT payload FROM announcements WHERE kind = 'booking.confirmed'")
    announced = decode("booking.confirmed", row.payload)
    assert isinstance(announced, BookingConfirmed)
    assert (announced.booking_id, announced.event.title) == (booking["id"], scene.event["title"])
    assert told(scene.rows) == (0, 0)
    assert await leader.run() > 0
    assert told(scene.rows) == (1, 1)
    assert states(scene.rows, "booking.confirmed") == ["DONE"]
    assert await leader.run() == 0
    assert told(scene.rows) == (1, 1)


async def test_what_nobody_follows_is_done_as_soon_as_it_is_written(scene: Scene) -> None:
    await scene.paid()
    assert states(scene.rows, "payment.succeeded") == ["DONE"]
    assert states(scene.rows, "event.published") == ["DONE"]


async def test_a_refused_change_announces_nothing(scene: Scene) -> None:
    scene.rows("UPDATE ticket_types SET available = 0")
    (await scene.api.post("/bookings", {"event": scene.event["id"]}, token=scene.buyer.token)).problem(
        409, "sold_out"
    )
    assert count(scene.rows, "announcements", "subject = 'booking'") == 0


async def test_a_fan_out_that_dies_leaves_all_or_nothing(
    scene: Scene, leader: FanOut, monkeypatch: pytest.MonkeyPatch
) -> None:
    await scene.paid()

    def die(*_: Any) -> None:
        raise RuntimeError("killed")

    with monkeypatch.context() as patch:
        patch.setattr(commands, "_finish", die)
        with pytest.raises(RuntimeError, match="killed"):
            await leader.run()
    assert told(scene.rows) == (0, 0)
    # The dead one's lease ends, and another leads.
    other = FanOut(scene.db, LANGUAGES, TOKENS)
    assert await other.run() == 0
    scene.rows("UPDATE leases SET leased_until = ?", LONG_AGO)
    assert await other.run() > 0
    assert told(scene.rows) == (1, 1)


async def several_leaders(scene: Scene) -> None:
    """Run four fan-outs that all believe that they lead."""
    ended = await asyncio.gather(
        *(FanOut(scene.db, LANGUAGES, TOKENS).run() for _ in range(4)), return_exceptions=True
    )
    assert any(isinstance(end, int) for end in ended)


LEAD_ALWAYS = Statement(
    "test.lead_always",
    "@name NVARCHAR(32), @holder NVARCHAR(32), @seconds INT",
    "UPDATE leases SET holder = @holder WHERE name = @name AND @seconds > 0",
)


@pytest.fixture
def no_lease(monkeypatch: pytest.MonkeyPatch) -> None:
    """Everybody leads: the lease keeps nobody away."""
    monkeypatch.setattr(commands, "LEAD", LEAD_ALWAYS)


@pytest.mark.usefixtures("no_lease")
async def test_two_leaders_write_nothing_twice(scene: Scene) -> None:
    for _ in range(5):
        await scene.paid()
    await several_leaders(scene)
    await FanOut(scene.db, LANGUAGES, TOKENS).run()
    assert told(scene.rows) == (5, 5)


@pytest.mark.usefixtures("no_lease")
async def test_without_the_guard_two_leaders_tell_twice(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The twin of the test above: a leader that has seen the rows as new does not look again."""
    unguarded = Statement(
        "test.finish_unguarded",
        "@ids BIGINT LIST",
        "UPDATE announcements SET state = 'DONE' WHERE id IN (@ids)",
    )
    monkeypatch.setattr(commands, "FINISH", unguarded)
    await scene.paid()
    due = commands.LIST_DUE
    first = await scene.db.transact(lambda tx: tx.rows(due, limit=10, wait=0))
    await FanOut(scene.db, LANGUAGES, TOKENS).run()

    def late(tx: Any) -> None:
        for row in first:
            telling = followers.tell_person(decode(row.kind, row.payload))
            commands._write(tx, [commands._told(row, telling, LANGUAGES)], maker_of_links(TOKENS))
        commands._finish(tx, [row.id for row in first])

    await scene.db.transact(late)
    assert told(scene.rows)[1] > 1


async def test_one_that_cannot_be_told_keeps_no_other_waiting(scene: Scene, leader: FanOut) -> None:
    await scene.paid()
    await scene.paid()
    (first, _) = scene.rows("SELECT id FROM announcements WHERE kind = 'booking.confirmed' ORDER BY id")
    scene.rows("UPDATE announcements SET payload = '{}' WHERE id = ?", first.id)
    await leader.run()
    assert told(scene.rows) == (1, 1)
    assert states(scene.rows, "booking.confirmed") == ["NEW", "DONE"]
    for _ in range(commands.MAX_ATTEMPTS):
        scene.rows("UPDATE announcements SET available_at = ? WHERE state = 'NEW'", LONG_AGO)
        await leader.run()
    assert states(scene.rows, "booking.confirmed") == ["DEAD", "DONE"]


async def test_what_the_database_refuses_keeps_no_other_waiting(scene: Scene, leader: FanOut) -> None:
    await scene.paid()
    await scene.paid()
    (first, _) = scene.rows(
        "SELECT id, payload FROM announcements WHERE kind = 'booking.confirmed' ORDER BY id"
    )
    payload = json.loads(first.payload)
    payload["person"]["id"] = 999999
    scene.rows("UPDATE announcements SET payload = ? WHERE id = ?", json.dumps(payload), first.id)
    await leader.run()
    assert told(scene.rows) == (1, 1)
    assert states(scene.rows, "booking.confirmed") == ["NEW", "DONE"]


async def test_messages_of_one_booking_keep_their_order(scene: Scene, leader: FanOut) -> None:
    booking = await scene.paid()
    cancelled = await scene.api.delete(f"/bookings/{booking['id']}", token=scene.buyer.token)
    assert cancelled.ok
    put_off = "UPDATE announcements SET available_at = '2099-01-01T00:00:00' WHERE kind = 'booking.confirmed'"
    scene.rows(put_off)
    await leader.run()
    assert states(scene.rows, "booking.cancelled") == ["NEW"]
    scene.rows("UPDATE announcements SET available_at = ? WHERE kind = 'booking.confirmed'", LONG_AGO)
    await leader.run()
    kinds = [row.kind for row in scene.rows("SELECT kind FROM outbox WHERE kind LIKE 'booking%' ORDER BY id")]
    assert kinds == ["booking_confirmed", "booking_cancelled"]


async def move(scene: Scene, time: str) -> None:
    reply = await scene.api.patch(f"/events/{scene.event['id']}", {"time": time}, token=scene.organiser.token)
    assert reply.ok, reply.text


def changes(rows: Sql) -> list[tuple[str, str]]:
    """Return from when to when each e-mail about a change says that the event was moved."""
    mails = rows("SELECT payload FROM outbox WHERE kind = 'event_updated' ORDER BY id")
    payloads = [json.loads(mail.payload) for mail in mails]
    return [(p["old"]["starts_at"][11:16], p["new"]["starts_at"][11:16]) for p in payloads]


def let_two_minutes_pass(rows: Sql) -> None:
    rows("UPDATE announcements SET available_at = ? WHERE state = 'NEW'", LONG_AGO)


async def test_changes_of_one_sitting_are_told_as_one(scene: Scene, leader: FanOut) -> None:
    await scene.paid()
    await move(scene, "20:00")
    await move(scene, "21:00")
    await leader.run()
    assert changes(scene.rows) == []
    let_two_minutes_pass(scene.rows)
    await leader.run()
    assert changes(scene.rows) == [("19:30", "21:00")]


async def test_changes_with_a_booking_between_are_told_each(
    scene: Scene, leader: FanOut, make_user: MakeUser
) -> None:
    await scene.paid()
    await move(scene, "20:00")
    await scene.paid(by=await make_user())
    await move(scene, "21:00")
    let_two_minutes_pass(scene.rows)
    await leader.run()
    # The first buyer is told both, in their order; the second one has bought at 20:00.
    assert changes(scene.rows) == [("19:30", "20:00"), ("20:00", "21:00"), ("20:00", "21:00")]


async def test_a_waiting_change_is_told_before_the_next_message(scene: Scene, leader: FanOut) -> None:
    await scene.paid()
    await move(scene, "20:00")
    message = {"event": scene.event["id"], "message": "Doors open at seven."}
    assert (await scene.api.post("/notifications", message, token=scene.organiser.token)).status == 201
    await leader.run()
    kinds = [row.kind for row in scene.rows("SELECT kind FROM outbox ORDER BY id")]
    assert kinds[-2:] == ["event_updated", "organizer_message"]


async def test_a_language_with_a_wrong_text_keeps_no_other_waiting(scene: Scene, make_user: MakeUser) -> None:
    """A catalogue with a placeholder that nothing fills. The announcements are put off, one by one."""
    wrong = Language("de", translated(lambda text: f"{text} %(nothing)s", "de"))
    languages = Languages("en", {"en": LANGUAGES.default, "de": wrong})
    german = await make_user(locale="de")
    await scene.paid(by=german)
    await scene.paid()
    await move(scene, "20:00")
    let_two_minutes_pass(scene.rows)
    await FanOut(scene.db, languages, TOKENS).run()
    assert told(scene.rows) == (1, 1)
    assert states(scene.rows, "booking.confirmed") == ["NEW", "DONE"]
    assert states(scene.rows, "event.changed") == ["NEW"]
    scene.rows("UPDATE announcements SET available_at = created_at")
    await FanOut(scene.db, LANGUAGES, TOKENS).run()
    assert told(scene.rows) == (4, 4)


async def crowd(scene: Scene, make_user: MakeUser, size: int) -> None:
    """Have ``size`` people book, each twice."""
    for _ in range(size):
        person = await make_user()
        for _ in range(2):
            await scene.paid(by=person)


async def test_holders_are_told_page_by_page_each_once(
    scene: Scene, leader: FanOut, make_user: MakeUser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(commands, "PAGE", 2)
    await crowd(scene, make_user, 5)
    await leader.run()
    await move(scene, "20:00")
    await scene.paid(by=await make_user())
    let_two_minutes_pass(scene.rows)
    # Whoever dies after the second page leaves the third to another.
    for _ in range(2):
        assert await scene.db.transact(
            commands.fan_out_page, languages=LANGUAGES, make_link=maker_of_links(TOKENS)
        )
    assert len(changes(scene.rows)) == 4
    await FanOut(scene.db, LANGUAGES, TOKENS).run()
    told_people = scene.rows("SELECT recipient FROM outbox WHERE kind = 'event_updated'")
    assert len(told_people) == len({row.recipient for row in told_people}) == 5
    assert count(scene.rows, "notifications", "kind = 'event_updated'") == 5


async def test_without_the_guard_a_page_is_told_twice(
    scene: Scene, make_user: MakeUser, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The twin: a leader that does not look whether its page is still to be told."""
    await crowd(scene, make_user, 1)
    await FanOut(scene.db, LANGUAGES, TOKENS).run()
    await move(scene, "20:00")
    let_two_minutes_pass(scene.rows)
    due = await scene.db.transact(lambda tx: tx.row(commands.GET_DUE_TO_HOLDERS, wait=0))
    await FanOut(scene.db, LANGUAGES, TOKENS).run()
    assert count(scene.rows, "notifications", "kind = 'event_updated'") == 1
    row = Transaction.row

    def seen_before(tx: Transaction, statement: Statement[Any], **values: Any) -> Any:
        return due if statement is commands.GET_DUE_TO_HOLDERS else row(tx, statement, **values)

    monkeypatch.setattr(Transaction, "row", seen_before)
    with pytest.raises(Contested):
        await scene.db.transact(commands.fan_out_page, languages=LANGUAGES, make_link=maker_of_links(TOKENS))
    assert count(scene.rows, "notifications", "kind = 'event_updated'") == 1
    execute = Transaction.execute

    def unguarded(tx: Transaction, statement: Statement[Any], **values: Any) -> int:
        changed = execute(tx, statement, **values)
        return 1 if statement is commands.PROCEED else changed

    monkeypatch.setattr(Transaction, "execute", unguarded)
    await scene.db.transact(commands.fan_out_page, languages=LANGUAGES, make_link=maker_of_links(TOKENS))
    assert count(scene.rows, "notifications", "kind = 'event_updated'") == 2


async def test_pages_that_take_long_become_smaller(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    await scene.paid()
    for _ in range(5):
        message = {"event": scene.event["id"], "message": "Doors open at seven."}
        sent = await scene.api.post("/notifications", message, token=scene.organiser.token)
        assert sent.status == 201
    sizes = []
    page = commands.fan_out_page

    def fan_out_page(tx: Transaction, *, limit: int, **options: Any) -> bool:
        sizes.append(limit)
        return page(tx, limit=limit, **options)

    monkeypatch.setattr(task, "fan_out_page", fan_out_page)
    leader = FanOut(scene.db, LANGUAGES, TOKENS)
    monkeypatch.setattr(task, "SLOW_PAGE", 0)
    await leader.run()
    assert sizes[0] == commands.PAGE
    assert sizes[-1] == SMALLEST_PAGE
    assert sizes == sorted(sizes, reverse=True)
    monkeypatch.setattr(task, "SLOW_PAGE", 1000)
    for _ in range(10):
        await leader.run()
    assert sizes[-1] == commands.PAGE
    assert told(scene.rows) == (6, 6)


async def test_nothing_is_gathered_between_pages(scene: Scene, leader: FanOut) -> None:
    await scene.paid()
    await leader.run()
    message = {"event": scene.event["id"], "message": "Doors open at seven."}
    assert (await scene.api.post("/notifications", message, token=scene.organiser.token)).status == 201
    gathering = FanOut(scene.db, LANGUAGES, TOKENS, gather=3600)
    async with asyncio.timeout(60):
        assert await gathering.run() == 1
    # The twin: what is told to one person is gathered.
    await scene.paid()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(1):
            await gathering.run()
    assert count(scene.rows, "announcements", "state = 'NEW'") == 0
