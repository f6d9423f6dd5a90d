"""A small service in a directory of its own, and a day's business there."""

import itertools
from pathlib import Path
from typing import Any

from aiohttp.test_utils import TestClient, TestServer

from bms.app import create_app
from bms.settings import Settings, load
from bms.sql.embedded.provision import embedded_url, shared_server
from tests.kit.api import Api
from tests.kit.cards import CARD
from tests.kit.limits import NO_LIMITS
from tests.kit.users import PASSWORD

_numbers = itertools.count(1)


def in_directory(directory: Path) -> Settings:
    """Return the settings of a service that keeps everything in ``directory``."""
    given = {f"BMS_{name.upper()}": _text(value) for name, value in NO_LIMITS.items()}
    return load(
        {
            **given,
            "BMS_DATA_DIR": str(directory),
            "BMS_BCRYPT_ROUNDS": "4",
            "BMS_DEMO_DATA": "off",
            "BMS_BACKGROUND_TASKS": "off",
        },
        Path("/nonexistent"),
    )


def _text(value: Any) -> str:
    return "off" if value is None else str(value)


async def sell(settings: Settings, url: str | None = None) -> None:
    """Sell tickets of a new event, of which one is given back and one payment is declined."""
    url = url or embedded_url(shared_server(settings.data_dir))
    async with TestClient(TestServer(create_app(settings, url))) as client:
        api = Api(client)
        manager = await _account(api, "EVENT_MANAGER")
        buyer = await _account(api, "USER")
        venue = (await api.post("/venues", _HALL, token=manager)).json
        event = (await api.post("/events", {**_EVENT, "venue": venue["id"]}, token=manager)).json
        for number in (CARD["number"], CARD["number"], "4000000000000002"):
            held = (await api.post("/bookings", {"event": event["id"], "quantity": 2}, token=buyer)).json
            body = {"booking_id": held["id"], "method": "card", "details": {**CARD, "number": number}}
            paid = await api.post("/payments", body, token=buyer)
            assert paid.status in (201, 402), paid.text
        first = (await api.get("/bookings?status=CONFIRMED", token=buyer)).json[0]
        assert (await api.post(f"/bookings/{first['id']}/cancel", {}, token=buyer)).status == 200


_HALL = {"name": "Grüne Halle ☕", "location": "1 Main Street", "capacity": 1000}
_EVENT = {"title": "Œuvre", "starts_at": "2099-08-01T19:30:00Z", "capacity": 100, "price": "25.50"}


async def _account(api: Api, role: str) -> str:
    name = f"someone{next(_numbers)}x{id(api)}"
    account = {"name": "Zoë", "username": name, "email": f"{name}@example.com", "password": PASSWORD}
    made = await api.post("/register", {**account, "role": role})
    assert made.status == 201, made.text
    token: str = (await api.post("/login", {"username": name, "password": PASSWORD})).json["access_token"]
    return token
