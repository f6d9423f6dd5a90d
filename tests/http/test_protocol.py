"""HTTP: where the endpoints are, which methods they answer, request ids, media types, sizes, failures."""

import asyncio
import gzip
import io
import json
import logging
import re
import zlib
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp.test_utils import TestClient

from bms.handlers import venues
from bms.http import keys
from bms.http.call import WITHOUT_TOKEN
from tests.kit.api import Api
from tests.kit.refusals import ENDPOINTS, contents, name_of, pages, path_of, send
from tests.kit.types import Make, MakeUser, Rows
from tests.kit.waiting import until

PROBLEM = {"type", "title", "status", "detail", "code", "request_id"}
SECRET = "the inside of the machine"


async def raw(client: TestClient, request: bytes, *, wait: bool = True) -> bytes:
    """Send bytes as they are and return all that comes back until the server hangs up, or hang up at once."""
    reader, writer = await asyncio.open_connection(client.host, client.port)
    writer.write(request)
    await writer.drain()
    answer = await asyncio.wait_for(reader.read(), 5) if wait else b""
    writer.close()
    await writer.wait_closed()
    return answer


def failures_of_ours(caplog: pytest.LogCaptureFixture) -> list[str]:
    errors = [record for record in caplog.records if record.levelno >= logging.ERROR]
    return [record.getMessage() for record in errors if record.name.startswith("bms")]


async def test_every_endpoint_is_where_it_is_said_to_be(client: TestClient, api: Api) -> None:
    """At PATH and /api/PATH, with and without a slash, answering itself: no redirect, no 404, no 405."""
    for endpoint in ENDPOINTS:
        path = path_of(endpoint, "999999")
        for url in (path, f"{path}/", f"/api{path}", f"/api{path}/"):
            # A bad token is refused by all but those who look at none, and they look at the body.
            reply = await send(client, endpoint.method, url, b"{", token="x")
            if endpoint.access not in WITHOUT_TOKEN:
                expected = 401
            elif endpoint.body is not None:
                expected = 400
            else:
                expected = 404 if "{" in endpoint.path else 200
            assert reply.status == expected, (name_of(endpoint), url, reply.text)
            assert expected == 200 or reply.json.keys() == PROBLEM
        doubled = await send(client, endpoint.method, f"{path}//", b"{}")
        doubled.problem(404, "not_found")


async def test_who_must_log_in_must_do_so_everywhere(client: TestClient, make_user: MakeUser) -> None:
    user = await make_user()
    for endpoint in ENDPOINTS:
        path = path_of(endpoint)
        data = None if endpoint.body is None else b"{}"
        if endpoint.access.value in ("user", "manager", "admin"):
            reply = await send(client, endpoint.method, path, data)
            reply.problem(401, "unauthenticated")
            assert reply.headers["WWW-Authenticate"].startswith("Bearer")
        if endpoint.access.value in ("manager", "admin"):
            (await send(client, endpoint.method, path, data, token=user.token)).problem(403, "forbidden")


async def test_what_is_not_there(api: Api) -> None:
    for path in (
        "/nothing",
        "/api",
        "/api/",
        "/api/api/events",
        "/Events",
        "/events/1/nothing",
        "/%2e%2e/etc",
    ):
        for method in ("GET", "POST", "DELETE"):
            (await api.request(method, path)).problem(404, "not_found")
    # A bad token makes no difference to what there is.
    (await api.get("/nothing", token="x")).problem(404, "not_found")


async def test_other_methods(client: TestClient) -> None:
    for path in {endpoint.path for endpoint in ENDPOINTS}:
        url = re.sub(r"{\w+}", "1", path)
        # /events/top is an /events/{id} to the methods that it does not take itself.
        allowed = {e.method for e in ENDPOINTS if re.fullmatch(re.sub(r"{\w+}", "[^/]+", e.path), url)}
        allowed |= {"HEAD"} if "GET" in allowed else set()
        others = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND"} - allowed
        for method in sorted(others):
            async with client.request(method, f"/api{url}/") as response:
                assert response.status == 405, (method, url)
                assert set(response.headers["Allow"].split(", ")) == allowed
                if method != "HEAD":
                    assert (await response.json(content_type=None))["code"] == "method_not_allowed"


async def test_head_is_get_without_the_body(client: TestClient, make_event: Make) -> None:
    event = await make_event()
    for path in ("/events", f"/events/{event['id']}", "/api/health/ready/", "/events/999"):
        async with client.get(path) as got, client.head(path) as asked:
            assert (asked.status, await asked.read()) == (got.status, b"")
            for header in ("Content-Type", "Content-Length", "ETag"):
                assert asked.headers.get(header) == got.headers.get(header)


async def test_request_ids(client: TestClient, make_user: MakeUser, rows: Rows) -> None:
    seen = set()
    for given in ("a", "x" * 64, "2f1c:9/a+b=.-_", "0"):
        reply = await send(client, "GET", "/health/live", None, x_request_id=given)
        assert reply.headers["X-Request-Id"] == given
    for given in (None, "", " ", "a b", "x" * 65, "a;b", '"quoted"', "\u00e9", "%0d%0a", "<script>"):
        headers = {} if given is None else {"x_request_id": given}
        reply = await send(client, "GET", "/nothing", None, **headers)
        made = reply.problem(404, "not_found")["request_id"]
        assert made != given
        assert re.fullmatch("[0-9a-f]{12}-[0-9a-f]+", made)
        seen.add(made)
    assert len(seen) == 10


async def test_bodies_that_are_too_large(client: TestClient, rows: Rows) -> None:
    before = contents(rows)
    large = b'{"username": "ada", "password": "' + b"x" * 10_000_000 + b'"}'

    async def in_pieces() -> AsyncIterator[bytes]:
        for start in range(0, len(large), 65_536):
            yield large[start : start + 65_536]

    limit = client.app[keys.SETTINGS].max_body_bytes
    for data in (io.BytesIO(large), in_pieces()):
        reply = await send(client, "POST", "/register", data)
        assert str(limit) in reply.problem(413, "payload_too_large")["detail"]
    assert contents(rows) == before
    fits = b" " * (limit - 2) + b"{}"
    (await send(client, "POST", "/register", io.BytesIO(fits))).problem(422, "validation_failed")
    (await send(client, "POST", "/register", io.BytesIO(b" " + fits))).problem(413, "payload_too_large")


async def test_media_types(client: TestClient) -> None:
    body = b'{"username": "nobody", "password": "wrong"}'
    for kind in ("application/json", "APPLICATION/JSON; charset=utf-8", "application/merge-patch+json"):
        reply = await send(client, "POST", "/login", body, content_type=kind)
        reply.problem(401, "invalid_credentials")
    for kind in ("text/json", "text/plain", "application/jsonp", "application/xml", "*/*", "json", "\u00e9"):
        reply = await send(client, "POST", "/login", body, content_type=kind)
        reply.problem(415, "unsupported_media_type")
    # No body is an empty object, whatever it is said to be.
    empty = await send(client, "POST", "/login", b"", content_type="text/plain")
    empty.problem(422, "validation_failed")


async def test_compressed_bodies_are_refused(client: TestClient, caplog: pytest.LogCaptureFixture) -> None:
    body = b'{"username": "nobody", "password": "wrong"}'
    for coding, data in (
        ("gzip", gzip.compress(body)),
        ("deflate", zlib.compress(body)),
        ("identity", body),
    ):
        reply = await send(client, "POST", "/login", data, content_encoding=coding)
        reply.problem(415, "unsupported_media_type")
    assert failures_of_ours(caplog) == []


async def test_broken_requests(client: TestClient, caplog: pytest.LogCaptureFixture) -> None:
    """What is not HTTP never gets as far as the application, and is a 400 all the same."""
    post = b"POST /login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
    for request in (
        b"nonsense\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET /events\x00 HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /events HTTP/1.1\r\nHost: x\r\nX: a\x00b\r\n\r\n",
        b"GET /" + b"x" * 20_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /events HTTP/1.1\r\nHost: x\r\nX: " + b"x" * 20_000 + b"\r\n\r\n",
        post + b"Content-Length: -1\r\n\r\n{}",
        post + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
        post + b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n{}",
        post + b"Transfer-Encoding: chunked\r\n\r\nnot a length\r\n{}\r\n0\r\n\r\n",
    ):
        answer = await raw(client, request)
        assert answer.startswith((b"HTTP/1.1 400 ", b"HTTP/1.0 400 ")), (request[:80], answer)
        assert b"Traceback" not in answer
    # A client that goes away in the middle of its body is no failure of ours.
    await raw(client, post + b'Content-Length: 500\r\n\r\n{"username": ', wait=False)
    await raw(client, post + b'Transfer-Encoding: chunked\r\n\r\n5\r\n{"us', wait=False)
    assert (await send(client, "GET", "/health/live", None)).status == 200
    assert failures_of_ours(caplog) == []


async def test_a_failure_of_ours_tells_nothing(
    api: Api, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: Any, **__: Any) -> None:
        raise RuntimeError(SECRET)

    monkeypatch.setattr(venues, "present_venue", broken)
    monkeypatch.setattr(venues, "list_venues", broken)
    broken.__name__ = "list_venues"
    reply = await api.get("/venues", headers={"X-Request-Id": "find-me-in-the-log"})
    document = reply.problem(500, "internal_error")
    assert document.keys() == PROBLEM
    assert document["request_id"] == "find-me-in-the-log"
    assert "inside" not in reply.text + str(reply.headers)
    assert "Traceback" not in reply.text
    failures = [record for record in caplog.records if record.levelno >= logging.ERROR]
    assert len(failures) == 1
    assert "find-me-in-the-log" in failures[0].getMessage()
    assert failures[0].exc_info is not None
    assert SECRET in str(failures[0].exc_info[1])
    assert (await api.get("/health/live")).status == 200


async def test_the_access_log_is_of_one_line_each(
    client: TestClient, api: Api, buyer: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    client.app[keys.ACCESS_LOG].flush()
    capsys.readouterr()
    await api.get("/nothing%0d%0aGET%20/forged%20200", headers={"X-Request-Id": "line-1"})
    await api.get("/profile", token=buyer.token, headers={"X-Request-Id": "line-2"})
    client.app[keys.ACCESS_LOG].flush()
    forged, profile = capsys.readouterr().err.splitlines()
    assert " 404 " in forged
    assert "\\r\\nGET /forged 200" in forged
    assert forged.endswith("from=127.0.0.1 user=- id=line-1")
    assert re.fullmatch(
        r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} INFO bms.access: GET /profile 200 \d+\.\dms"
        rf" from=127\.0\.0\.1 user={buyer.id} id=line-2",
        profile,
    )


async def test_lines_of_the_access_log_do_not_wait_long(
    client: TestClient, api: Api, capsys: pytest.CaptureFixture[str]
) -> None:
    client.app[keys.ACCESS_LOG].flush()
    capsys.readouterr()
    await api.get("/health/live")
    written = ""

    def has_written() -> bool:
        nonlocal written
        written += capsys.readouterr().err
        return "/health/live" in written

    await until(has_written)


async def test_the_next_page_is_asked_for_as_this_one_was(api: Api, make_venue: Make) -> None:
    made = [await make_venue(name=f"Hall {number}", city="Zürich & Genève") for number in range(5)]
    await make_venue(city="Elsewhere")
    for path in ("/venues", "/api/venues/", "/locations/", "/api/locations"):
        first = await api.get(path, limit=2, city="Zürich & Genève", q="hall")
        link = first.headers["Link"]
        assert link.startswith(f"<{path}?")
        assert link.endswith('>; rel="next"')
        assert link.isascii()
        assert link.count("cursor=") == 1
        assert await pages(api, f"{path}?limit=2&city=Z%C3%BCrich%20%26%20Gen%C3%A8ve&q=hall") == made
    assert "Link" not in (await api.get("/venues", limit=6)).headers
    assert len((await api.get("/venues")).json) == 6
    assert json.loads((await api.get("/venues", limit=1)).text) == made[:1]
