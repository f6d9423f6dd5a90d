"""``bms check`` holds the simulated gateway's books against the payments, line by line."""

import sqlite3
from contextlib import closing

import pytest

from bms.maintenance.books import RULE
from bms.maintenance.jobs import check
from bms.settings import Settings
from tests.kit.cards import DECLINED
from tests.kit.scene import Scene


async def found(settings: Settings, url: str) -> list[str]:
    findings, _ = await check(settings, url)
    (rows,) = [finding.rows for finding in findings if finding.rule == RULE]
    return rows


@pytest.fixture
async def business(scene: Scene) -> Scene:
    await scene.paid(2)
    await scene.cancel(await scene.paid())
    await scene.pay(await scene.held(), DECLINED)
    return scene


async def test_books_that_agree(business: Scene, settings: Settings, database_url: str) -> None:
    assert await found(settings, database_url) == []
    # The outcome of a payment is not known yet, or a refund is on its way.
    business.rows("UPDATE payments SET status = 'PROCESSING' WHERE status = 'SUCCEEDED'")
    business.rows("UPDATE refunds SET status = 'PENDING'")
    assert await found(settings, database_url) == []


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ("DELETE FROM charges WHERE status = 'SUCCEEDED'", "nothing in the books"),
        ("UPDATE charges SET cents = cents + 1 WHERE status = 'SUCCEEDED'", "in the books"),
        ("UPDATE charges SET currency = 'USD'", "USD in the books"),
        ("UPDATE charges SET status = 'FAILED'", "nothing in the books"),
        ("UPDATE charges SET status = 'SUCCEEDED'", "nothing here"),
        ("DELETE FROM refunds", "refund"),
        ("UPDATE refunds SET cents = 1", "0.01 EUR in the books"),
        ("UPDATE charges SET reference = 'x' || reference", "nothing here"),
    ],
)
async def test_books_that_differ(
    business: Scene, settings: Settings, database_url: str, change: str, says: str
) -> None:
    with closing(sqlite3.connect(settings.data_dir / "gateway.sqlite3")) as books, books:
        books.execute(change)
    rows = await found(settings, database_url)
    assert any(says in row for row in rows), rows


async def test_lines_that_were_removed_for_their_age_are_not_missed(
    business: Scene, settings: Settings, database_url: str
) -> None:
    business.rows("UPDATE payments SET created_at = '2001-01-01'")
    with closing(sqlite3.connect(settings.data_dir / "gateway.sqlite3")) as books, books:
        books.execute("DELETE FROM charges")
        books.execute("DELETE FROM refunds")
    assert await found(settings, database_url) == []
