"""The pages behind the links in mails."""

from typing import Any

import pytest
from aiohttp import ClientResponse

from bms.http import keys
from bms.web.kit.headers import POLICY
from tests.kit.api import Api, Client
from tests.kit.proofs import Links
from tests.kit.refusals import contents
from tests.kit.types import MakeUser, Rows
from tests.kit.users import PASSWORD, User

NEW = "another horse battery"
SAME_ORIGIN = {"Sec-Fetch-Site": "same-origin"}


async def page(client: Client, path: str, **headers: str) -> tuple[ClientResponse, str]:
    response = await client.get(path, headers=headers)
    return response, await response.text()


async def send(
    client: Client, path: str, typed: dict[str, str] | None = None, headers: dict[str, str] = SAME_ORIGIN
) -> tuple[int, str]:
    response = await client.post(path, data=typed or {"x": ""}, headers=headers)
    return response.status, await response.text()


@pytest.fixture
async def claimed(register: MakeUser, links: Links) -> str:
    """The path of a link that confirms ann@example.com."""
    await register("ann@example.com")
    return f"/confirm/{links.confirmation('ann@example.com')}"


@pytest.fixture
async def forgotten(api: Api, buyer: User, links: Links) -> str:
    """The path of a link by which the buyer chooses a new password."""
    assert buyer.email is not None
    await api.post("/password/forgot", {"email": buyer.email})
    return f"/reset/{links.reset(buyer.email)}"


async def login(api: Api, user: User, password: str) -> int:
    return (await api.post("/login", {"username": user.username, "password": password})).status


async def test_a_visit_changes_nothing(client: Client, claimed: str, forgotten: str, rows: Rows) -> None:
    """A mail scanner follows every link, more than once."""
    before = contents(rows)
    for path in (claimed, forgotten):
        for _ in range(2):
            response, text = await page(client, path)
            assert (response.status, "<button>" in text) == (200, True)
            assert (await client.head(path)).status == 200
    assert contents(rows) == before


async def test_the_button_confirms_the_address(client: Client, claimed: str, rows: Rows) -> None:
    _, text = await page(client, claimed)
    assert "ann@example.com" in text
    status, text = await send(client, claimed)
    assert (status, "Your address is confirmed" in text) == (200, True)
    assert rows("SELECT email_confirmed_at FROM users WHERE email = 'ann@example.com'")[0][0] is not None
    # Pressed twice, it says the same. The link itself shows no form any more.
    assert (await send(client, claimed))[0] == 200
    response, text = await page(client, claimed)
    assert (response.status, "does not work any more" in text, text.count("<form")) == (410, True, 1)


async def test_a_new_password(client: Client, api: Api, forgotten: str, buyer: User) -> None:
    _, text = await page(client, forgotten)
    assert 'autocomplete="new-password"' in text
    assert buyer.username in text
    status, text = await send(client, forgotten, {"username": buyer.username, "password": NEW})
    assert (status, "is set" in text) == (200, True)
    assert NEW not in text
    assert (await login(api, buyer, NEW), await login(api, buyer, PASSWORD)) == (200, 401)
    status, text = await send(client, forgotten, {"password": "third horse battery"})
    assert (status, "does not work any more" in text) == (410, True)


WRONG = [
    ("", "Please fill this in."),
    ("short", "At least 8 characters, please."),
    ("password1", "easy to guess"),
    ("é" * 40, "at most 72 bytes"),
    ("x" * 1100, "Longer than 1000 characters."),
]


@pytest.mark.parametrize(("password", "fault"), WRONG)
async def test_what_is_refused_is_said_beside_the_field_and_above(
    client: Client, api: Api, forgotten: str, buyer: User, password: str, fault: str
) -> None:
    status, text = await send(client, forgotten, {"password": password})
    assert status == 422
    assert text.count(fault) == 2
    assert '<a href="#f-password">' in text
    assert 'aria-invalid="true"' in text
    assert 'value=""' in text, "a password is not shown again"
    assert await login(api, buyer, PASSWORD) == 200
    assert (await send(client, forgotten, {"password": NEW}))[0] == 200, "the link works still"


FORGED: list[dict[str, str]] = [
    {},
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
    {"Sec-Fetch-Site": "none"},
    {"Sec-Fetch-Site": "cross-site", "Origin": "http://127.0.0.1:8080"},
    {"Origin": "https://evil.example"},
    {"Origin": "http://127.0.0.1:8080.evil.example"},
]


@pytest.mark.parametrize("headers", FORGED)
async def test_a_form_of_another_site_is_refused(
    client: Client, claimed: str, forgotten: str, rows: Rows, headers: dict[str, str]
) -> None:
    before = contents(rows)
    for path, typed in ((claimed, {}), (forgotten, {"password": NEW})):
        status, text = await send(client, path, typed, headers)
        assert (status, "out of date" in text) == (403, True)
    after = contents(rows)
    del before["refusals"], after["refusals"]
    assert after == before


@pytest.mark.parametrize("headers", [{"Origin": "http://127.0.0.1:8080"}, {"Origin": "null"}, SAME_ORIGIN])
async def test_a_form_of_ours_is_taken(client: Client, claimed: str, headers: dict[str, str]) -> None:
    """Without TLS browsers send no Sec-Fetch-Site, and from a page without a referrer the origin is null."""
    assert (await send(client, claimed, {}, headers))[0] == 200


@pytest.mark.parametrize(
    "path", ["/confirm/x", "/reset/x", "/confirm/%00", "/reset/..%2f", f"/reset/{'x' * 3000}"]
)
async def test_what_is_no_link_of_ours(client: Client, path: str) -> None:
    response, text = await page(client, path)
    assert (response.status, text.count("<form")) == (410, 1)  # the one for the language
    assert (await send(client, path, {"password": NEW}))[0] == 410


async def test_the_headers(client: Client, claimed: str, forgotten: str) -> None:
    refused = await client.post(claimed, data={"x": ""})
    for response in (
        await client.get(claimed),
        await client.get(forgotten),
        await client.get("/reset/x"),
        refused,
    ):
        assert response.content_type == "text/html"
        assert response.headers["Content-Security-Policy"] == POLICY
        assert response.headers["Cache-Control"] == "no-store"
        assert response.headers["Referrer-Policy"] == "no-referrer"
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert 'name="robots" content="noindex' in await response.text() or response.status == 403


@pytest.mark.parametrize(
    ("header", "tag", "words"),
    [
        ("de-AT,de;q=0.9", "de", "Neues Passwort wählen"),
        ("hi", "hi", "नया पासवर्ड चुनें"),
        ("fr", "en", "Choose a new password"),
    ],
)
async def test_the_readers_language(
    client: Client, forgotten: str, header: str, tag: str, words: str
) -> None:
    _, text = await page(client, forgotten, **{"Accept-Language": header})
    assert f'<html lang="{tag}" dir="ltr">' in text
    assert f"<h1>{words}</h1>" in text
    status, text = await send(client, forgotten, {}, {**SAME_ORIGIN, "Accept-Language": header})
    assert status == 422
    assert ("Please" in text) == (tag == "en")


async def test_names_are_shown_not_run(client: Client, api: Api, links: Links, rows: Rows) -> None:
    body = {"username": "x", "email": "o'neil&b@example.com", "password": PASSWORD}
    assert (await api.post("/register", body)).status == 201
    _, text = await page(client, f"/confirm/{links.confirmation(body['email'])}")
    assert "o&#39;neil&amp;b@example.com" in text


async def test_the_log_does_not_say_which_link(
    client: Client,
    claimed: str,
    forgotten: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    log = client.app[keys.ACCESS_LOG]
    monkeypatch.setattr(log, "_enabled", True)
    for path in (claimed, forgotten):
        await client.get(path)
        await client.get(f"/api{path}")
        await client.get(f"{path}/more")
        await client.post(path, data={}, headers=SAME_ORIGIN)
        await client.post(path, data={})
    log.flush()
    written = capsys.readouterr().err
    for path in (claimed, forgotten):
        assert path.split("/")[2] not in written
    for line in ("GET /confirm/- 200", "POST /reset/- 422", "GET /api/reset/- 404", "GET /confirm/- 404"):
        assert line in written


async def test_what_is_sent_is_a_form(client: Client, forgotten: str) -> None:
    response = await client.post(forgotten, json={"password": NEW}, headers=SAME_ORIGIN)
    assert (response.status, response.content_type) == (415, "text/html")
    many: dict[str, Any] = {f"f{number}": "x" for number in range(300)}
    assert (await send(client, forgotten, many))[0] == 400
