"""A session notes which events a transaction changes: by the parameters @event_id and @event_ids."""

from typing import Any

import pyodbc
import pytest

from bms.cache.stamps import Board, Changes, Stamps
from bms.sql.database import Database
from bms.sql.session import Transaction
from bms.sql.statements import Statement
from tests.sql.probe import MakeDatabase

ONE = Statement("test.noted.one", "@event_id BIGINT", "UPDATE shows SET n = n + 1 WHERE id = @event_id")
SOME = Statement(
    "test.noted.some", "@event_ids BIGINT LIST", "UPDATE shows SET n = n + 1 WHERE id IN (@event_ids)"
)
ANY = Statement("test.noted.any", "@id BIGINT", "UPDATE shows SET n = n + 1 WHERE id = @id")
QUIET = Statement(
    "test.noted.quiet", "@event_id BIGINT", "UPDATE shows SET n = n WHERE id = @event_id", quiet=True
)
LOOK = Statement("test.noted.look", "@event_id BIGINT", "SELECT n FROM shows WHERE id = @event_id")
SEATS = Statement("test.noted.seats", "@event_id BIGINT", "UPDATE seats SET n = n WHERE event_id = @event_id")


class Recorder(Board):
    """A board that records what was changed."""

    def __init__(self) -> None:
        self.changes: list[dict[str, set[int] | None]] = []

    async def read(self, tables: slice, slot: int | None) -> Stamps | None:
        return None

    def touch(self, changes: Changes) -> None:
        self.changes.append({table: None if ids is None else set(ids) for table, ids in changes.items()})

    async def close(self) -> None:
        pass


@pytest.fixture
def recorder() -> Recorder:
    return Recorder()


@pytest.fixture
async def database(make: MakeDatabase, admin: pyodbc.Connection, recorder: Recorder) -> Database:
    for table, key in (("shows", "id"), ("seats", "event_id")):
        admin.execute(f"DROP TABLE IF EXISTS {table}").close()
        admin.execute(f"CREATE TABLE {table} ({key} bigint PRIMARY KEY, n int NOT NULL)").close()
    return await make(board=recorder)


Step = tuple[Statement, dict[str, Any]]


def run(tx: Transaction, steps: list[Step]) -> None:
    for statement, values in steps:
        if statement is LOOK:
            tx.rows(statement, **values)
        else:
            tx.execute(statement, **values)


@pytest.mark.parametrize(
    ("steps", "changes"),
    [
        ([(ONE, {"event_id": 7})], {"shows": {7}}),
        ([(ONE, {"event_id": 7}), (ONE, {"event_id": 9})], {"shows": {7, 9}}),
        ([(SOME, {"event_ids": [3, 4, 4]}), (ONE, {"event_id": 7})], {"shows": {3, 4, 7}}),
        ([(SOME, {"event_ids": []})], {"shows": set()}),
        # A change that names none may be of any event, whatever else the transaction names.
        ([(ANY, {"id": 7})], {"shows": None}),
        ([(ONE, {"event_id": 7}), (ANY, {"id": 8}), (ONE, {"event_id": 9})], {"shows": None}),
        ([(ONE, {"event_id": None})], {"shows": None}),
        ([(ANY, {"id": 7}), (SEATS, {"event_id": 5})], {"shows": None, "seats": {5}}),
        ([(QUIET, {"event_id": 7}), (LOOK, {"event_id": 8}), (SEATS, {"event_id": 5})], {"seats": {5}}),
    ],
)
async def test_the_events_of_a_transaction(
    database: Database, recorder: Recorder, steps: list[Step], changes: dict[str, set[int] | None]
) -> None:
    await database.transact(run, steps)
    assert recorder.changes == [changes]


async def test_the_next_transaction_on_the_connection_notes_its_own(
    database: Database, recorder: Recorder
) -> None:
    for event_id in (1, 2):
        await database.transact(run, [(ONE, {"event_id": event_id})])
    assert recorder.changes == [{"shows": {1}}, {"shows": {2}}]
