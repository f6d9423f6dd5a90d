"""Callers who come at the same moment: one look at the database finds the sessions of all."""

import asyncio
from typing import Any

import pytest
from aiohttp.test_utils import TestClient

from bms.commands.accounts.sessions import end_sessions
from bms.errors import Unauthenticated
from bms.http import keys
from bms.http.sessions import Sessions
from bms.sql.database import Database
from tests.concurrency.crowd import make_crowd


class Counted:
    """A database that counts what is read."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self.reads: list[int] = []

    async def read_primary(self, query: Any, *, session_ids: list[int]) -> Any:
        self.reads.append(len(session_ids))
        return await self._db.read_primary(query, session_ids=session_ids)


@pytest.fixture
async def crowd(client: TestClient, db: Database) -> list[tuple[int, int]]:
    """Sessions and their users, of which the last has ended."""
    tokens = client.app[keys.TOKENS]
    people = await make_crowd(db, tokens, 5)
    await db.transact(end_sessions, user_id=people[-1].id)
    claims = [tokens.read_access(person.token) for person in people]
    return [(one.session_id, one.user_id) for one in claims]


async def find(sessions: Sessions, *asked: tuple[int, int]) -> list[Any]:
    return await asyncio.gather(*(sessions.find(*one) for one in asked), return_exceptions=True)


async def test_all_are_found_at_once_and_each_gets_their_own(
    db: Database, crowd: list[tuple[int, int]]
) -> None:
    counted = Counted(db)
    *live, ended = await find(Sessions(counted), *crowd)  # type: ignore[arg-type]
    assert counted.reads == [5]
    assert [(one.id, one.user_id) for one in live] == crowd[:-1]
    assert isinstance(ended, Unauthenticated)


async def test_who_comes_alone_is_found_alone(db: Database, crowd: list[tuple[int, int]]) -> None:
    """The twin: one after the other, each is a look of its own."""
    counted = Counted(db)
    sessions = Sessions(counted)  # type: ignore[arg-type]
    for one in crowd[:2]:
        assert (await sessions.find(*one)).user_id == one[1]
    assert counted.reads == [1, 1]
    with pytest.raises(Unauthenticated):
        await sessions.find(*crowd[-1])


async def test_a_session_is_its_users_alone(db: Database, crowd: list[tuple[int, int]]) -> None:
    (mine, me), (_, somebody) = crowd[:2]
    refused, found = await find(Sessions(db), (mine, somebody), (mine, me))
    assert isinstance(refused, Unauthenticated)
    assert found.user_id == me
