"""Orders, as source 001 has them."""

from typing import Any

from aiohttp.test_utils import TestClient

from tests.kit.users import User
from tests.sources.documented import ask, bodies

PROCESS = "POST /api/process-payment/{id}/"


async def order(client: TestClient, user: User, event: dict[str, Any], tickets: int = 1) -> dict[str, Any]:
    """Order tickets of one event and return the order as answered."""
    body = bodies(tickets=[{"event": event["id"]}] * tickets)
    made = await ask(client, "POST /api/orders/", body, token=user.token)
    assert made.status == 201
    return dict(made.json)
