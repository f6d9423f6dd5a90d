"""Reads on a replica: which go there, what becomes of them without it, what is left without the primary."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from bms.errors import DatabaseUnavailable
from bms.settings import Settings
from bms.sql import replica as replica_module
from bms.sql.database import Database
from bms.sql.odbc.target import parse_url
from bms.sql.replica import Replica
from bms.sql.session import Transaction
from bms.sql.statements import Statement
from tests.kit.api import Api
from tests.kit.types import Make
from tests.kit.users import User
from tests.kit.waiting import until
from tests.sql.probe import Gate
from tests.sql.replication import Pair, Stub, replicated

pytestmark = pytest.mark.embedded_only("it makes a standby of a server of its own, and stops both")

IS_STANDBY = Statement(
    "test.replica.is_standby", "", "SELECT 0", postgres="SELECT CAST(pg_is_in_recovery() AS int)"
)
LINGER = Statement(
    "test.replica.linger",
    "",
    "SELECT id FROM contested",
    postgres="SELECT id, CAST(pg_sleep(30) AS text) AS nothing FROM contested",
)
NEW_TABLE = Statement("test.replica.new_table", "", "SELECT COUNT(*) FROM newly_made")


def is_standby(tx: Transaction) -> bool:
    return bool(tx.value(IS_STANDBY))


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    with replicated(tmp_path_factory.mktemp("replicated")) as running:
        yield running


@pytest.fixture
def database_url(pair: Pair) -> str:
    return pair.url


@pytest.fixture
def settings(settings: Settings, pair: Pair) -> Settings:
    return replace(settings, database_read_url=pair.standby.url)


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replica_module, "PAUSE", 0.05)


def notices(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Return what was logged of the replica, of each notice the word that tells which."""
    records = [record for record in caplog.records if record.name == replica_module.__name__]
    assert all(record.levelno == logging.WARNING for record in records)
    return [record.getMessage().partition(" is ")[2].partition(" ")[0] for record in records]


async def thread(function: Callable[..., Any], *args: Any) -> Any:
    return await asyncio.to_thread(function, *args)


async def comes_back(db: Database) -> None:
    await until(lambda: db.replica_is_up)
    assert await db.read(is_standby)


# Which reads go there


async def test_queries_run_on_the_replica_and_commands_on_the_primary(db: Database) -> None:
    assert await db.read(is_standby)
    assert not await db.read_primary(is_standby)
    assert not await db.transact(is_standby)


async def test_who_wrote_something_sees_it_though_the_replica_lags(
    api: Api, pair: Pair, manager: User, buyer: User, make_event: Make, make_venue: Make, hold: Make
) -> None:
    venue = await make_venue()
    await thread(pair.catch_up)
    with pair.standby.paused():
        event = await make_event(venue=venue["id"], capacity=10)
        draft = await make_event(venue=venue["id"], status="DRAFT")
        path = f"/events/{event['id']}"
        for token in (None, buyer.token):
            listed = (await api.get("/events", token=token, venue=venue["id"])).json
            assert listed == [], "the proof that the list comes from the replica"
            (await api.get(path, token=token)).problem(404, "not_found")
        # The organiser is shown it at once.
        for status, made in (("PUBLISHED", event), ("DRAFT", draft)):
            own = await api.get("/events", token=manager.token, venue=venue["id"], status=status)
            assert [e["id"] for e in own.json] == [made["id"]]
        shown = await api.get(path, token=manager.token)
        assert shown.status == 200
        changed = await api.patch(
            path, {"title": "Renamed"}, token=manager.token, headers={"If-Match": shown.headers["ETag"]}
        )
        assert changed.status == 200
        assert (await api.get(path, token=manager.token)).json["title"] == "Renamed"

        pair.execute(f"INSERT INTO reviews (user_id, event_id, rating) VALUES ({buyer.id}, {event['id']}, 5)")
        for reviews in (f"/reviews/{event['id']}", f"/reviews/user/{buyer.id}"):
            assert [r["rating"] for r in (await api.get(reviews, token=buyer.token)).json] == [5]
        assert (await api.get(f"/reviews/user/{buyer.id}")).json == []

        # What is bought is decided on the primary, and the buyer sees it.
        booking = await hold(buyer, event, 2)
        assert [b["id"] for b in (await api.get("/bookings", token=buyer.token)).json] == [booking["id"]]
        assert (await api.get(f"/bookings/{booking['id']}", token=buyer.token)).status == 200
        assert (await api.get(f"{path}/stats", token=manager.token)).status == 200
    await thread(pair.catch_up)
    (arrived,) = (await api.get("/events", venue=venue["id"])).json
    assert (arrived["title"], arrived["available"]) == ("Renamed", 8)
    assert (await api.get(path, token=buyer.token)).json["available"] == 8


async def test_an_ended_session_is_refused_though_the_replica_knows_it(
    api: Api, pair: Pair, buyer: User
) -> None:
    await thread(pair.catch_up)
    with pair.standby.paused():
        assert (await api.post("/logout", token=buyer.token)).status == 204
        for path in ("/profile", "/events"):
            (await api.get(path, token=buyer.token)).problem(401, "unauthenticated")


# Without the replica


async def test_reads_go_to_the_primary_while_the_replica_is_stopped(
    api: Api, db: Database, pair: Pair, make_event: Make, caplog: pytest.LogCaptureFixture
) -> None:
    assert (await api.get("/health/ready")).json["checks"]["replica"] == "ok"
    assert await db.read(is_standby)
    await thread(pair.standby.stop)
    event = await make_event()
    for _ in range(3):
        replies = await asyncio.gather(*(api.get(f"/events/{event['id']}") for _ in range(20)))
        assert {reply.status for reply in replies} == {200}
    ready = await api.get("/health/ready")
    assert (ready.status, ready.json["status"]) == (200, "ok")
    assert ready.json["checks"] == {"database": "ok", "outbox": "ok", "replica": "unavailable"}
    assert "bms_replica_up 0.0" in (await api.get("/metrics")).text
    assert notices(caplog) == ["down"]

    await thread(pair.standby.start)
    await comes_back(db)
    assert (await api.get("/health/ready")).json["checks"]["replica"] == "ok"
    assert "bms_replica_up 1.0" in (await api.get("/metrics")).text
    assert notices(caplog) == ["down", "back"]


async def test_a_read_whose_replica_dies_under_it_is_run_on_the_primary(
    db: Database, pair: Pair, caplog: pytest.LogCaptureFixture
) -> None:
    asked: list[bool] = []

    def unlucky(tx: Transaction) -> bool:
        asked.append(is_standby(tx))
        if asked == [True]:
            pair.standby.stop("immediate")
        return is_standby(tx)

    assert await db.read(unlucky) is False
    assert asked == [True, False]
    await thread(pair.standby.start)
    await comes_back(db)
    assert notices(caplog) == ["down", "back"]


async def test_connections_to_the_replica_that_were_cut_are_replaced_unseen(
    db: Database, pair: Pair, caplog: pytest.LogCaptureFixture
) -> None:
    assert await db.read(is_standby)
    pair.standby.ask(
        "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
        " WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
    )
    assert await db.read(is_standby)
    assert notices(caplog) == []


async def test_a_replica_that_only_replays_yet_is_away(
    db: Database, pair: Pair, caplog: pytest.LogCaptureFixture
) -> None:
    await thread(pair.standby.stop)
    await thread(pair.standby.start_closed)
    assert not await db.read(is_standby)
    await thread(pair.standby.stop)
    await thread(pair.standby.start)
    await comes_back(db)
    assert notices(caplog) == ["down", "back"]


async def test_a_read_that_is_in_the_way_of_replay_is_run_on_the_primary(db: Database, pair: Pair) -> None:
    pair.execute("CREATE TABLE contested (id bigint)")
    pair.execute("INSERT INTO contested VALUES (1)")
    pair.catch_up()
    asked: list[bool] = []

    def linger(tx: Transaction) -> bool:
        asked.append(is_standby(tx))
        if asked[-1]:
            tx.rows(LINGER)
        return asked[-1]

    reading = asyncio.create_task(db.read(linger))
    lingering = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'"
    await until(lambda: pair.standby.ask(lingering) == 1)
    # Replaying this takes a lock that the query on the standby is in the way of.
    await thread(pair.execute, "DROP TABLE contested")
    assert await reading is False
    assert asked == [True, False], "tried once there, and not again"
    assert db.replica_is_up, "it serves the others as before"
    assert await db.read(is_standby)


async def test_a_replica_that_has_not_replayed_a_migration_yet(db: Database, pair: Pair) -> None:
    with pair.standby.paused():
        pair.execute("CREATE TABLE newly_made (id bigint)")
        assert await db.read(lambda tx: tx.value(NEW_TABLE)) == 0
        assert db.replica_is_up
    pair.execute("DROP TABLE newly_made")


# How often one that is away is asked


@pytest.fixture
async def with_stub(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Callable[..., Any]]:
    """Open a Database whose replica is a stub."""
    monkeypatch.setattr(replica_module, "PAUSE", 60)
    opened: list[Database] = []

    async def make(stub: Stub) -> Database:
        read_only = replace(parse_url(stub.url, read_only=True), login_timeout=1)
        database = Database(parse_url(pair.url), read_only, constraints={}, pool_size=2)
        opened.append(database)
        await database.open()
        return database

    yield make
    for database in opened:
        await database.close()


@pytest.mark.parametrize("remembers", [True, False])
async def test_a_replica_that_is_away_is_not_tried_for_every_read(
    with_stub: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, remembers: bool
) -> None:
    if not remembers:
        monkeypatch.setattr(Replica, "_leave", lambda self, code: None)
    async with Stub(hangs_up=True) as stub:
        database = await with_stub(stub)
        assert not await database.read(is_standby)
        first = stub.callers
        assert first > 0
        for _ in range(5):
            assert not await database.read(is_standby)
        assert stub.callers == (first if remembers else 6 * first)


async def test_all_that_wait_for_a_replica_are_let_go_by_the_first_that_does_not_reach_it(
    with_stub: Callable[..., Any],
) -> None:
    async with Stub(hangs_up=False) as stub:
        database = await with_stub(stub)
        # Logins are made one after the other, so that six of them would take six seconds.
        answers = await asyncio.gather(*(database.read(is_standby) for _ in range(6)))
        assert answers == [False] * 6
        assert stub.callers <= 2, "the second was on its way already"


async def test_one_that_falls_silent_under_a_read_is_left_in_the_end(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replica_module, "PATIENCE", 0.2)
    gate = Gate()

    def wait_on_the_standby(tx: Transaction) -> bool:
        found = is_standby(tx)
        if found:
            gate()
        return found

    assert await db.read(wait_on_the_standby) is False
    assert not gate.open.is_set()
    gate.open.set()
    await comes_back(db)


async def test_closing_ends_the_questions(pair: Pair) -> None:
    async with Stub(hangs_up=True) as stub:
        read_only = parse_url(stub.url, read_only=True)
        database = Database(parse_url(pair.url), read_only, constraints={}, pool_size=2)
        await database.open()
        assert not await database.read(is_standby)
        before = stub.callers
        await until(lambda: stub.callers > before)
        await database.close()
        tasks = [task for task in asyncio.all_tasks() if "_await_return" in repr(task)]
        assert tasks == []
        with pytest.raises(DatabaseUnavailable):
            await database.read(is_standby)


# Without the primary


async def test_the_replica_goes_on_answering_when_the_primary_is_stopped(
    api: Api, pair: Pair, manager: User, buyer: User, make_event: Make
) -> None:
    event = await make_event()
    draft = await make_event(status="DRAFT")
    await thread(pair.catch_up)
    path = f"/events/{event['id']}"
    await thread(pair.primary.stop)
    try:
        for reading in ("/events", path, "/venues", f"/venues/{event['venue']}", "/categories"):
            for token in (None, buyer.token, manager.token):
                assert (await api.get(reading, token=token)).status == 200, reading
        for reading in ("/events/top", f"/reviews/{event['id']}", f"/reviews/user/{buyer.id}"):
            assert (await api.get(reading)).status == 200, reading

        refused = [
            await api.post("/bookings", {"event": event["id"], "quantity": 1}, token=buyer.token),
            await api.patch(path, {"title": "Other"}, token=manager.token),
            await api.post("/register", {"username": "late", "password": buyer.password}),
            await api.post("/login", {"username": buyer.username, "password": buyer.password}),
            await api.get("/bookings", token=buyer.token),
            await api.get("/profile", token=buyer.token),
            # What only its organiser is shown: whether this is the organiser cannot be said just now.
            await api.get(f"/events/{draft['id']}", token=manager.token),
            await api.get("/events", token=manager.token, status="DRAFT"),
        ]
        for reply in refused:
            reply.problem(503, "database_unavailable")
            assert int(reply.headers["Retry-After"]) > 0
        # A token that is none needs no database to be refused.
        (await api.get("/events", token="nonsense")).problem(401, "unauthenticated")
        (await api.get(f"/events/{draft['id']}")).problem(404, "not_found")

        ready = await api.get("/health/ready")
        assert ready.status == 503
        assert ready.json["checks"] == {"database": "unavailable", "outbox": "unknown", "replica": "ok"}
        assert (await api.get("/health/live", token=buyer.token)).status == 200
    finally:
        await thread(pair.primary.start)
    assert (await api.get("/health/ready")).status == 200
    booked = await api.post("/bookings", {"event": event["id"], "quantity": 1}, token=buyer.token)
    assert booked.status == 201
    assert (await api.get(f"/events/{draft['id']}", token=manager.token)).status == 200
    await thread(pair.catch_up)
    assert (await api.get(path)).json["available"] == 99


async def test_without_both_there_is_no_answer(api: Api, db: Database, pair: Pair) -> None:
    await thread(pair.standby.stop)
    await thread(pair.primary.stop)
    try:
        for _ in range(2):
            (await api.get("/events")).problem(503, "database_unavailable")
    finally:
        await thread(pair.primary.start)
        await thread(pair.standby.start)
    await comes_back(db)
