"""A sale of one event leaves the kept replies of all others valid. Nothing stale is served of any.

Each test of what must be renewed has a mutant of the stamps beside it, which serves it stale.
"""

from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any

import pytest

from bms.cache import stamps
from bms.cache.stamps import ANY_EVENT, SLOTS, Changes
from bms.commands.idempotency import StoredReply
from bms.commands.sales.hold import Ask, hold_tickets
from bms.commands.sales.pricing import Wanted
from bms.handlers import events
from bms.http import keys
from bms.sql.statements import Statement
from bms.tasks.sweeps import EVENTS_OVER, HOLDS, sweep
from bms.terms import Actor
from tests.kit.api import Api, Client
from tests.kit.scene import Scene
from tests.kit.users import User

Marks = tuple[list[str], set[int]]


class Reads:
    """Counts what is read from the database for a reply, by whatever it is kept."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._done: list[str] = []
        for name in ("get_event", "list_events"):
            self._count(monkeypatch, name, getattr(events, name))

    def _count(self, monkeypatch: pytest.MonkeyPatch, name: str, query: Callable[..., Any]) -> None:
        def counted(tx: Any, **named: Any) -> Any:
            self._done.append(str(named["event_id"]) if name == "get_event" else "list")
            return query(tx, **named)

        monkeypatch.setattr(events, name, counted)

    def taken(self) -> list[str]:
        """Return what was read since the last call: the ids of events, and ``list``."""
        done, self._done = self._done, []
        return sorted(done)


@pytest.fixture
def reads(client: Client, monkeypatch: pytest.MonkeyPatch) -> Reads:
    return Reads(monkeypatch)


@pytest.fixture
def forget(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[Marks], Marks]], None]:
    """Let the stamps that a write changes be what a mutant makes of them."""
    stamps_of = stamps.stamps_of

    def put(mutant: Callable[[Marks], Marks]) -> None:
        def mutated(changes: Changes) -> Marks:
            return mutant(stamps_of(changes))

        monkeypatch.setattr(stamps, "stamps_of", mutated)

    return put


@pytest.fixture
async def pair(scene: Scene) -> tuple[dict[str, Any], dict[str, Any]]:
    """Two events at one venue, both on sale."""
    return scene.event, await scene.make_event(venue=scene.event["location"]["id"])


async def look(api: Api, shown: Sequence[dict[str, Any]]) -> tuple[list[int], list[int]]:
    """Return how many tickets of each event are free by its own reply, and by the list."""
    own = [(await api.get(f"/events/{event['id']}")).json["available"] for event in shown]
    listed = {event["id"]: event["available"] for event in (await api.get("/events")).json}
    return own, [listed[event["id"]] for event in shown]


async def test_a_sale_renews_its_event_and_the_lists_alone(
    api: Api, scene: Scene, pair: tuple[dict[str, Any], ...], reads: Reads
) -> None:
    one, other = pair
    assert await look(api, pair) == ([100, 100], [100, 100])
    assert reads.taken() == sorted([str(one["id"]), str(other["id"]), "list"])
    assert await look(api, pair) == ([100, 100], [100, 100])
    assert reads.taken() == []
    await scene.held(event=one)
    assert await look(api, pair) == ([99, 100], [99, 100])
    assert reads.taken() == sorted([str(one["id"]), "list"])
    await scene.held(3, event=other)
    assert await look(api, pair) == ([99, 97], [99, 97])
    assert reads.taken() == sorted([str(other["id"]), "list"])


Act = AsyncIterator[None]


async def hold(scene: Scene, event: dict[str, Any]) -> Act:
    yield
    await scene.held(event=event)


async def give_back(scene: Scene, event: dict[str, Any]) -> Act:
    booking = await scene.held(event=event)
    yield
    assert (await scene.cancel(booking)).status == 200


async def let_run_out(scene: Scene, event: dict[str, Any]) -> Act:
    scene.let_hold_pass(await scene.held(event=event))
    yield
    assert await sweep(scene.db, HOLDS) == 1


async def retitle(scene: Scene, event: dict[str, Any]) -> Act:
    yield
    await _change(scene, event, title="Another")


async def change_payment(scene: Scene, event: dict[str, Any]) -> Act:
    yield
    await _change(scene, event, payment_options=["upi"])


async def change_types(scene: Scene, event: dict[str, Any]) -> Act:
    yield
    kinds = [
        {"name": "Stalls", "price": "30.00", "capacity": 60},
        {"name": "Box", "price": "9.00", "capacity": 5},
    ]
    await _change(scene, event, ticket_types=kinds)


async def _change(scene: Scene, event: dict[str, Any], **changes: Any) -> None:
    reply = await scene.api.patch(f"/events/{event['id']}", changes, token=scene.organiser.token)
    assert reply.status == 200, reply.text


async def cancel(scene: Scene, event: dict[str, Any]) -> Act:
    yield
    reply = await scene.api.post(f"/events/{event['id']}/cancel", {}, token=scene.organiser.token)
    assert reply.status == 200


async def delete(scene: Scene, event: dict[str, Any]) -> Act:
    yield
    assert (await scene.api.delete(f"/events/{event['id']}", token=scene.organiser.token)).status == 204


async def complete(scene: Scene, event: dict[str, Any]) -> Act:
    _let_begin(scene, event)
    yield
    assert await sweep(scene.db, EVENTS_OVER) == 1


async def review(scene: Scene, event: dict[str, Any]) -> Act:
    await scene.paid(event=event)
    _let_begin(scene, event)
    yield
    body = {"event": event["id"], "rating": 4}
    assert (await scene.api.post("/reviews", body, token=scene.buyer.token)).status == 201


def _let_begin(scene: Scene, event: dict[str, Any]) -> None:
    scene.rows("UPDATE events SET starts_at = '2020-01-01' WHERE id = ?", event["id"])


ACTS = [hold, give_back, let_run_out, retitle, change_payment, change_types, cancel, delete, complete, review]


@pytest.mark.parametrize("act", ACTS)
@pytest.mark.parametrize("told", [True, False])
async def test_whatever_is_done_to_an_event_shows_at_once_and_leaves_the_other(
    api: Api,
    scene: Scene,
    pair: tuple[dict[str, Any], ...],
    reads: Reads,
    forget: Callable[..., None],
    act: Callable[[Scene, dict[str, Any]], Act],
    told: bool,
) -> None:
    """The twin, where the slots of events do not change, goes on showing what was."""
    one, other = pair
    path = f"/events/{one['id']}"
    acting = act(scene, one)
    await anext(acting)
    before = await api.get(path)
    await look(api, [other])
    if not told:
        forget(lambda marks: (marks[0], marks[1] & {ANY_EVENT}))
    reads.taken()
    with pytest.raises(StopAsyncIteration):
        await anext(acting)
    reads.taken()
    await api.get(f"/events/{other['id']}")
    assert reads.taken() == []
    shown = await api.get(path)
    current = await api.get(path, token=scene.organiser.token)  # never from memory
    expected = current if told else before
    assert shown.status == expected.status
    if shown.status == 200:
        assert shown.json == expected.json
    assert current.status != before.status or current.json != before.json


async def test_a_whole_group_of_buyers_renews_its_events(
    api: Api, scene: Scene, pair: tuple[dict[str, Any], ...], client: Client, reads: Reads
) -> None:
    """Several buyers in one transaction: their statement names several events."""
    third = await scene.make_event()
    shown = [*pair, third]
    await look(api, shown)
    reads.taken()
    buyers = [await scene.make_user() for _ in range(4)]
    await _hold_in_one_transaction(client, [(buyers[n], pair[n % 2]) for n in range(4)])
    assert await look(api, shown) == ([98, 98, 100], [98, 98, 100])
    assert reads.taken() == sorted([str(pair[0]["id"]), str(pair[1]["id"]), "list"])


async def _hold_in_one_transaction(client: Client, wishes: list[tuple[User, dict[str, Any]]]) -> None:
    asks = [
        Ask(
            actor=Actor(user.id),
            user_id=user.id,
            event_id=event["id"],
            wanted=(Wanted(None, 1),),
            hold_seconds=900,
            key=None,
            render=lambda _: StoredReply(201, b""),
        )
        for user, event in wishes
    ]
    replies = await client.app[keys.DATABASE].transact(hold_tickets, asks=asks)
    assert all(isinstance(reply, StoredReply) for reply in replies)


async def test_a_venue_renews_all(
    api: Api, scene: Scene, pair: tuple[dict[str, Any], ...], reads: Reads
) -> None:
    await look(api, pair)
    reads.taken()
    place = f"/venues/{scene.event['location']['id']}"
    assert (await api.patch(place, {"name": "Another hall"}, token=scene.organiser.token)).status == 200
    for event in pair:
        assert (await api.get(f"/events/{event['id']}")).json["location"]["name"] == "Another hall"
    assert {event["location"]["name"] for event in (await api.get("/events")).json} == {"Another hall"}
    assert reads.taken() == sorted([*(str(event["id"]) for event in pair), "list"])


async def test_a_write_that_names_no_event_renews_all(
    api: Api, scene: Scene, pair: tuple[dict[str, Any], ...], reads: Reads
) -> None:
    await look(api, pair)
    reads.taken()
    scene.rows("UPDATE ticket_types SET available = available - 1")
    assert await look(api, pair) == ([99, 99], [99, 99])
    assert len(reads.taken()) == 3


async def test_two_events_of_one_slot_cost_a_read_and_are_never_stale(
    api: Api, scene: Scene, reads: Reads
) -> None:
    one = scene.event
    _next_event_is(scene, one["id"] + SLOTS)
    twin = await scene.make_event()
    assert twin["id"] == one["id"] + SLOTS
    shown = [one, twin]
    for sold in range(1, 4):
        await look(api, shown)
        reads.taken()
        await scene.held(event=one if sold % 2 else twin)
        left = [100 - (sold + 1) // 2, 100 - sold // 2]
        assert await look(api, shown) == (left, left)
        assert reads.taken() == sorted([str(one["id"]), str(twin["id"]), "list"])


def _next_event_is(scene: Scene, event_id: int) -> None:
    if scene.rows.dialect == "mssql":
        scene.rows.connection.execute(f"DBCC CHECKIDENT ('events', RESEED, {event_id - 1})").close()
    else:
        scene.rows.connection.execute(f"ALTER TABLE events ALTER COLUMN id RESTART WITH {event_id}").close()


# Mutants: each forgets one kind of stamps, and what depends on it is served stale.


async def test_without_the_slot_of_an_event_its_reply_is_stale(
    api: Api, scene: Scene, pair: tuple[dict[str, Any], ...], forget: Callable[..., None]
) -> None:
    forget(lambda marks: (marks[0], marks[1] & {ANY_EVENT}))
    await look(api, pair)
    await scene.held(event=pair[0])
    assert await look(api, pair) == ([100, 100], [99, 100])


async def test_without_the_slot_of_any_event_a_list_is_stale(
    api: Api, scene: Scene, pair: tuple[dict[str, Any], ...], forget: Callable[..., None]
) -> None:
    forget(lambda marks: (marks[0], marks[1] - {ANY_EVENT}))
    await look(api, pair)
    await scene.held(event=pair[0])
    assert await look(api, pair) == ([99, 100], [100, 100])


async def test_without_the_stamps_of_tables_a_venue_is_stale(
    api: Api, scene: Scene, forget: Callable[..., None]
) -> None:
    forget(lambda marks: ([], marks[1]))
    path = f"/events/{scene.event['id']}"
    before = (await api.get(path)).json["location"]["country"]
    place = f"/venues/{scene.event['location']['id']}"
    # Another name, address or city would change the event too.
    assert (await api.patch(place, {"country": "Utopia"}, token=scene.organiser.token)).status == 200
    assert (await api.get(path)).json["location"]["country"] == before != "Utopia"


async def test_a_statement_that_names_another_event_leaves_its_own_stale(
    api: Api, scene: Scene, pair: tuple[dict[str, Any], ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    named = Statement.named_events

    def wrong(statement: Statement[Any], values: dict[str, Any]) -> Any:
        ids = named(statement, values)
        return ids and [event_id + 1 for event_id in ids]

    monkeypatch.setattr(Statement, "named_events", wrong)
    await look(api, pair)
    await scene.held(event=pair[0])
    assert await look(api, pair) == ([100, 100], [99, 100])
