"""The gateway by setting: play money is never taken for money by mistake."""

import dataclasses
from pathlib import Path

import pytest

from bms.app import create_app
from bms.errors import ConfigurationError
from bms.resources import make_gateway
from bms.settings import NONE, SIMULATED, Settings, load
from tests.kit.api import Api, Client
from tests.kit.cards import CARD
from tests.kit.scene import Scene
from tests.kit.types import Make, Rows
from tests.kit.users import User

OWN = {"BMS_DATABASE_URL": "postgresql://u@h/d", "BMS_SECRET_KEY": "x" * 32}


def test_play_money_is_the_default_on_the_embedded_database_alone(tmp_path: Path) -> None:
    nowhere = tmp_path / "none"
    assert load({"BMS_DATA_DIR": str(tmp_path)}, nowhere).gateway == SIMULATED
    own = load({**OWN, "BMS_DATA_DIR": str(tmp_path)}, nowhere)
    with pytest.raises(ConfigurationError, match="BMS_GATEWAY is not set"):
        make_gateway(own)
    # Nothing serves without one.
    with pytest.raises(ConfigurationError, match="BMS_GATEWAY is not set"):
        create_app(own, OWN["BMS_DATABASE_URL"])
    chosen = load({**OWN, "BMS_GATEWAY": SIMULATED, "BMS_DATA_DIR": str(tmp_path)}, nowhere)
    assert chosen.gateway == SIMULATED
    with pytest.raises(ConfigurationError, match="BMS_PUBLIC_URL is not set"):
        create_app(chosen, OWN["BMS_DATABASE_URL"])


async def test_with_play_money_the_outcome_is_anyones_choice(scene: Scene) -> None:
    """The twin of the test below."""
    booking = await scene.held()
    path = f"/process-payment/{booking['id']}?outcome=success"
    assert (await scene.api.post(path, token=scene.buyer.token)).status == 200


class TestWithoutAGateway:
    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        return dataclasses.replace(settings, gateway=NONE)

    async def test_nothing_is_sold_for_money(
        self, api: Api, buyer: User, make_event: Make, hold: Make, rows: Rows
    ) -> None:
        booking = await hold(buyer, await make_event())
        paying = {"booking_id": booking["id"], "method": "card", "details": CARD}
        (await api.post("/payments", paying, token=buyer.token)).problem(402, "payment_declined")
        assert rows("SELECT COUNT(*) FROM tickets")[0][0] == 0

    async def test_what_is_free_is_booked(self, api: Api, buyer: User, make_event: Make) -> None:
        event = await make_event(price="0.00")
        booked = await api.post("/bookings", {"event": event["id"]}, token=buyer.token)
        assert booked.json["status"] == "CONFIRMED"

    async def test_nobody_decides_an_outcome(
        self, client: Client, buyer: User, make_event: Make, hold: Make, rows: Rows
    ) -> None:
        booking = await hold(buyer, await make_event())
        headers = {"Authorization": f"Bearer {buyer.token}"}
        for method, path in (
            ("POST", f"/process-payment/{booking['id']}?outcome=success"),
            ("GET", "/simulate-payment"),
            ("GET", "/simulated-gateway/x"),
            ("POST", "/simulated-gateway/x"),
        ):
            for prefix in ("", "/api"):
                reply = await client.request(method, prefix + path, headers=headers, json={})
                assert reply.status == 404, path
        assert rows("SELECT COUNT(*) FROM tickets")[0][0] == 0
        document = await (await client.get("/openapi.json")).json()
        assert "/process-payment/{id}" not in document["paths"]
        assert "/payments" in document["paths"]
