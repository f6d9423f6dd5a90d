"""A whole database copied to another server: every row, every id, and the ids that come next."""

import asyncio
from contextlib import closing
from pathlib import Path

import pyodbc
import pytest

from bms.errors import ConfigurationError
from bms.maintenance.jobs import check
from bms.settings import Settings
from bms.sql.copying import copy_database
from bms.sql.odbc.target import parse_url
from bms.sql.yoyo.apply import roll_back_migrations
from tests.kit.servers import Server
from tests.kit.tsql import Sql
from tests.maintenance.service import in_directory, sell

pytestmark = pytest.mark.needs("text in OPENJSON")


@pytest.fixture
def sold(database_url: str, tmp_path: Path) -> Settings:
    settings = in_directory(tmp_path)
    asyncio.run(sell(settings, database_url))
    return settings


TABLES = ("users", "events", "bookings", "booking_lines", "tickets", "payments", "refunds", "leases")


def contents(url: str) -> dict[str, list[str]]:
    with closing(pyodbc.connect(parse_url(url).odbc)) as connection:
        return {
            table: sorted(repr(tuple(row)) for row in connection.execute(f"SELECT * FROM {table}"))
            for table in TABLES
        }


def test_every_row_and_the_ids_that_follow(
    sold: Settings, database_url: str, empty_database_url: str
) -> None:
    rows = Sql(database_url)
    rows("DELETE FROM reviews")
    (last,) = rows("SELECT MAX(id) AS id FROM audit_log")
    rows("DELETE FROM audit_log WHERE id = ?", last.id)  # Its id is not given out again.
    rows.close()
    copied = dict(copy_database(database_url, empty_database_url))
    assert copied["payments"] == 3
    assert copied["leases"] == 3
    assert contents(empty_database_url) == contents(database_url)
    findings, _ = asyncio.run(check(sold, empty_database_url))
    assert [finding for finding in findings if finding.rows] == []
    asyncio.run(sell(sold, empty_database_url))
    there = Sql(empty_database_url)
    (first,) = there("SELECT MIN(id) AS id FROM audit_log WHERE id >= ?", last.id)
    there.close()
    assert first.id == last.id + 1


def test_only_into_an_empty_database(sold: Settings, database_url: str, empty_database_url: str) -> None:
    rows = Sql(empty_database_url)
    rows("CREATE TABLE other (id INT NOT NULL)")
    with pytest.raises(ConfigurationError, match="has tables already"):
        list(copy_database(database_url, empty_database_url))
    with pytest.raises(ConfigurationError, match="has tables already"):
        list(copy_database(database_url, database_url))
    rows("DROP TABLE other")
    rows.close()


def test_only_what_is_migrated(database_url: str, empty_database_url: str, server: Server) -> None:
    roll_back_migrations(database_url, 1)
    with pytest.raises(ConfigurationError, match="bms migrate"):
        list(copy_database(database_url, empty_database_url))
