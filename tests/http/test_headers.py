"""Headers of every reply, compression, and requests of pages from other origins."""

import dataclasses
import gzip
from typing import Any

import pytest

from bms.http.headers import STANDARD
from bms.settings import Settings
from tests.kit.api import Client
from tests.kit.refusals import ENDPOINTS, path_of, send
from tests.kit.scene import Scene

SHOP = "https://shop.example"
PREFLIGHT = {"Origin": SHOP, "Access-Control-Request-Method": "POST"}


async def test_every_reply_says_what_a_browser_may_do(client: Client, manager: Any) -> None:
    for endpoint in ENDPOINTS:
        for token in (None, "x", manager.token):
            reply = await send(client, endpoint.method, path_of(endpoint, "999999"), b"{}", token=token)
            for name in STANDARD:
                assert reply.headers.getall(name), (endpoint.operation, name)
                assert len(reply.headers.getall(name)) == 1
            assert reply.headers["X-Content-Type-Options"] == "nosniff"
            assert reply.headers["Server"] == "BMS"
    for method, path in (("GET", "/nowhere"), ("DELETE", "/login"), ("OPTIONS", "/events")):
        reply = await send(client, method, path, None)
        assert reply.headers.items() >= STANDARD.items()


async def test_nobody_keeps_a_personal_reply(scene: Scene) -> None:
    booking = await scene.paid()
    for path in ("/profile", "/bookings", f"/bookings/{booking['id']}", "/notifications"):
        reply = await scene.api.get(path, token=scene.buyer.token)
        assert reply.headers["Cache-Control"] == "no-store"
    # An organiser's view of an event is not a stranger's.
    path = f"/events/{scene.event['id']}"
    assert (await scene.api.get(path)).headers["Cache-Control"] == "no-cache"


async def test_public_replies_are_compressed(client: Client, scene: Scene) -> None:
    for _ in range(5):
        await scene.make_event(description="Long. " * 300)
    plain = await client.get("/events", headers={"Accept-Encoding": "identity"})
    text, tag = await plain.text(), plain.headers["ETag"]
    assert len(text) > 1400
    assert plain.headers["Vary"] == "Accept-Encoding"
    for accepted in ("gzip", "br, gzip;q=0.5", "GZIP", "deflate, gzip ; q=1"):
        packed = await client.get("/events", headers={"Accept-Encoding": accepted}, auto_decompress=False)
        assert packed.headers["Content-Encoding"] == "gzip"
        assert packed.headers["Vary"] == "Accept-Encoding"
        assert gzip.decompress(await packed.read()).decode() == text
        # Both are one reply: whoever has it in either form has it.
        assert packed.headers["ETag"] == f"W/{tag}"
        again = await client.get("/events", headers={"If-None-Match": packed.headers["ETag"]})
        assert again.status == 304
    for accepted in ("identity", "br", "gzip;q=0", "gzip;q=0, br"):
        reply = await client.get("/events", headers={"Accept-Encoding": accepted}, auto_decompress=False)
        assert "Content-Encoding" not in reply.headers
        assert (await reply.read()).decode() == text


async def test_no_other_origin_by_default(client: Client) -> None:
    asked = await client.options("/bookings", headers=PREFLIGHT)
    assert asked.status == 405
    reply = await client.get("/events", headers={"Origin": SHOP})
    for headers in (asked.headers, reply.headers):
        assert not [name for name in headers if name.lower().startswith("access-control")]


class TestAllowed:
    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        return dataclasses.replace(settings, cors_origins=frozenset({SHOP}))

    async def test_a_page_of_an_allowed_origin(self, client: Client) -> None:
        asked = await client.options("/bookings", headers=PREFLIGHT)
        assert (asked.status, asked.headers["Access-Control-Allow-Origin"]) == (204, SHOP)
        assert "POST" in asked.headers["Access-Control-Allow-Methods"]
        for name in ("Authorization", "Content-Type", "Idempotency-Key"):
            assert name in asked.headers["Access-Control-Allow-Headers"]
        # Errors are the page's to read as well, those of the router too.
        for path, status in (("/events", 200), ("/profile", 401), ("/nowhere", 404)):
            reply = await client.get(path, headers={"Origin": SHOP})
            assert reply.status == status
            assert reply.headers["Access-Control-Allow-Origin"] == SHOP
            assert "Origin" in ", ".join(reply.headers.getall("Vary"))
            assert "ETag" in reply.headers["Access-Control-Expose-Headers"]
            assert "Access-Control-Allow-Credentials" not in reply.headers

    async def test_any_other_origin(self, client: Client) -> None:
        for origin in ("https://evil.example", f"{SHOP}.evil.example", "null", SHOP.replace("https", "http")):
            asked = await client.options("/bookings", headers={**PREFLIGHT, "Origin": origin})
            assert asked.status == 405
            reply = await client.get("/events", headers={"Origin": origin})
            assert "Access-Control-Allow-Origin" not in reply.headers
            # A cache between must not give it to an allowed one.
            assert "Origin" in ", ".join(reply.headers.getall("Vary"))


class TestAnyOrigin:
    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        return dataclasses.replace(settings, cors_origins=frozenset({"*"}))

    async def test_a_page_of_any_origin(self, client: Client) -> None:
        asked = await client.options("/bookings", headers=PREFLIGHT)
        assert (asked.status, asked.headers["Access-Control-Allow-Origin"]) == (204, "*")
        reply = await client.get("/events", headers={"Origin": "https://anyone.example"})
        assert reply.headers["Access-Control-Allow-Origin"] == "*"
