"""Two processes find at once that accessible places are to be released."""

import asyncio
from typing import Any

import pytest

from bms.commands.events import release
from bms.commands.events.release import release_accessible
from bms.sql.session import Transaction
from bms.sql.statements import Statement
from tests.kit.scene import Scene
from tests.kit.seats import Hall, open_hall
from tests.kit.waiting import Meeting

NO_LOCK = Statement(
    "test.no_lock", "@event_id BIGINT", "UPDATE event_seating SET sequence = 0 WHERE event_id = @event_id"
)


@pytest.fixture
async def hall(scene: Scene) -> Hall:
    hall = await open_hall(scene)
    scene.rows("UPDATE event_seating SET release_hours = 8760")
    scene.rows("UPDATE events SET starts_at = DATEADD(HOUR, 30, SYSUTCDATETIME())")
    return hall


async def release_twice(hall: Hall) -> list[bool]:
    work = (hall.scene.db.transact(release_accessible, event_id=hall.event_id) for _ in range(2))
    return sorted(await asyncio.gather(*work))


def lines(hall: Hall) -> int:
    return hall.scene.count("audit_log", "action = 'release_accessible'")


async def test_one_of_them_releases(hall: Hall) -> None:
    assert await release_twice(hall) == [False, True]
    assert lines(hall) == 1


@pytest.fixture
def unlocked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither locks the seating, and both have read it before either writes."""
    both_have_read = Meeting(5)
    find = release.find_seating

    def found(tx: Transaction, event_id: int) -> Any:
        seating = find(tx, event_id)
        both_have_read()
        return seating

    monkeypatch.setattr(release, "find_seating", found)
    monkeypatch.setattr(release, "LOCK_OPEN", NO_LOCK)
    execute = Transaction.execute
    monkeypatch.setattr(
        Transaction,
        "execute",
        lambda tx, statement, **values: 1 if statement is NO_LOCK else execute(tx, statement, **values),
    )


@pytest.mark.usefixtures("unlocked")
async def test_without_the_lock_the_row_count_decides(hall: Hall) -> None:
    assert await release_twice(hall) == [False, True]
    assert lines(hall) == 1


@pytest.mark.usefixtures("unlocked")
async def test_without_both_it_is_said_twice(hall: Hall, monkeypatch: pytest.MonkeyPatch) -> None:
    """The twin."""
    text = release.RELEASE.text.replace("AND released_at IS NULL", "")
    assert text != release.RELEASE.text
    monkeypatch.setattr(release, "RELEASE", Statement("test.release", release.RELEASE.declaration, text))
    assert await release_twice(hall) == [True, True]
    assert lines(hall) == 2
