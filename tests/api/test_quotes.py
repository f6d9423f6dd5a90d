"""Quotes: what tickets cost, and holding them at the price that was told."""

import io
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from bms.commands.sales.pricing import Quote
from bms.sql.session import Session
from bms.sql.statements import Statement
from tests.kit.api import Api, Client
from tests.kit.scene import Scene
from tests.kit.types import Make, Rows

pytestmark = pytest.mark.usefixtures("books_balance")

TYPES = [
    {"name": "Stalls", "price": "40.00", "capacity": 10},
    {"name": "Balcony", "price": "25.50", "capacity": 5},
]
TABLES = ("bookings", "booking_lines", "audit_log", "announcements", "idempotency_keys", "outbox")


async def quoted(api: Api, event: dict[str, Any], **body: Any) -> dict[str, Any]:
    reply = await api.post(f"/events/{event['id']}/quote", body)
    assert reply.status == 200, reply.text
    quote: dict[str, Any] = reply.json
    return quote


def types(event: dict[str, Any], *quantities: int) -> list[dict[str, int]]:
    """Return the lines of a body: so many of each ticket type in turn, where it is not 0."""
    return [
        {"ticket_type": kind["id"], "quantity": quantity}
        for kind, quantity in zip(event["ticket_types"], quantities, strict=True)
        if quantity
    ]


@pytest.mark.parametrize("path", ["/events/{}/quote", "/api/events/{}/quote/"])
@pytest.mark.parametrize("caller", ["stranger", "buyer", "organiser"])
async def test_a_quote(api: Api, scene: Scene, path: str, caller: str) -> None:
    event = await scene.on_sale(ticket_types=TYPES)
    stalls, balcony = (kind["id"] for kind in event["ticket_types"])
    token = {"stranger": None, "buyer": scene.buyer.token, "organiser": scene.organiser.token}[caller]
    reply = await api.post(path.format(event["id"]), {"tickets": types(event, 1, 2)}, token=token)
    assert reply.status == 200
    fingerprint = reply.json["quote"]
    assert reply.json == {
        "lines": [
            {
                "ticket_type": stalls,
                "name": "Stalls",
                "quantity": 1,
                "list_price": "40.00",
                "price": "40.00",
            },
            {
                "ticket_type": balcony,
                "name": "Balcony",
                "quantity": 2,
                "list_price": "25.50",
                "price": "25.50",
            },
        ],
        "total": "91.00",
        "currency": "EUR",
        "quote": fingerprint,
    }
    assert len(fingerprint) == 32
    reverse = await quoted(api, event, tickets=types(event, 1, 2)[::-1])
    assert reverse == reply.json


async def test_all_that_a_booking_may_say_may_be_asked(api: Api, scene: Scene) -> None:
    """A client asks with the body of its booking, less the event."""
    (kind,) = types(scene.event, 2)
    two = await quoted(api, scene.event, quantity=2)
    assert await quoted(api, scene.event, tickets=[kind]) == two
    assert await quoted(api, scene.event, quantity=2, user=scene.buyer.id, quote="any") == two
    assert (
        await quoted(api, scene.event, tickets=[{"ticket_type_id": kind["ticket_type"], "quantity": 2}])
        == two
    )
    one = await quoted(api, scene.event)
    assert (one["total"], two["total"]) == ("25.00", "50.00")
    assert one["quote"] != two["quote"]
    assert await quoted(api, scene.event, quantity=1) == one


async def test_a_quote_writes_nothing(api: Api, scene: Scene) -> None:
    before = [scene.count(table) for table in TABLES]
    await quoted(api, scene.event, quantity=2)
    assert [scene.count(table) for table in TABLES] == before
    assert scene.available() == 100


async def sell_out(scene: Scene) -> None:
    await scene.on_sale(capacity=2)
    await scene.held(2)


async def open_later(scene: Scene) -> None:
    await scene.on_sale(sales_start="2098-01-01T00:00:00Z")


async def close(scene: Scene) -> None:
    scene.rows("UPDATE events SET sales_end = created_at WHERE id = ?", scene.event["id"])


async def limit(scene: Scene) -> None:
    await scene.on_sale(per_user_limit=1)


async def cancel(scene: Scene) -> None:
    path = f"/events/{scene.event['id']}/cancel"
    assert (await scene.api.post(path, {}, token=scene.organiser.token)).ok


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (sell_out, "sold_out"),
        (open_later, "not_on_sale"),
        (close, "not_on_sale"),
        (limit, "per_user_limit"),
        (cancel, "not_on_sale"),
    ],
)
async def test_a_quote_says_a_price_whatever_else_stands_in_the_way(
    api: Api, scene: Scene, change: Callable[[Scene], Any], code: str
) -> None:
    await change(scene)
    quote = await quoted(api, scene.event, quantity=2)
    assert quote["total"] == "50.00"
    body = {"event": scene.event["id"], "quantity": 2, "quote": quote["quote"]}
    (await api.post("/bookings", body, token=scene.buyer.token)).problem(409, code)
    # Of two reasons the reply names the one that a new price would not help.
    body["quote"] = "outdated"
    (await api.post("/bookings", body, token=scene.buyer.token)).problem(409, code)


@pytest.mark.parametrize("role", ["USER", "EVENT_MANAGER", "ADMIN"])
async def test_a_draft_has_no_price_to_tell(api: Api, scene: Scene, role: str) -> None:
    draft = await scene.on_sale(status="DRAFT")
    user = scene.organiser if role == "EVENT_MANAGER" else await scene.make_user(role)
    reply = await api.post(f"/events/{draft['id']}/quote", {"quantity": 1}, token=user.token)
    reply.problem(404, "not_found")


async def test_what_cannot_be_priced_is_refused_as_a_booking_is(api: Api, scene: Scene) -> None:
    several = await scene.make_event(ticket_types=TYPES)
    dear = await scene.make_event(price="9999999999.99")
    other = scene.event["ticket_types"][0]["id"]
    cases = [
        (999_999, {"quantity": 1}, 404),
        (several["id"], {"quantity": 1}, 422),
        (several["id"], {"tickets": [{"ticket_type": other}]}, 422),
        (dear["id"], {"quantity": 2}, 422),
    ]
    for event, body, status in cases:
        reply = await api.post(f"/events/{event}/quote", body)
        booking = await api.post("/bookings", {"event": event, **body}, token=scene.buyer.token)
        assert reply.status == booking.status == status
        for member in ("code", "detail", "errors"):
            assert reply.json.get(member) == booking.json.get(member), body


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"event": 1}, "/event"),
        ({"event_id": 1}, "/event_id"),
        ({"quantity": 0}, "/quantity"),
        ({"quantity": 101}, "/quantity"),
        ({"quantity": "2"}, "/quantity"),
        ({"quantity": 1, "tickets": [{"ticket_type": 1}]}, "/quantity"),
        ({"tickets": []}, "/tickets"),
        ({"tickets": [{"ticket_type": 1}, {"ticket_type": 1}]}, "/tickets"),
        ({"tickets": [{"ticket_type": 1, "price": "0.01"}]}, "/tickets/0/price"),
        ({"quote": 7}, "/quote"),
        ({"quote": ""}, "/quote"),
        ({"quote": "x" * 65}, "/quote"),
    ],
)
async def test_bad_fields_are_named(api: Api, scene: Scene, body: dict[str, Any], pointer: str) -> None:
    problem = (await api.post(f"/events/{scene.event['id']}/quote", body)).problem(422, "validation_failed")
    assert [error["pointer"] for error in problem["errors"]] == [pointer]


async def test_a_body_is_as_small_and_as_plain_as_any(client: Client, scene: Scene) -> None:
    path, json = f"/events/{scene.event['id']}/quote", {"Content-Type": "application/json"}
    cases: list[tuple[bytes, dict[str, str], int]] = [
        (b" " * 2_000_000, json, 413),
        (b"quantity=1", {"Content-Type": "application/x-www-form-urlencoded"}, 415),
        (b"{", json, 400),
        (b"", {}, 200),
    ]
    for body, headers, status in cases:
        async with client.post(path, data=io.BytesIO(body), headers=headers) as reply:
            assert reply.status == status


@pytest.mark.parametrize("path", ["/bookings", "/book-ticket"])
async def test_a_hold_at_the_price_quoted(api: Api, scene: Scene, path: str) -> None:
    event = await scene.on_sale(ticket_types=TYPES)
    tickets = types(event, 1, 2)
    quote = await quoted(api, event, tickets=tickets)
    body = {"event": event["id"], "tickets": tickets, "quote": quote["quote"]}
    reply = await api.post(path, body, token=scene.buyer.token)
    assert reply.status == 201
    assert (reply.json["total"], reply.json["currency"]) == (quote["total"], quote["currency"])
    assert reply.json["lines"] == [
        {
            "ticket_type": x["ticket_type"],
            "name": x["name"],
            "quantity": x["quantity"],
            "unit_price": x["price"],
        }
        for x in quote["lines"]
    ]
    kept = scene.rows("SELECT list_price, unit_price FROM booking_lines ORDER BY ticket_type_id")
    assert [tuple(row) for row in kept] == [(Decimal("40"),) * 2, (Decimal("25.5"),) * 2]


async def test_a_free_event_has_a_quote_too(api: Api, scene: Scene) -> None:
    event = await scene.on_sale(price="0.00")
    quote = await quoted(api, event, quantity=2)
    assert quote["total"] == "0.00"
    body = {"event": event["id"], "quantity": 2, "quote": quote["quote"]}
    assert (await api.post("/bookings", body, token=scene.buyer.token)).json["status"] == "CONFIRMED"


async def test_a_changed_price_is_refused_with_a_new_quote(api: Api, scene: Scene) -> None:
    event, token = scene.event, scene.buyer.token
    old = await quoted(api, event, quantity=2)
    raised = await api.patch(f"/events/{event['id']}", {"price": "30.00"}, token=scene.organiser.token)
    assert raised.ok
    before = [scene.count(table) for table in TABLES]
    body = {"event": event["id"], "quantity": 2, "quote": old["quote"]}
    problem = (await api.post("/bookings", body, token=token)).problem(409, "price_changed")
    assert problem["detail"] == "The price has changed: it is now 60.00 EUR"
    assert [scene.count(table) for table in TABLES] == before
    assert scene.available() == 100
    new = await quoted(api, event, quantity=2)
    assert {member: problem[member] for member in new} == new
    assert new["total"] == "60.00"
    booked = await api.post("/bookings", {**body, "quote": problem["quote"]}, token=token)
    assert (booked.status, booked.json["total"]) == (201, "60.00")
    # Whoever states no price pays that of the moment, as always.
    del body["quote"]
    assert (await api.post("/bookings", body, token=token)).json["total"] == "60.00"


@pytest.mark.needs("text in OPENJSON")
async def test_a_repeat_under_a_key_is_not_priced_again(api: Api, scene: Scene) -> None:
    event, token = scene.event, scene.buyer.token
    key = {"Idempotency-Key": "one"}
    body = {"event": event["id"], "quantity": 1, "quote": (await quoted(api, event))["quote"]}
    first = await api.post("/bookings", body, token=token, headers=key)
    assert first.status == 201
    scene.rows("UPDATE ticket_types SET price = 30 WHERE event_id = ?", event["id"])
    again = await api.post("/bookings", body, token=token, headers=key)
    assert (again.status, again.json, again.headers["Idempotency-Replayed"]) == (201, first.json, "true")
    # A refusal takes no key: the same one serves the new price.
    key = {"Idempotency-Key": "two"}
    refused = await api.post("/bookings", body, token=token, headers=key)
    body["quote"] = refused.problem(409, "price_changed")["quote"]
    assert (await api.post("/bookings", body, token=token, headers=key)).status == 201


async def test_a_fingerprint_tells_prices_apart_and_nothing_else(api: Api, scene: Scene) -> None:
    event = await scene.on_sale(ticket_types=TYPES)
    ids = [kind["id"] for kind in event["ticket_types"]]
    first = (await quoted(api, event, tickets=types(event, 1, 1)))["quote"]

    async def after(tsql: str, *values: Any) -> str:
        scene.rows(tsql, *values)
        return str((await quoted(api, event, tickets=types(event, 1, 1)))["quote"])

    assert await after("UPDATE ticket_types SET name = 'Front' WHERE id = ?", ids[0]) == first
    assert await after("UPDATE ticket_types SET sort_order = 9 WHERE id = ?", ids[0]) == first
    assert await after("UPDATE events SET title = 'T', version = 7 WHERE id = ?", event["id"]) == first
    stalls, balcony = ids
    set_price = "UPDATE ticket_types SET price = ? WHERE id = ?"
    changes = [(Decimal("40.01"), stalls), (Decimal("25.50"), stalls), (Decimal("40.00"), balcony)]
    seen = [first, *[await after(set_price, *change) for change in changes]]
    assert len(set(seen)) == 4, "the first and the last have the same total, for other lines"
    assert await after("UPDATE events SET currency = 'USD' WHERE id = ?", event["id"]) not in seen


@pytest.fixture
def executed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the statements that the service executes, for the test to clear."""
    names: list[str] = []
    run = Session.run

    def record(session: Session, statement: Statement[Any], *rest: Any) -> Any:
        names.append(statement.name)
        return run(session, statement, *rest)

    monkeypatch.setattr(Session, "run", record)
    return names


async def test_a_quote_costs_a_hold_no_statement(api: Api, scene: Scene, executed: list[str]) -> None:
    token, body = scene.buyer.token, {"event": scene.event["id"], "quantity": 1}
    assert (await api.post("/bookings", body, token=token)).status == 201
    executed.clear()
    quote = (await quoted(api, scene.event))["quote"]
    assert executed == ["events.list_for_sale"]
    executed.clear()
    assert (await api.post("/bookings", body, token=token)).status == 201
    without = executed.copy()
    executed.clear()
    assert (await api.post("/bookings", {**body, "quote": quote}, token=token)).status == 201
    assert executed == without
    assert without.count("events.list_for_sale") == 1


async def test_a_hold_without_a_quote_takes_no_fingerprint(
    api: Api, scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    def not_asked_for(quote: Quote) -> str:
        raise AssertionError("nobody asked for a fingerprint")

    monkeypatch.setattr(Quote, "fingerprint", property(not_asked_for))
    await scene.held()


PRICES = st.decimals(0, "9999999999.99", places=2) | st.decimals(0, 99, places=2)
OFFERS = st.lists(PRICES, min_size=1, max_size=5)
WISHES = st.tuples(OFFERS, st.lists(st.integers(0, 100), min_size=5, max_size=5), st.booleans())


def drawn(strategy: st.SearchStrategy[Any], number: int) -> list[Any]:
    """Return ``number`` values, the same in every run."""
    found: list[Any] = []

    @settings(
        max_examples=number,
        phases=[Phase.generate],
        database=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )
    @given(strategy)
    def collect(value: Any) -> None:
        found.append(value)

    collect()
    return found


async def test_a_hold_charges_what_was_quoted_for_any_body(
    api: Api, scene: Scene, make_event: Make, rows: Rows
) -> None:
    statuses = set()
    for prices, quantities, by_type in drawn(WISHES, 40):
        offers = [{"name": f"T{n}", "price": str(p), "capacity": 100} for n, p in enumerate(prices)]
        event = await make_event(ticket_types=offers)
        body: dict[str, Any] = {"quantity": max(1, quantities[0])}
        if by_type:
            body = {"tickets": types(event, *quantities[: len(offers)])}
        quote = await api.post(f"/events/{event['id']}/quote", body)
        hold = {"event": event["id"], **body, "quote": quote.json.get("quote") or "none"}
        booking = await api.post("/bookings", hold, token=scene.buyer.token)
        statuses.add(quote.status)
        if quote.status != 200:
            assert (quote.status, quote.json["detail"]) == (booking.status, booking.json["detail"])
            continue
        assert booking.status == 201, booking.text
        told, got = quote.json, booking.json
        assert (got["total"], got["currency"]) == (told["total"], told["currency"])
        assert [(x["ticket_type"], x["quantity"], x["unit_price"]) for x in got["lines"]] == [
            (x["ticket_type"], x["quantity"], x["price"]) for x in told["lines"]
        ]
        (charged,) = rows("SELECT total FROM bookings WHERE id = ?", got["id"])
        assert charged.total == sum(Decimal(x["price"]) * x["quantity"] for x in told["lines"])
        assert charged.total == Decimal(told["total"])
    assert statuses == {200, 422}
