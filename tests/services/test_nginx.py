"""nginx, as deploy/nginx configures it, for real: with stand-ins for the services behind it."""

import asyncio
import gzip
import json
import shutil
import socket
import ssl
import subprocess
from collections import Counter
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession
from aiohttp.test_utils import make_mocked_request
from yarl import URL

from bench import services
from bench.services import Front
from bms.http.addresses import client_address
from bms.terms import Service
from tests.docs.test_nginx_paths import API, PEOPLES
from tests.kit.waiting import until
from tests.services.conftest import StandIns, client_of, trusting

pytestmark = pytest.mark.usefixtures("needs_nginx")


def test_the_configuration_is_sound(tmp_path: Path) -> None:
    services.make_certificate(tmp_path / "tls")
    ports = dict.fromkeys(Service, 9)
    program, *rest = services.nginx_command(services.configure(tmp_path, ports, 8443, 8081))
    checked = subprocess.run([program, "-t", *rest], capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stderr
    assert "[warn]" not in checked.stderr


async def test_each_path_reaches_its_service(client: ClientSession) -> None:
    astray = []
    for path, service in sorted({*API, *PEOPLES}):
        async with client.get(path) as reply:
            got = json.loads(await reply.read())
            if (got["service"], got["path"]) != (service, path):
                astray.append((path, service, got))
    assert astray == []


async def test_people_are_led_to_tls(front: Front) -> None:
    async with (
        ClientSession() as plain,
        plain.get(f"http://127.0.0.1:{front.plain_port}/e/7?x=1", allow_redirects=False) as reply,
    ):
        assert (reply.status, reply.headers["Location"]) == (308, "https://127.0.0.1/e/7?x=1")


def test_http_2_is_offered(front: Front) -> None:
    context = trusting(front.certificate)
    context.set_alpn_protocols(["h2", "http/1.1"])
    with (
        socket.create_connection(("127.0.0.1", front.port)) as raw,
        context.wrap_socket(raw, server_hostname="127.0.0.1") as secured,
    ):
        assert secured.selected_alpn_protocol() == "h2"
        assert secured.version() == "TLSv1.3"


async def test_http_2_is_spoken(front: Front) -> None:
    curl = shutil.which("curl")
    if curl is None:
        pytest.skip("curl is not installed")
    wanted = ["-o", "/dev/null", "-w", "%{http_version} %{http_code}"]
    command = [curl, "--http2", "-sS", "--cacert", front.certificate, *wanted, f"{front.url}/events"]
    said = await asyncio.to_thread(subprocess.run, command, capture_output=True, text=True, check=True)
    assert said.stdout == "2 200"


def test_old_tls_is_refused(front: Front) -> None:
    context = trusting(front.certificate)
    context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    context.set_ciphers("ALL:@SECLEVEL=0")  # so that nothing but the version is refused
    with pytest.warns(DeprecationWarning, match="TLSv1_1"):
        context.maximum_version = ssl.TLSVersion.TLSv1_1
    with (
        socket.create_connection(("127.0.0.1", front.port)) as raw,
        pytest.raises((ssl.SSLError, ConnectionError)),
        context.wrap_socket(raw, server_hostname="127.0.0.1"),
    ):
        pass


@pytest.mark.parametrize(
    "forged",
    [
        {},
        {"X-Forwarded-For": "198.51.100.7"},
        {"X-Forwarded-For": "198.51.100.7, 203.0.113.9"},
        {"X-Real-IP": "198.51.100.7", "Forwarded": "for=198.51.100.7"},
    ],
)
async def test_the_clients_address_arrives_and_cannot_be_forged(front: Front, forged: dict[str, str]) -> None:
    async with client_of(front, "127.0.0.2") as client, client.get("/events", headers=forged) as reply:
        forwarded = json.loads(await reply.read())["forwarded"]
    request = make_mocked_request("GET", "/events", headers={"X-Forwarded-For": ", ".join(forwarded)})
    assert client_address(request, trusted_proxies=1) == "127.0.0.2"


async def test_a_flood_at_the_entrance_is_shed(client: ClientSession, stand_ins: StandIns) -> None:
    replies: Counter[int] = Counter()
    for number in range(400):
        path = "/api/login" if number % 2 else "/%6cogin/"  # which is the same
        async with client.post(URL(path, encoded=True), json={}) as reply:
            replies[reply.status] += 1
            last = reply
            body = await reply.read()
    assert replies[200] >= 300
    assert replies[429] >= 50
    assert last.status == 429
    assert last.headers["Retry-After"] == "1"
    assert last.headers["Content-Type"] == "application/problem+json"
    problem = json.loads(body)
    assert (problem["status"], problem["code"]) == (429, "too_many_requests")
    assert problem["request_id"] == last.headers["X-Request-Id"]
    assert sum(stand_ins.asked.values()) == replies[200]
    # A person gets a page, and nobody else is held up: neither another path nor another method.
    async with client.post("/sign-in", headers={"Accept": "text/html"}) as reply:
        assert (reply.status, reply.content_type) == (429, "text/html")
        assert "A little slower, please" in await reply.text()
    for path in ("/events", "/sign-in", "/sign-up"):
        async with client.get(path) as reply:
            assert reply.status == 200


async def test_a_flood_from_one_address_leaves_the_others_alone(front: Front) -> None:
    async with client_of(front) as client, client_of(front, "127.0.0.2") as other:
        statuses = []
        for _ in range(350):
            # A forged address does not help.
            async with client.post("/register", headers={"X-Forwarded-For": "198.51.100.7"}) as reply:
                statuses.append(reply.status)
        assert 429 in statuses
        async with other.post("/register") as reply:
            assert reply.status == 200


async def test_what_is_down_is_said_in_our_words(client: ClientSession, stand_ins: StandIns) -> None:
    await stand_ins.stop(Service.BOOKINGS, Service.SITE)
    for method in ("GET", "POST"):
        async with client.request(method, "/bookings", headers={"X-Request-Id": "ours-1"}) as reply:
            assert reply.status == 503
            assert reply.headers["Content-Type"] == "application/problem+json"
            assert reply.headers["Retry-After"] == "5"
            assert reply.headers["X-Request-Id"] == "ours-1"
            assert json.loads(await reply.read())["request_id"] == "ours-1"
        async with client.request(method, "/tickets", headers={"Accept": "text/html,*/*"}) as reply:
            assert (reply.status, reply.content_type) == (503, "text/html")
            page = await reply.text()
            assert "We will be right back" in page
            assert "Wir sind gleich wieder da" in page
            assert "nginx" not in page.lower()
    # The others go on.
    async with client.get("/events/7") as reply:
        assert json.loads(await reply.read())["service"] == "events"


async def test_what_a_service_says_itself_passes_through(client: ClientSession) -> None:
    async with client.get("/busy") as reply:
        assert (reply.status, reply.headers["Retry-After"]) == (503, "7")
        assert json.loads(await reply.read()) == {"code": "overloaded"}


async def test_long_replies_are_compressed(client: ClientSession) -> None:
    async with client.get("/big", headers={"Accept-Encoding": "gzip"}) as reply:
        assert reply.headers["Content-Encoding"] == "gzip"
        assert "Accept-Encoding" in reply.headers["Vary"]
        assert len(json.loads(gzip.decompress(await reply.read()))["filler"]) == 20_000
    async with client.get("/big", headers={"Accept-Encoding": "identity"}) as reply:
        assert "Content-Encoding" not in reply.headers


@pytest.mark.parametrize("path", ["/static/shop.0123456789ab.css", "/covers/abc/music-01234567.svg"])
async def test_static_files_are_kept(client: ClientSession, stand_ins: StandIns, path: str) -> None:
    for _ in range(3):
        async with client.get(path) as reply:
            assert reply.headers["Cache-Control"] == "public, max-age=31536000, immutable"
            await reply.read()
    assert stand_ins.asked[path] == 1
    await stand_ins.stop(Service.SITE)
    async with client.get(path) as reply:
        assert reply.status == 200


async def test_connections_to_the_services_are_kept(client: ClientSession, stand_ins: StandIns) -> None:
    for _ in range(50):
        async with client.get("/events") as reply:
            await reply.read()
    # One per worker of nginx that accepted a connection.
    assert len(stand_ins.connections[Service.EVENTS]) == 1


async def test_health_of_each(client: ClientSession, stand_ins: StandIns) -> None:
    for service in Service:
        async with client.get(f"/health/{service}") as reply:
            got = json.loads(await reply.read())
            assert (got["service"], got["path"]) == (service, "/health/ready")
    await stand_ins.stop(Service.PAYMENTS)
    async with client.get("/health/payments") as reply:
        assert reply.status == 503
    await stand_ins.stop()
    async with client.get("/health/live") as reply:
        assert (reply.status, await reply.json()) == (200, {"status": "ok"})


async def test_the_figures_of_processes_are_not_for_the_world(
    client: ClientSession, stand_ins: StandIns
) -> None:
    for path in ("/metrics", "/metrics/", "/api/metrics", "/api//metrics", "/%6detrics"):
        async with client.get(URL(path, encoded=True)) as reply:
            assert reply.status == 404
    assert not stand_ins.asked


async def test_requests_have_one_id_and_secrets_stay_out_of_the_log(
    client: ClientSession, front: Front, tmp_path: Path
) -> None:
    async with client.get("/b/0123-secret", headers={"X-Request-Id": "mine:1"}) as reply:
        assert json.loads(await reply.read())["id"] == "mine:1"
    async with client.get("/events", headers={"X-Request-Id": 'not "safe"'}) as reply:
        given = json.loads(await reply.read())["id"]
        assert len(given) == 32

    def logged() -> list[dict[str, Any]]:
        written = (tmp_path / "nginx.log").read_text().splitlines(keepends=True)
        return [json.loads(line) for line in written if line[0] == "{" and line[-1] == "\n"]

    await until(lambda: len(logged()) >= 2)  # nginx writes a line after its reply
    lines = logged()
    assert [(line["id"], line["path"], line["service"]) for line in lines] == [
        ("mine:1", "/b/-", "site"),
        (given, "/events", "events"),
    ]


async def test_a_body_may_be_as_long_as_bms_reads(client: ClientSession) -> None:
    # Plans and pictures are files; everything else is short.
    for path, fits, longer in (
        ("/events", 500_000, 1_100_000),
        ("/seating-plans/import", 8_500_000, 9_500_000),
    ):
        async with client.post(path, data=BytesIO(b"x" * fits)) as reply:
            assert reply.status == 200
        async with client.post(path, data=BytesIO(b"x" * longer)) as reply:
            assert reply.status == 413
