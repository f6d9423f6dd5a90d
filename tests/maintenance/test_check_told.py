"""``bms check`` finds what was announced and not told, and mail that follows from nothing."""

import pytest

from bms.queries import conservation
from bms.queries.conservation import ANNOUNCEMENTS, MAIL, check_conservation
from bms.sql.statements import Statement
from tests.kit.scene import Scene

RULE = {statement: rule for rule, statement in conservation.RULES.items()}


async def broken(scene: Scene) -> set[str]:
    return {finding.rule for finding in await scene.db.read_primary(check_conservation) if finding.rows}


@pytest.fixture
async def told(scene: Scene) -> Scene:
    """A sale of which all is told."""
    await scene.paid()
    assert await broken(scene) == set()
    return scene


OVERDUE = "available_at = DATEADD(SECOND, -901, SYSUTCDATETIME())"
LATE = "available_at = DATEADD(SECOND, -600, SYSUTCDATETIME())"
WAITING = "available_at = DATEADD(SECOND, 120, SYSUTCDATETIME())"


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ("UPDATE announcements SET state = 'DEAD'", ANNOUNCEMENTS),
        (f"UPDATE announcements SET state = 'NEW', {OVERDUE}", ANNOUNCEMENTS),
        (f"UPDATE announcements SET state = 'NEW', {LATE}", None),
        (f"UPDATE announcements SET state = 'NEW', {WAITING}", None),
        ("DELETE FROM announcements WHERE kind = 'booking.confirmed'", MAIL),
        ("UPDATE outbox SET announcement_id = 999999", MAIL),
        # Of an emptied mail the announcement may be gone, and of one from before there were any.
        ("UPDATE outbox SET announcement_id = 999999, emptied_at = created_at", None),
        ("UPDATE outbox SET announcement_id = 0, created_at = '2001-01-01'", None),
        ("UPDATE outbox SET announcement_id = 0", MAIL),
    ],
)
async def test_what_is_wrong_is_found(told: Scene, change: str, rule: Statement[object] | None) -> None:
    told.rows(change)
    assert await broken(told) == (set() if rule is None else {RULE[rule]})
