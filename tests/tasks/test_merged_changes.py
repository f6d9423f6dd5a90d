"""A change that is merged with an earlier one which somebody is about to tell of: both are told, once."""

import json
from typing import Any

import pytest

from bms.commands.messages import fan_out as commands
from bms.errors import Contested
from bms.i18n.languages import Languages
from bms.security.link_tokens import LinkTokens
from bms.sql.session import Transaction
from bms.sql.statements import Statement
from bms.tasks.fan_out import FanOut, maker_of_links
from tests.kit.books import LONG_AGO
from tests.kit.scene import Scene

pytestmark = pytest.mark.slow_fan_out

LANGUAGES = Languages()
TOKENS = LinkTokens("a secret of the tests")
MAKE_DUE = "UPDATE announcements SET available_at = ? WHERE state = 'NEW'"


async def tell(scene: Scene) -> None:
    await FanOut(scene.db, LANGUAGES, TOKENS).run()


async def tell_page(scene: Scene, **one: int) -> bool:
    make_link = maker_of_links(TOKENS)
    return await scene.db.transact(commands.fan_out_page, languages=LANGUAGES, make_link=make_link, **one)


async def move(scene: Scene, time: str) -> None:
    reply = await scene.api.patch(f"/events/{scene.event['id']}", {"time": time}, token=scene.organiser.token)
    assert reply.ok, reply.text


def announced(scene: Scene) -> list[Any]:
    return scene.rows(
        "SELECT id, state, payload, CASE WHEN available_at > SYSUTCDATETIME() THEN 1 ELSE 0 END AS waits"
        " FROM announcements WHERE kind = 'event.changed' ORDER BY id"
    )


def told(scene: Scene) -> list[tuple[str, str]]:
    """Return from when to when each e-mail says that the event was moved."""
    mails = scene.rows("SELECT payload FROM outbox WHERE kind = 'event_updated' ORDER BY id")
    payloads = [json.loads(mail.payload) for mail in mails]
    return [(p["old"]["starts_at"][11:16], p["new"]["starts_at"][11:16]) for p in payloads]


async def read_before_the_second_change(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the next page be of the first change, as whoever read it before the second one committed."""
    await scene.paid()
    await tell(scene)
    await move(scene, "20:00")
    (first,) = announced(scene)
    scene.rows(MAKE_DUE, LONG_AGO)
    due = await scene.db.transact(lambda tx: tx.row(commands.GET_DUE_TO_HOLDERS, wait=0))
    # The second change found the first one waiting, and both were late.
    scene.rows("UPDATE announcements SET available_at = '2099-01-01' WHERE id = ?", first.id)
    await move(scene, "21:00")
    assert [row.id for row in announced(scene)] == [first.id], "they are merged"
    row = Transaction.row

    def seen_before(tx: Transaction, statement: Statement[Any], **values: Any) -> Any:
        return due if statement is commands.GET_DUE_TO_HOLDERS else row(tx, statement, **values)

    monkeypatch.setattr(Transaction, "row", seen_before)


async def test_a_change_that_was_merged_meanwhile_is_told(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        await read_before_the_second_change(scene, patch)
        with pytest.raises(Contested):
            await tell_page(scene)
    assert told(scene) == []
    scene.rows(MAKE_DUE, LONG_AGO)
    await tell(scene)
    assert told(scene) == [("19:30", "21:00")]


async def test_without_the_guard_it_is_lost(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """The twin: who tells the page does not look whether the row is still due."""
    unguarded = Statement(
        "test.proceed_undue",
        commands.PROCEED.declaration,
        commands.PROCEED.text.replace(" AND available_at <= SYSUTCDATETIME()", ""),
    )
    assert unguarded.text != commands.PROCEED.text
    monkeypatch.setattr(commands, "PROCEED", unguarded)
    with monkeypatch.context() as patch:
        await read_before_the_second_change(scene, patch)
        assert await tell_page(scene)
    scene.rows(MAKE_DUE, LONG_AGO)
    await tell(scene)
    assert told(scene) == [("19:30", "20:00")], "nobody hears of 21:00"


async def test_shortly_before_it_is_told_a_change_is_merged_with_no_other(scene: Scene) -> None:
    await scene.paid()
    await tell(scene)
    await move(scene, "20:00")
    scene.rows(
        "UPDATE announcements SET available_at = DATEADD(SECOND, 4, SYSUTCDATETIME()) WHERE state = 'NEW'"
    )
    await move(scene, "21:00")
    assert [row.waits for row in announced(scene)] == [0, 1], "the first is told at once, the second later"
    await tell(scene)
    assert told(scene) == [("19:30", "20:00")]
    scene.rows(MAKE_DUE, LONG_AGO)
    await tell(scene)
    assert told(scene) == [("19:30", "20:00"), ("20:00", "21:00")]


async def test_a_leader_that_was_too_late_goes_on(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """It looks again at once, rather than to fail and to pause."""
    await scene.paid()
    contested = []
    finish = commands._finish

    def late_once(tx: Transaction, ids: Any) -> None:
        if not contested:
            contested.append(ids)
            raise Contested()
        finish(tx, ids)

    monkeypatch.setattr(commands, "_finish", late_once)
    await tell(scene)
    assert len(contested) == 1
    assert scene.count("outbox", "kind = 'booking_confirmed'") == 1
    assert scene.count("announcements", "state = 'NEW'") == 0


async def test_what_came_by_a_message_and_is_put_off_waits(scene: Scene) -> None:
    """It is tried again later, and not until it is given up within a moment."""
    await scene.paid()
    await tell(scene)
    await move(scene, "20:00")
    scene.rows(MAKE_DUE, LONG_AGO)
    (change,) = announced(scene)
    scene.rows("UPDATE announcements SET payload = '{}' WHERE id = ?", change.id)
    assert await tell_page(scene, announcement_id=change.id)
    assert not await tell_page(scene, announcement_id=change.id)
    (after,) = scene.rows("SELECT state, attempts FROM announcements WHERE id = ?", change.id)
    assert tuple(after) == ("NEW", 1)
