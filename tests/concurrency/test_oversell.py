"""Two hundred buyers at once, fifty tickets: fifty are sold. Its twins take the guards away, and oversell."""

from collections.abc import Iterable

import pytest
from aiohttp.test_utils import TestClient

from bms.commands.sales import inventory
from bms.errors import SoldOut
from bms.http import keys
from bms.queries.bookings import BookingLine
from bms.sql.database import Database
from bms.sql.session import Transaction
from bms.sql.statements import Statement
from tests.concurrency.crowd import Person, book_all, let_race, make_crowd
from tests.concurrency.shop import Shop
from tests.kit.books import assert_conserved, available, count
from tests.kit.scene import Scene
from tests.kit.types import Rows
from tests.kit.waiting import Meeting

BUYERS = 200
TICKETS = 50
_SOLD = """
    SELECT COALESCE(SUM(bl.quantity), 0) AS sold
    FROM   booking_lines bl INNER JOIN bookings b ON b.id = bl.booking_id
    WHERE  b.status IN ('PENDING', 'CONFIRMED')
"""
_DROP_CHECK = "ALTER TABLE ticket_types DROP CONSTRAINT ck_ticket_types_available"

# The statement without its guard: it takes tickets that are not there.
UNGUARDED = Statement(
    "test.reserve_unguarded",
    "@event_id BIGINT, @id BIGINT, @quantity INT, @list_price DECIMAL(15,3), @currency NVARCHAR(3), "
    "@seated BIT",
    """
    UPDATE ticket_types
    SET    available = available - @quantity
    OUTPUT inserted.available
    WHERE  id = @id AND event_id = @event_id AND price = @list_price AND currency = @currency
      AND  seated = @seated
    """,
)
LOOK = Statement("test.look", "@id BIGINT", "SELECT available FROM ticket_types WHERE id = @id")
TAKE = Statement(
    "test.take", "@id BIGINT, @left INT", "UPDATE ticket_types SET available = @left WHERE id = @id"
)


def sold(rows: Rows) -> int:
    return int(rows(_SOLD)[0].sold)


@pytest.fixture
async def crowd(client: TestClient, db: Database) -> list[Person]:
    return await make_crowd(db, client.app[keys.TOKENS], BUYERS)


@pytest.fixture
def base(client: TestClient) -> str:
    return str(client.make_url("")).rstrip("/")


@pytest.fixture
def one_by_one(client: TestClient) -> None:
    """Let no two buyers share a transaction, and eight transactions run at a time."""
    let_race(client.app[keys.TURNSTILE])


@pytest.mark.parametrize("group", [1, 32])
@pytest.mark.parametrize("guards", ["both", "statement", "constraint"])
async def test_two_hundred_buyers_get_fifty_tickets(
    scene: Scene,
    client: TestClient,
    base: str,
    crowd: list[Person],
    monkeypatch: pytest.MonkeyPatch,
    guards: str,
    group: int,
) -> None:
    """The statement and the constraint both guard the sale, and either is enough."""
    let_race(client.app[keys.TURNSTILE], group=group)
    event = await scene.on_sale(capacity=TICKETS)
    if guards == "statement":
        scene.rows(_DROP_CHECK)
    elif guards == "constraint":
        monkeypatch.setattr(inventory, "RESERVE", UNGUARDED)
    answers = await book_all([base], crowd, {"event": event["id"], "quantity": 1})
    assert answers == {(201, None): TICKETS, (409, "sold_out"): BUYERS - TICKETS}
    assert (sold(scene.rows), scene.available()) == (TICKETS, 0)
    await scene.balanced()


async def test_quantities_that_do_not_divide_the_tickets(
    scene: Scene, base: str, crowd: list[Person]
) -> None:
    event = await scene.on_sale(capacity=TICKETS)
    answers = await book_all([base], crowd[:60], {"event": event["id"], "quantity": 3})
    assert answers == {(201, None): 16, (409, "sold_out"): 44}
    assert (sold(scene.rows), scene.available()) == (48, 2)
    await scene.balanced()


@pytest.mark.usefixtures("one_by_one")
async def test_without_guard_and_constraint_more_is_sold_than_there_is(
    scene: Scene, base: str, crowd: list[Person], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The twin: both guards are off."""
    scene.rows(_DROP_CHECK)
    monkeypatch.setattr(inventory, "RESERVE", UNGUARDED)
    event = await scene.on_sale(capacity=TICKETS)
    answers = await book_all([base], crowd, {"event": event["id"], "quantity": 1})
    assert answers[201, None] > TICKETS
    assert sold(scene.rows) > TICKETS


@pytest.mark.usefixtures("one_by_one")
async def test_reading_before_writing_sells_more_than_there_is(
    scene: Scene, base: str, crowd: list[Person], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other twin: the check is there, and right for one buyer at a time. No constraint sees the loss."""
    two_have_looked = Meeting(patience=10)

    def look_then_take(
        tx: Transaction, lines: Iterable[BookingLine], *, event_id: int, currency: str
    ) -> None:
        for line in lines:
            left = tx.value(LOOK, id=line.ticket_type_id)
            if left < line.quantity:
                raise SoldOut(available=left)
            two_have_looked()
            tx.execute(TAKE, id=line.ticket_type_id, left=left - line.quantity)

    monkeypatch.setattr(inventory, "reserve", look_then_take)
    event = await scene.on_sale(capacity=TICKETS)
    answers = await book_all([base], crowd, {"event": event["id"], "quantity": 1})
    assert answers[201, None] > TICKETS
    assert sold(scene.rows) > TICKETS
    with pytest.raises(AssertionError, match="ticket type"):
        assert_conserved(scene.rows)


@pytest.mark.parametrize(("buyers", "tickets"), [(500, 1), (200, 50)])
async def test_processes_sell_what_there_is(shop: Shop, buyers: int, tickets: int) -> None:
    """The last ticket wanted by five hundred; what keeps the processes apart is in the database."""
    event = await shop.event(capacity=tickets)
    crowd = await shop.people(buyers)
    answers = await book_all(shop.premises.bases, crowd, {"event": event["id"], "quantity": 1})
    assert answers == {(201, None): tickets, (409, "sold_out"): buyers - tickets}
    assert available(shop.rows, event) == 0
    assert count(shop.rows, "bookings", "event_id = ? AND status = 'PENDING'", event["id"]) == tickets
    await shop.check()
