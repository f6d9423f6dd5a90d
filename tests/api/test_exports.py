"""The export of an event's bookings."""

import csv
import io
from typing import Any

import pytest

from bms.admission import holders
from bms.handlers import exports
from bms.schemas.exports import COLUMNS
from tests.kit.api import Api
from tests.kit.scene import Scene
from tests.kit.types import MakeUser
from tests.kit.users import User


async def exported(api: Api, scene: Scene, by: User | None = None, query: str = "") -> list[dict[str, str]]:
    path = f"/events/{scene.event['id']}/bookings.csv{query}"
    reply = await api.get(path, token=(by or scene.organiser).token)
    assert reply.status == 200, reply.text
    assert reply.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert reply.headers["Content-Disposition"] == f'attachment; filename="bookings-{scene.event["id"]}.csv"'
    assert reply.headers["Cache-Control"] == "no-store"
    assert reply.headers["X-Content-Type-Options"] == "nosniff"
    assert "X-Request-Id" in reply.headers
    text = reply.text.removeprefix("\ufeff")
    first, *rows = csv.reader(io.StringIO(text, newline=""))
    assert tuple(first) == COLUMNS
    return [dict(zip(COLUMNS, row, strict=True)) for row in rows]


@pytest.mark.needs("text in OPENJSON")
async def test_a_line_is_a_booking(api: Api, scene: Scene, admin: User, make_user: MakeUser) -> None:
    types = [
        {"name": "Stalls", "price": "25.00", "capacity": 50},
        {"name": "Balcony", "price": "5.00", "capacity": 9},
    ]
    event = await scene.on_sale(ticket_types=types)
    tickets = [{"ticket_type": kind["id"], "quantity": 2} for kind in event["ticket_types"]]
    body: dict[str, Any] = {"event": event["id"], "tickets": tickets}
    body["contact"] = {"name": 'Zoë, the "Box"', "email": "box@example.org"}
    booking = (await api.post("/bookings", body, token=scene.buyer.token)).json
    assert (await scene.pay(booking)).status == 201
    silent = await make_user(email=None)
    one = {"event": event["id"], "tickets": tickets[:1]}
    held = (await api.post("/bookings", one, token=silent.token)).json
    gone = (await api.post("/bookings", one, token=scene.buyer.token)).json
    await scene.cancel(gone)
    shown = await scene.shown(booking)
    rows = await exported(api, scene)
    assert [row["reference"] for row in rows] == [booking["reference"], held["reference"], gone["reference"]]
    assert rows[0] == {
        "reference": booking["reference"],
        "status": "CONFIRMED",
        "name": 'Zoë, the "Box"',
        "email": "box@example.org",
        "ticket_types": "2 x Stalls, 2 x Balcony",
        "quantity": "4",
        "total": "60.00",
        "currency": "EUR",
        "ticket_codes": " ".join(ticket["code"] for ticket in shown["tickets"]),
        "booked_at": shown["booking_date"],
        "confirmed_at": shown["confirmed_at"],
        "complimentary": "no",
        "seats": "",
    }
    assert (rows[1]["email"], rows[1]["ticket_codes"], rows[1]["confirmed_at"]) == ("", "", "")
    assert [row["status"] for row in await exported(api, scene, admin, "?status=PENDING")] == ["PENDING"]
    other = await make_user("EVENT_MANAGER")
    (await api.get(f"/events/{event['id']}/bookings.csv", token=other.token)).problem(403, "forbidden")
    (await api.get("/events/999/bookings.csv", token=admin.token)).problem(404, "not_found")
    refused = await api.get(f"/events/{event['id']}/bookings.csv?status=x", token=admin.token)
    refused.problem(422, "validation_failed")


async def test_it_begins_with_a_byte_order_mark_even_if_empty(api: Api, scene: Scene) -> None:
    reply = await api.get(f"/events/{scene.event['id']}/bookings.csv", token=scene.organiser.token)
    assert reply.text.startswith('\ufeff"reference","status"')
    assert reply.text.endswith('"seats"\r\n')


@pytest.mark.parametrize(
    "name",
    [
        '=HYPERLINK("http://x")',
        "+1+1",
        "-1+1",
        "@SUM(A1)",
        " =1+1",
        "\u3000=1+1",
        "\uff1d1+1",
        "\uff0b1",
        "\uff0d1",
        "\uff20x",
        "|cmd",
        "%x",
    ],
)
async def test_no_cell_is_a_formula(api: Api, scene: Scene, make_user: MakeUser, name: str) -> None:
    types = [{"name": f"{name.strip()} type", "price": "0.00", "capacity": 50}]
    await scene.on_sale(ticket_types=types)
    user = await make_user()
    scene.rows("UPDATE users SET name = ? WHERE id = ?", name, user.id)
    await scene.held(by=user)
    (row,) = await exported(api, scene)
    assert row["name"] == f"'{name}"
    assert row["ticket_types"].startswith("1 x ")


@pytest.mark.parametrize("name", ["\t=1+1", "\r=1", "\n=1+1", 'a\r\n=1+1,"x'])
async def test_no_cell_begins_a_line_of_its_own(
    api: Api, scene: Scene, make_user: MakeUser, name: str
) -> None:
    user = await make_user()
    scene.rows("UPDATE users SET name = ? WHERE id = ?", name, user.id)
    await scene.held(by=user)
    (row,) = await exported(api, scene)
    assert "\n" not in row["name"]
    assert row["name"][0] in "'a"


async def test_it_is_read_in_pages(
    api: Api, scene: Scene, make_user: MakeUser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(holders, "PAGE", 2)
    await scene.on_sale(price="0.00")
    made = [(await scene.held(by=await make_user()))["reference"] for _ in range(5)]
    assert [row["reference"] for row in await exported(api, scene)] == made


async def test_what_breaks_off_is_no_whole_file(
    api: Api, scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    import aiohttp

    from bms.errors import DatabaseUnavailable

    async def parts(*_: object, **__: object) -> Any:
        yield b"x\r\n"
        raise DatabaseUnavailable()

    monkeypatch.setattr(exports, "holders_csv", parts)
    with pytest.raises(aiohttp.ClientError):
        await api.get(f"/events/{scene.event['id']}/bookings.csv", token=scene.organiser.token)
