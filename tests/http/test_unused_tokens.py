"""An endpoint that identifies its caller by the body looks at no token, so none can stand in its way."""

import pytest
from aiohttp.test_utils import TestClient

from bms.errors import Overloaded
from bms.http import keys
from tests.kit.api import Api
from tests.kit.users import User


@pytest.fixture
def overloaded(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every look-up of a token finds the database overloaded."""

    async def refuse(*_: object) -> None:
        raise Overloaded()

    monkeypatch.setattr(client.app[keys.CALLERS], "get", refuse)


@pytest.mark.usefixtures("overloaded")
async def test_an_endpoint_without_tokens_ignores_an_old_header(api: Api, buyer: User) -> None:
    assert (await api.get("/docs", token=buyer.token)).status == 200
    assert (await api.post("/login", {"username": "nobody", "password": "wrong"}, token="x")).status == 401


@pytest.mark.usefixtures("overloaded")
async def test_a_public_read_falls_back_to_the_public_reply(api: Api, buyer: User) -> None:
    assert (await api.get("/events", token=buyer.token)).status == 200


@pytest.mark.usefixtures("overloaded")
async def test_a_private_read_is_told_to_come_again(api: Api, buyer: User) -> None:
    reply = await api.get("/bookings", token=buyer.token)
    assert (reply.status, reply.json["code"]) == (503, Overloaded.code)
