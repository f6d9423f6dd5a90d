"""A database of any size, made by a few statements of PostgreSQL's own, and true to every rule of the books.

Events take turns by their id: of twenty, one is a draft, one cancelled, seven are to come, the others over.
Bookings favour events with low ids, and every tenth is of one hot event. The columns follow from the
numbers of the rows and from a seeded random(), so that two runs make the same.
"""

import re
import sqlite3
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyodbc

from bench.world import Site
from bms.payments.simulated.ledger import Ledger
from bms.sql.embedded.provision import embedded_url
from bms.sql.odbc.target import parse_url

FIRST_EVENT = 2  # to come; the hot one
CITIES = 100
MANAGERS = 200


@dataclass(frozen=True)
class Size:
    """How many rows there are of what grows."""

    events: int
    bookings: int
    mails: int

    @property
    def users(self) -> int:
        return max(MANAGERS + 1, self.bookings // 4)

    @property
    def step(self) -> int:
        """From the id of one manager to that of the next."""
        return self.users // MANAGERS

    @property
    def venues(self) -> int:
        return max(CITIES, self.events // 50)


BIG = Size(events=50_000, bookings=200_000, mails=500_000)
SMALL = Size(events=500, bookings=2_000, mails=5_000)

_STATEMENTS = Path(__file__).with_name("making.sql")
# A colon that is not part of a cast.
_NUMBER = re.compile(r"(?<!:):([a-z]+)")
_NUMBERED = (
    "users",
    "categories",
    "venues",
    "events",
    "ticket_types",
    "bookings",
    "payments",
    "announcements",
)
_CHARGES = """
    SELECT reference, gateway_reference, CAST(amount * 100 AS BIGINT), currency
    FROM   payments
"""
_REFUNDS = """
    SELECT r.reference, r.gateway_reference, p.gateway_reference, CAST(r.amount * 100 AS BIGINT), r.currency
    FROM   refunds AS r
    INNER JOIN payments AS p ON p.id = r.payment_id
"""


def fill(site: Site, size: Size) -> None:
    """Fill the site's database, in which there are three accounts: an admin, a manager and a buyer."""
    fill_database(embedded_url(site.postgres), size)
    charges, refunds = (site.rows(sql) for sql in (_CHARGES, _REFUNDS))
    _write_ledger(site, charges, refunds)


def fill_database(url: str, size: Size) -> None:
    """Fill the migrated PostgreSQL database at ``url``. Its user must be a superuser."""
    numbers = {
        "first": 4,
        "users": size.users,
        "managers": MANAGERS,
        "step": size.step,
        "buyers": size.users - 4,
        "cities": CITIES,
        "venues": size.venues,
        "events": size.events,
        "bookings": size.bookings,
        "mails": size.mails,
        "hot": FIRST_EVENT,
    }
    with closing(pyodbc.connect(parse_url(url).odbc, autocommit=True)) as connection:
        # The rows refer to each other rightly; checking each of a million foreign keys would take a minute.
        connection.execute("SET session_replication_role = replica").close()
        connection.execute("SET synchronous_commit = off").close()
        text = _NUMBER.sub(lambda match: str(numbers[match[1]]), _STATEMENTS.read_text())
        for statement in text.strip().removesuffix(";").split(";\n"):
            connection.execute(statement).close()
        for table in _NUMBERED:
            connection.execute(
                f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), (SELECT MAX(id) FROM {table}))"
            ).close()
        connection.execute("VACUUM ANALYZE").close()
        connection.execute("CHECKPOINT").close()


def _write_ledger(site: Site, charges: Iterable[Any], refunds: Iterable[Any]) -> None:
    """Write what was paid and given back into the simulated gateway's books too."""
    books = site.data_dir / "gateway.sqlite3"
    Ledger(books).entries()  # makes the file
    with closing(sqlite3.connect(books)) as ledger, ledger:
        ledger.executemany(
            "INSERT INTO charges (reference, gateway_reference, cents, currency, method, status, answers_at, "
            "refunding) VALUES (?, ?, ?, ?, 'card', 'SUCCEEDED', unixepoch(), 'prompt')",
            map(tuple, charges),
        )
        ledger.executemany(
            "INSERT INTO refunds (reference, gateway_reference, charge, cents, currency, status) "
            "VALUES (?, ?, ?, ?, ?, 'SUCCEEDED')",
            map(tuple, refunds),
        )
