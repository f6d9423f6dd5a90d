"""No statement reads the whole of a table that grows: an index leads to what it is about.

``bench.big`` times lists and searches. Here PostgreSQL is asked how it would run every statement that there
is. Two databases answer. On a small one it may scan a table only where no index serves. On a large one it
chooses.
"""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from typing import Any

import pyodbc
import pytest

import bms.commands
import bms.queries
from bench.big.making import Size, fill_database
from bms.commands.sales.seats import TAKE
from bms.sql.catalogue import all_statements
from bms.sql.odbc.target import parse_url
from bms.sql.statements import Statement
from tests.kit.plans import Planner, Scan, nodes, scans
from tests.kit.servers import Server

pytestmark = pytest.mark.embedded_only(
    "It fills a database by statements of PostgreSQL's own, as a superuser"
)

# Tables that do not grow with what is sold or who comes.
FEW = {"categories", "venues", "leases", "seating_plans", "seating_plan_versions"}
# Indexes of the rows that wait for somebody: work under way, which does not grow with what was done.
WAITING = {
    "ix_announcements_new",
    "ix_announcements_to_publish",
    "ix_announcements_waiting",
    "ix_bookings_hold_expiry",
    "ix_bookings_unpaid_user",
    "ix_bookings_unpaid_address",
    "ix_event_cancellations_unfinished",
    "ix_event_seating_pinning",
    "ix_events_unfolded",
    "ix_outbox_dead",
    "ix_outbox_unsent",
    "ix_payments_asking",
    "ix_payments_processing",
    "ix_refunds_unsettled",
    "ix_users_unconfirmed",
    "ix_users_unfolded",
}
# What reads everything, and why it may.
MAY_READ_ALL = {
    "users.count": "asked once, when the first process starts",
    "outbox.list_of_booking": "an admin looks at one booking; announcements are kept as long as mail's words",
    "refusals.delete_old": "once an hour; its rows are counts, and few",
}
_OTHERS = """
INSERT INTO single_use_tokens (token_hash, user_id, purpose, payload, expires_at)
SELECT md5(n::text), 4 + n % 900, 'PASSWORD', '', now() + interval '1 day' FROM generate_series(1, 2000) AS n;
INSERT INTO booking_links (token_hash, reference, mailed_to, expires_at)
SELECT md5(id::text), reference, 'x', now() + interval '1 day' FROM bookings;
INSERT INTO event_pictures (event_id, sha256, webp, jpeg) SELECT id, md5(id::text), 'x', 'x' FROM events;
INSERT INTO gateway_notices (notice_key, notice_id, reference, outcome)
SELECT md5(n::text), n, n, 'SUCCEEDED' FROM generate_series(1, 2000) AS n;
INSERT INTO rate_counters (bucket, free_at) SELECT md5(n::text), now() FROM generate_series(1, 60000) AS n;
INSERT INTO login_attempts (bucket, attempts, window_ends_at)
SELECT md5(n::text), 1, now() FROM generate_series(1, 2000) AS n;
INSERT INTO refusals (minute_at, address, code, times)
SELECT now() - n * interval '1 minute', 'here', 'rate_limited', 1 FROM generate_series(1, 60000) AS n;
INSERT INTO review_reports (review_id, user_id) SELECT id, user_id FROM reviews;
INSERT INTO recovery_codes (code_hash, user_id)
SELECT md5(n::text), 4 + n % 900 FROM generate_series(1, 2000) AS n;
INSERT INTO second_factors (user_id, seed) SELECT id, 'seed' FROM users;
INSERT INTO event_seating (event_id, plan_id, version, state, orphan_rule)
SELECT id, 1, 1, 'OPEN', 'off' FROM events;
INSERT INTO event_categories (event_id, category_no, name, is_standing, seats, free)
SELECT e.id, n, 'Stalls', 0, 50, 50 FROM events AS e CROSS JOIN generate_series(1, 3) AS n;
INSERT INTO event_category_types (event_id, category_no, ticket_type_id)
SELECT event_id, 1 + id % 2, id FROM ticket_types;
INSERT INTO event_seats (event_id, seat_no, guid, section_no, row_no, category_no, seat_rank, kinds, section,
                         row_label, seat_number, state, changed)
SELECT e.id, n, 's' || n, 1, 1, 1, 1, 0, 'Stalls', '1', n, 0, n
FROM   events AS e
CROSS JOIN generate_series(1, 50) AS n;
VACUUM ANALYZE
"""


@contextmanager
def filled(server: Server, size: Size) -> Iterator[pyodbc.Connection]:
    """Yield a connection to a database in which every table that grows has rows."""
    with server.migrated() as url:
        fill_database(url, size)
        with closing(pyodbc.connect(parse_url(url).odbc, autocommit=True)) as connection:
            connection.execute("SET session_replication_role = replica").close()
            for statement in _OTHERS.strip().split(";\n"):
                connection.execute(statement).close()
            yield connection


@pytest.fixture(scope="module")
def small(server: Server) -> Iterator[pyodbc.Connection]:
    with filled(server, Size(events=3000, bookings=12_000, mails=12_000)) as connection:
        yield connection


def statements() -> list[Statement[Any]]:
    """Return the statements of the service, but for those of ``bms check``, which reads all there is."""
    listed = all_statements(bms.commands, bms.queries)
    return [each for each in listed if not each.name.startswith(("check.", "test."))]


def unbounded(planner: Planner, statement: Statement[Any]) -> list[Scan]:
    """Return the scans of ``statement`` that read more the longer the service runs."""
    found = scans(planner.plan(statement))
    return [scan for scan in found if not (scan.is_bounded or scan.table in FEW or scan.by in WAITING)]


def offenders(connection: pyodbc.Connection, *, avoid_scans: bool) -> dict[str, list[Scan]]:
    """Return the unbounded scans by the statement's name."""
    planner = Planner(connection, avoid_scans=avoid_scans)
    found = {each.name: unbounded(planner, each) for each in statements()}
    return {name: bad for name, bad in found.items() if bad and name not in MAY_READ_ALL}


def test_an_index_leads_to_what_is_read(small: pyodbc.Connection) -> None:
    assert offenders(small, avoid_scans=True) == {}


@pytest.mark.slow
def test_the_planner_takes_it(server: Server) -> None:
    with filled(server, Size(events=20_000, bookings=80_000, mails=160_000)) as large:
        assert offenders(large, avoid_scans=False) == {}


def test_what_waits_has_indexes_of_its_own(small: pyodbc.Connection) -> None:
    assert Planner(small, avoid_scans=True).partial_indexes() >= WAITING


ORDERS = {
    "events.list_by_date": "ix_events_search",
    "events.list_latest": "ix_events_search",
    "events.list_by_date_at_venue": "ix_events_venue",
    "events.list_by_date_in_category": "ix_events_category",
    "events.list_latest_of_organizer": "ix_events_organizer",
    "events.list_by_price": "ix_events_price",
    "events.list_by_popularity": "ix_event_figures_sold",
    "events.list_by_rating": "ix_event_figures_rating",
}


def order_of(connection: pyodbc.Connection, name: str) -> tuple[str | None, bool]:
    """Return the index that a list walks, and whether it sorts what it has read."""
    (statement,) = (each for each in statements() if each.name == name)
    plan = Planner(connection, avoid_scans=True).plan(statement)
    return next(scans(plan)).by, "Sort" in {node["Node Type"] for node in nodes(plan)}


@pytest.mark.parametrize(("name", "index"), ORDERS.items())
def test_a_list_walks_the_index_of_its_order(small: pyodbc.Connection, name: str, index: str) -> None:
    assert order_of(small, name) == (index, False)
    with without(small, index):
        assert order_of(small, name) != (index, False)


@pytest.mark.parametrize(
    ("indexes", "name"),
    [
        (["ix_event_figures_sold", "ix_event_figures_rating"], "events.list_by_popularity"),
        (["ix_payments_booking", "ux_payments_live"], "payments.list_of_bookings"),
        (["ix_outbox_unsent"], "outbox.lock_due"),
        (["ix_outbox_dead"], "outbox.count_by_kind"),
        (["ix_users_role"], "users.lock_admins"),
        (["ix_refunds_unsettled"], "refunds.list_due"),
    ],
)
def test_without_its_index_a_statement_is_found(
    small: pyodbc.Connection, indexes: list[str], name: str
) -> None:
    """The twin: the test above can fail."""
    (statement,) = (each for each in statements() if each.name == name)
    planner = Planner(small, avoid_scans=True)
    assert unbounded(planner, statement) == []
    with without(small, *indexes):
        assert unbounded(planner, statement) != []


@contextmanager
def without(connection: pyodbc.Connection, *indexes: str) -> Iterator[None]:
    """Drop indexes while the block runs."""
    connection.autocommit = False
    try:
        for index in indexes:
            connection.execute(f"DROP INDEX {index}").close()
        yield
    finally:
        connection.rollback()
        connection.autocommit = True


@pytest.fixture
def new_event(server: Server) -> Iterator[pyodbc.Connection]:
    """Yield a connection to a database with the seats of an event, of which it has no statistics yet."""
    with (
        server.migrated() as url,
        closing(pyodbc.connect(parse_url(url).odbc, autocommit=True)) as connection,
    ):
        connection.execute("ALTER TABLE event_seats SET (autovacuum_enabled = off)").close()
        connection.execute(
            """
            INSERT INTO event_seats (event_id, seat_no, guid, section_no, row_no, category_no, seat_rank,
                                     kinds, section, row_label, seat_number, state, changed)
            SELECT 1, n, 's' || n, 1, 1, 1, 1, 0, 'Stalls', '1', n, 0, n FROM generate_series(1, 20000) AS n
            """
        ).close()
        yield connection


def ways(connection: pyodbc.Connection, statement: Statement[Any]) -> set[str | None]:
    """Return the indexes by which a statement finds seats."""
    found = scans(Planner(connection, avoid_scans=False).plan(statement))
    return {scan.by for scan in found if scan.table == "event_seats"}


def test_a_seat_of_a_new_event_is_taken_by_its_key(new_event: pyodbc.Connection) -> None:
    assert ways(new_event, TAKE) == {"pk_event_seats"}
    expectation = "AND  j.seat_no BETWEEN 0 AND 2147483647"
    assert expectation in TAKE.text
    plain = replace(TAKE, name="test.take_at_large", text=TAKE.text.replace(expectation, ""))
    assert ways(new_event, plain) != {"pk_event_seats"}  # the twin
