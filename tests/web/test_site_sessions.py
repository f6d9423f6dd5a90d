"""Sessions of browsers: cookies, how long they live, and that the API knows nothing of them."""

import jwt
import pytest

from bms.http import keys
from tests.kit.api import Client
from tests.kit.scene import Scene
from tests.kit.site import Browser
from tests.kit.tsql import Sql
from tests.kit.users import PASSWORD


def cookie_header(page) -> str:
    (header,) = [one for one in page.headers.getall("Set-Cookie") if one.startswith(("bms=", "__Host-bms="))]
    return header


async def sign_in(browser: Browser, scene: Scene):
    page = await browser.get("/sign-in")
    typed = {"login": scene.buyer.username, "password": PASSWORD}
    return await browser.submit(page, page.form("/sign-in"), follow=False, **typed)


async def test_the_cookie_opens_nothing_to_scripts_or_other_sites(scene: Scene, browser: Browser) -> None:
    header = cookie_header(await sign_in(browser, scene))
    assert "HttpOnly" in header
    assert "SameSite=Lax" in header
    assert "Path=/" in header
    assert "Domain" not in header
    assert len(browser.cookies["bms"]) >= 43  # 256 bits


async def test_over_tls_it_is_a_host_cookie(scene: Scene, client: Client, make_browser) -> None:
    client.app[keys.LINKS].origin = "https://tickets.example.org"
    header = cookie_header(await sign_in(make_browser(), scene))
    assert header.startswith("__Host-bms=")
    assert "Secure" in header
    page = await make_browser().get("/")
    assert "max-age" in page.headers["Strict-Transport-Security"]


async def test_the_table_holds_no_cookie(scene: Scene, browser: Browser, rows: Sql) -> None:
    await sign_in(browser, scene)
    cookie = browser.cookies["bms"]
    for row in rows("SELECT refresh_hash, device, address FROM sessions"):
        assert cookie not in map(str, row)


async def test_every_sign_in_has_a_session_of_its_own(scene: Scene, browser: Browser) -> None:
    """A cookie that somebody planted before is worth nothing afterwards."""
    await sign_in(browser, scene)
    first = browser.cookies["bms"]
    account = await browser.get("/account")
    await browser.submit(account, account.form("/sign-out"))
    assert "bms" not in browser.cookies
    await sign_in(browser, scene)
    assert browser.cookies["bms"] != first


async def test_signing_out_ends_the_session_everywhere(scene: Scene, make_browser) -> None:
    browser, thief = make_browser(), make_browser()
    await sign_in(browser, scene)
    thief._session.cookie_jar.update_cookies({"bms": browser.cookies["bms"]}, browser._server.make_url("/"))
    assert (await thief.get("/account", follow=False)).status == 200
    account = await browser.get("/account")
    await browser.submit(account, account.form("/sign-out"))
    assert (await thief.get("/account", follow=False)).status == 303


@pytest.mark.parametrize(("idle", "known"), [(11, True), (13, False)])
async def test_an_idle_session_ends(
    scene: Scene, browser: Browser, rows: Sql, idle: int, known: bool
) -> None:
    await sign_in(browser, scene)
    rows("UPDATE sessions SET expires_at = DATEADD(HOUR, -?, expires_at)", idle)
    assert (await browser.get("/account", follow=False)).status == (200 if known else 303)


async def test_use_keeps_a_session_but_not_for_ever(scene: Scene, browser: Browser, rows: Sql) -> None:
    await sign_in(browser, scene)
    rows("UPDATE sessions SET expires_at = DATEADD(HOUR, -11, expires_at)")
    await browser.get("/account")
    left = "SELECT DATEDIFF(MINUTE, SYSUTCDATETIME(), expires_at) AS left_ FROM sessions ORDER BY id DESC"
    assert rows(left)[0].left_ > 700
    rows(
        "UPDATE sessions SET created_at = DATEADD(DAY, -30, created_at), "
        "expires_at = DATEADD(MINUTE, 30, SYSUTCDATETIME())"
    )
    await browser.get("/account")
    assert rows(left)[0].left_ <= 30


async def test_the_api_never_reads_the_cookie(scene: Scene, browser: Browser) -> None:
    await sign_in(browser, scene)
    for path in ("/profile", "/bookings", "/api/notifications", "/sessions"):
        page = await browser.get(path)
        assert page.status == 401, path
        assert "Access-Control-Allow-Credentials" not in page.headers


async def test_a_page_never_reads_a_token(scene: Scene, make_browser) -> None:
    browser = make_browser(Authorization=f"Bearer {scene.buyer.token}")
    assert (await browser.get("/account", follow=False)).status == 303
    assert "Sign in" in (await browser.get("/")).text


async def test_a_refresh_token_s_secret_is_no_cookie(scene: Scene, browser: Browser) -> None:
    secret = jwt.decode(scene.buyer.refresh_token, options={"verify_signature": False})["jti"]
    browser._session.cookie_jar.update_cookies({"bms": secret}, browser._server.make_url("/"))
    assert (await browser.get("/account", follow=False)).status == 303


@pytest.mark.parametrize("cookie", ["", "x", "x" * 5000, "ü" * 43, "'; DROP TABLE users; --"])
async def test_a_cookie_that_is_none_is_a_stranger_s(make_browser, cookie: str) -> None:
    browser = make_browser(Cookie=f"bms={cookie}".encode("latin-1", "replace").decode("latin-1"))
    assert (await browser.get("/")).status == 200
