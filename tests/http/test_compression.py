"""Long replies in JSON are compressed for who takes that, private ones too."""

import pytest
from aiohttp.test_utils import TestClient

from bms.http.shared import LONG
from tests.kit.scene import Scene


async def ask(client: TestClient, path: str, token: str, accepted: str) -> tuple[dict[str, str], bytes]:
    headers = {"Authorization": f"Bearer {token}", "Accept-Encoding": accepted}
    async with client.get(path, headers=headers) as response:
        assert response.status == 200
        return dict(response.headers), await response.read()


@pytest.mark.parametrize("path", ["/bookings", "/payments"])
async def test_a_private_list(client: TestClient, scene: Scene, path: str) -> None:
    for _ in range(6):
        await scene.paid()
    plain, body = await ask(client, path, scene.buyer.token, "identity")
    assert len(body) >= LONG
    assert "Content-Encoding" not in plain
    assert plain["Vary"] == "Accept-Encoding"
    packed, unpacked = await ask(client, path, scene.buyer.token, "gzip")
    assert packed["Content-Encoding"] == "gzip"
    assert unpacked == body
    assert int(packed["Content-Length"]) < len(body) / 2


async def test_a_short_reply_stays_as_it_is(client: TestClient, scene: Scene) -> None:
    headers, body = await ask(client, "/profile", scene.buyer.token, "gzip")
    assert len(body) < LONG
    assert "Content-Encoding" not in headers
