"""A guest's links and address: what ends a link, and who agrees to another address."""

import asyncio
import dataclasses
import threading
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp.test_utils import TestServer

from bms.app import create_app
from bms.commands.accounts import booking_sessions
from bms.commands.messages import fan_out
from bms.http import keys
from bms.i18n.languages import Languages
from bms.security.link_tokens import LinkTokens, hash_of
from bms.settings import Settings
from bms.tasks.fan_out import FanOut
from bms.tasks.housekeeping import remove_what_is_old
from tests.kit.guests import CONTACT, buy, link, links_in, mailed, press
from tests.kit.outgoing import Tray
from tests.kit.scene import Scene
from tests.kit.site import Browser, Form, Page
from tests.kit.users import PASSWORD, User
from tests.kit.waiting import until

NEW, OTHER = "bo@example.org", "cy@example.org"


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return dataclasses.replace(settings, resends_per_booking=3)


@pytest.fixture
async def elsewhere(settings: Settings, database_url: str) -> AsyncIterator[Any]:
    """Make a browser that another process of the service answers."""
    app = create_app(settings, database_url)
    browsers: list[Browser] = []
    async with TestServer(app) as server:

        def make() -> Browser:
            browsers.append(Browser(app, server))
            return browsers[-1]

        yield make
        for browser in browsers:
            await browser.close()


async def ask(browser: Browser, booking: Page, email: str) -> Page:
    """Ask for another address on the booking's pages."""
    path = f"{booking.path}/contact"
    page = await browser.get(path)
    assert page.status == 200, page.text
    return await browser.submit(page, page.form(path), email=email)


def resending(page: Page) -> list[Form]:
    """Return the forms that mail the tickets again: as they are, and with the older links turned off."""
    return [form for form in page.forms if form.action == f"{page.path}/resend"]


async def asked(scene: Scene, settings: Settings) -> str:
    """Return the path at which the old address agrees."""
    (path,) = links_in(await mailed(scene, settings), "/b/contact", kind="contact_asked", to=CONTACT["email"])
    return path


def address_of(scene: Scene) -> str:
    (booking,) = scene.rows("SELECT contact_email FROM bookings")
    return str(booking.contact_email)


async def correct(scene: Scene, by: User, email: str = NEW) -> None:
    """Change the address as support does."""
    (booking,) = scene.rows("SELECT id FROM bookings")
    reply = await scene.api.patch(f"/bookings/{booking.id}/contact", {"email": email}, token=by.token)
    assert reply.status == 200, reply.text


async def test_no_table_has_the_link(scene: Scene, make_browser, settings: Settings) -> None:
    await buy(make_browser(), scene)
    token = (await link(scene, settings)).removeprefix("/b/")
    assert len(token) >= 32  # 192 bits
    (row,) = scene.rows("SELECT token_hash, mailed_to FROM booking_links")
    assert row.token_hash == hash_of(token)
    assert CONTACT["email"] not in row.mailed_to
    held = [
        *scene.rows("SELECT payload FROM outbox"),
        *scene.rows("SELECT payload FROM announcements"),
        *scene.rows("SELECT COALESCE(details, '') AS payload FROM audit_log"),
    ]
    assert not [one for one in held if token in one.payload or row.token_hash in one.payload]


async def test_each_mail_has_a_link_of_its_own_and_older_ones_live(
    scene: Scene, make_browser, settings: Settings
) -> None:
    browser = make_browser()
    page = await buy(browser, scene)
    first = await link(scene, settings)
    await browser.submit(page, resending(page)[0])
    second = await link(scene, settings)
    assert first != second
    for path in (first, second):
        assert (await press(make_browser(), path)).path == page.path


async def test_a_guest_ends_the_links_of_older_mails(
    scene: Scene, make_browser, elsewhere, settings: Settings
) -> None:
    page = await buy(make_browser(), scene)
    first = await link(scene, settings)
    finder, owner = elsewhere(), make_browser()
    assert (await press(finder, first)).path == page.path
    opened = await press(owner, first)
    done = await owner.submit(opened, resending(opened)[1])
    assert "no longer work" in done.text
    assert (await make_browser().get(first)).status == 410
    assert (await elsewhere().post(first, {})).status == 410
    # Whoever had opened it before sees nothing more; who ended the links stays.
    assert (await finder.get(page.path, follow=False)).status == 303
    assert (await owner.get(page.path)).status == 200
    assert (await press(make_browser(), await link(scene, settings))).path == page.path


@pytest.mark.parametrize("who", ["organiser", "admin"])
async def test_a_corrected_address_ends_the_links_to_the_one_before(
    scene: Scene, make_browser, elsewhere, settings: Settings, admin: User, who: str
) -> None:
    page = await buy(make_browser(), scene)
    first = await link(scene, settings)
    stranger = elsewhere()  # who has the mistyped address
    assert (await press(stranger, first)).path == page.path
    await correct(scene, admin if who == "admin" else scene.organiser)
    assert (await stranger.get(page.path, follow=False)).status == 303
    assert (await elsewhere().get(first)).status == 410
    tray = await mailed(scene, settings)
    assert links_in(tray, "/b", to=CONTACT["email"]) == []
    (new,) = links_in(tray, "/b", to=NEW)
    assert (await press(make_browser(), new)).path == page.path


async def test_the_browser_that_bought_corrects_a_mistyped_address(
    scene: Scene, make_browser, settings: Settings
) -> None:
    browser = make_browser()
    page = await buy(browser, scene)
    first = await link(scene, settings)
    done = await ask(browser, page, NEW)
    assert (done.path, address_of(scene)) == (page.path, NEW)
    assert NEW in done.text
    assert (await make_browser().get(first)).status == 410
    # Once a link was opened there, somebody reads the mails to it.
    (second,) = links_in(await mailed(scene, settings), "/b", to=NEW)
    await press(make_browser(), second)
    again = await ask(browser, page, OTHER)
    assert "written to the address" in again.text
    assert address_of(scene) == NEW


async def test_the_old_address_agrees_to_the_new_one(scene: Scene, make_browser, settings: Settings) -> None:
    page = await buy(make_browser(), scene)
    first = await link(scene, settings)
    guest = make_browser()
    await press(guest, first)
    told = await ask(guest, page, NEW)
    assert "written to the address" in told.text
    assert (address_of(scene), scene.count("outbox", "recipient = ?", NEW)) == (CONTACT["email"], 0)
    path = await asked(scene, settings)
    shown = await make_browser().get(path)
    assert (shown.status, NEW in shown.text) == (200, True)
    assert shown.headers["Referrer-Policy"] == "no-referrer"
    assert "noindex" in shown.headers["X-Robots-Tag"]
    assert address_of(scene) == CONTACT["email"]  # programs that check mail follow links
    for _ in range(2):  # pressed again, it answers as the first time
        done = await make_browser().post(path, {})
        assert (done.status, NEW in done.text) == (200, True)
    assert address_of(scene) == NEW
    assert scene.count("audit_log", "action = 'change_contact'") == 1
    assert (await make_browser().get(first)).status == 410
    assert (await guest.get(page.path, follow=False)).status == 303
    tray = await mailed(scene, settings)
    assert links_in(tray, "/b", to=CONTACT["email"]) == []
    (new,) = links_in(tray, "/b", to=NEW)
    assert (await press(make_browser(), new)).path == page.path
    await scene.check()


async def test_whoever_only_has_the_link_cannot_take_the_booking(
    scene: Scene, make_browser, settings: Settings
) -> None:
    """A mail was passed on. Its reader asks for their address, and makes an account with it."""
    page = await buy(make_browser(), scene)
    thief = make_browser()
    await press(thief, await link(scene, settings))
    await ask(thief, page, NEW)
    form = await thief.get("/sign-up")
    typed = {"name": "Bo", "email": NEW, "password": "violet harmonica drizzle"}
    await thief.submit(form, form.form("/sign-up"), **typed)
    (confirm,) = links_in(await mailed(scene, settings), "/confirm", to=NEW)
    await press(thief, confirm)
    assert (await thief.get(page.path)).status == 404
    assert address_of(scene) == CONTACT["email"]


async def test_the_last_wish_counts_and_the_others_are_void(
    scene: Scene, make_browser, settings: Settings
) -> None:
    page = await buy(make_browser(), scene)
    guest = make_browser()
    await press(guest, await link(scene, settings))
    await ask(guest, page, NEW)
    first = await asked(scene, settings)
    await ask(guest, page, OTHER)
    second = await asked(scene, settings)
    assert (await make_browser().post(second, {})).status == 200
    for _ in range(2):
        assert (await make_browser().post(first, {})).status == 410
    assert address_of(scene) == OTHER


async def test_a_wish_lasts_a_day_and_its_link_is_for_this_alone(
    scene: Scene, make_browser, settings: Settings
) -> None:
    page = await buy(make_browser(), scene)
    guest = make_browser()
    first = await link(scene, settings)
    await press(guest, first)
    await ask(guest, page, NEW)
    path = await asked(scene, settings)
    token = path.rpartition("/")[2]
    for other in (f"/b/{token}", f"/confirm/{token}", f"/reset/{token}"):
        assert (await make_browser().get(other)).status == 410, other
    for wrong in (f"/b/contact/{first.rpartition('/')[2]}", "/b/contact/-", f"{path}x"):
        assert (await make_browser().get(wrong)).status == 410, wrong
        assert (await make_browser().post(wrong, {})).status == 410, wrong
    scene.rows("UPDATE single_use_tokens SET expires_at = DATEADD(DAY, -1, expires_at)")
    assert (await make_browser().post(path, {})).status == 410
    assert address_of(scene) == CONTACT["email"]


async def test_an_account_that_took_the_booking_over_is_not_asked(
    scene: Scene, make_browser, settings: Settings
) -> None:
    page = await buy(make_browser(), scene)
    guest = make_browser()
    await press(guest, await link(scene, settings))
    await ask(guest, page, NEW)
    path = await asked(scene, settings)
    scene.rows("UPDATE bookings SET user_id = ?", scene.buyer.id)
    assert (await make_browser().get(path)).status == 410
    assert (await make_browser().post(path, {})).status == 410
    assert (await ask_as(make_browser(), scene, page)).path == page.path
    assert address_of(scene) == CONTACT["email"]


async def ask_as(browser: Browser, scene: Scene, page: Page) -> Page:
    await browser.sign_in(scene.buyer.username, PASSWORD)
    return await browser.get(f"{page.path}/contact")


async def test_who_may_not(scene: Scene, make_browser, settings: Settings) -> None:
    page = await buy(make_browser(), scene)
    stranger, other, account = make_browser(), make_browser(), make_browser()
    await buy(other, scene, email=OTHER)
    await account.sign_in(scene.organiser.username, PASSWORD)
    path = f"{page.path}/contact"
    assert (await stranger.get(path, follow=False)).status == 303
    for browser in (other, account):
        assert (await browser.get(path)).status == 404
        token = (await browser.get("/tickets")).form("/language").fields["csrf"]
        assert (await browser.post(path, {"email": NEW, "csrf": token})).status == 404


@pytest.mark.parametrize("email", ["", "nobody", "a@b@c", "x" * 300 + "@example.org"])
async def test_what_is_no_address_is_said_and_kept(
    scene: Scene, make_browser, settings: Settings, email: str
) -> None:
    browser = make_browser()
    page = await buy(browser, scene)
    refused = await ask(browser, page, email)
    assert refused.status == 422
    assert refused.form(f"{page.path}/contact").fields["email"] == email
    same = await ask(browser, page, CONTACT["email"].upper())
    assert same.path == page.path
    assert scene.count("audit_log", "action = 'change_contact'") == 0


async def test_asking_is_limited(scene: Scene, make_browser, settings: Settings) -> None:
    page = await buy(make_browser(), scene)
    guest = make_browser()
    await press(guest, await link(scene, settings))
    found = [(await ask(guest, page, f"a{number}@example.org")).status for number in range(4)]
    assert found == [200, 200, 200, 429]


async def test_a_link_of_the_release_before_lives_until_it_is_ended(
    scene: Scene, make_browser, settings: Settings
) -> None:
    browser = make_browser()
    page = await buy(browser, scene)
    reference = page.path.rpartition("/")[2]
    path = f"/b/{browser.app[keys.BOOKING_LINKS].token(reference)}"
    assert (await press(make_browser(), path)).path == page.path
    await correct(scene, scene.organiser)
    assert (await make_browser().get(path)).status == 410
    assert (await make_browser().post(path, {})).status == 410


async def test_two_processes_agree_once(scene: Scene, make_browser, elsewhere, settings: Settings) -> None:
    page = await buy(make_browser(), scene)
    guest = make_browser()
    await press(guest, await link(scene, settings))
    await ask(guest, page, NEW)
    path = await asked(scene, settings)
    browsers = [make_browser(), elsewhere(), make_browser(), elsewhere()]
    done = await asyncio.gather(*(browser.post(path, {}) for browser in browsers))
    assert [one.status for one in done] == [200] * 4
    assert scene.count("audit_log", "action = 'change_contact'") == 1
    assert scene.count("outbox", "kind = 'contact_changed'") == 2
    await scene.check()


class Opening:
    """Somebody opens the old link at one process while the address is corrected at another."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *, guarded: bool) -> None:
        find = booking_sessions.find_linked
        self._has_looked, self._is_corrected = threading.Event(), threading.Event()

        def found(tx: Any, **named: Any) -> Any:
            row = find(tx, **named)
            self._has_looked.set()
            assert self._is_corrected.wait(10)
            return row

        monkeypatch.setattr(booking_sessions, "find_linked", found)
        if not guarded:

            class Unguarded:
                def __init__(self, tx: Any) -> None:
                    self._tx = tx

                def __getattr__(self, name: str) -> Any:
                    return getattr(self._tx, name)

                def execute(self, statement: Any, **named: Any) -> int:
                    if statement is booking_sessions.PROVE:
                        return 1
                    return int(self._tx.execute(statement, **named))

            opened = booking_sessions.open_booking_session
            monkeypatch.setattr(
                "bms.web.shop.guest_links.open_booking_session",
                lambda tx, **named: opened(Unguarded(tx), **named),
            )

    async def run(self, scene: Scene, browser: Browser, path: str) -> bool:
        """Return whether the opener sees the booking in the end."""

        async def corrected() -> None:
            await until(self._has_looked.is_set)
            await correct(scene, scene.organiser)
            self._is_corrected.set()

        page, _ = await asyncio.gather(browser.post(path, {}, follow=False), corrected())
        return page.status == 303 and (await browser.get("/tickets", follow=False)).status == 200


@pytest.mark.parametrize("guarded", [True, False])
async def test_a_link_opened_while_it_ends_opens_nothing(
    scene: Scene, make_browser, elsewhere, settings: Settings, monkeypatch: pytest.MonkeyPatch, guarded: bool
) -> None:
    """The twin without the guard sees what a stranger sees then."""
    await buy(make_browser(), scene)
    path = await link(scene, settings)
    opening = Opening(monkeypatch, guarded=guarded)
    assert await opening.run(scene, elsewhere(), path) is not guarded


@pytest.mark.slow_fan_out
@pytest.mark.parametrize("guarded", [True, False])
async def test_a_mail_under_way_to_the_old_address_opens_nothing(
    scene: Scene, make_browser, settings: Settings, monkeypatch: pytest.MonkeyPatch, guarded: bool
) -> None:
    """What was announced before the correction is fanned out after it. The twin does not heed the address."""
    page = await buy(make_browser(), scene)
    await correct(scene, scene.organiser)
    await FanOut(scene.db, Languages(), LinkTokens(settings.secret_key)).run()
    path = await link(scene, settings)
    if not guarded:
        monkeypatch.setattr(booking_sessions, "_is_for_its_address", lambda _: True)
    opened = await make_browser().post(path, {}, follow=False)
    assert (opened.status == 303) is not guarded
    assert address_of(scene) == NEW
    assert page.status == 200


@pytest.mark.slow_fan_out
async def test_a_process_that_dies_leaves_neither_link_nor_mail(
    scene: Scene, make_browser, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = await buy(make_browser(), scene)
    leader = FanOut(scene.db, Languages(), LinkTokens(settings.secret_key))

    def die(*_: Any) -> None:
        raise RuntimeError("killed")

    with monkeypatch.context() as patch:
        patch.setattr(fan_out, "_finish", die)
        with pytest.raises(RuntimeError):
            await scene.db.transact(fan_out.fan_out_batch, languages=Languages(), make_link=leader._make_link)
    assert (scene.count("booking_links"), scene.count("outbox")) == (0, 0)
    await leader.run()
    assert (await press(make_browser(), await link(scene, settings))).path == page.path


async def test_a_mail_that_is_sent_twice_has_one_link(scene: Scene, make_browser, settings: Settings) -> None:
    """The sender died before it could mark the mail: another one sends it once more."""
    page = await buy(make_browser(), scene)
    first = await link(scene, settings)
    scene.rows("UPDATE outbox SET state = 'PENDING', sent_at = NULL")
    tray: Tray = await mailed(scene, settings)
    assert set(links_in(tray, "/b", kind="booking_confirmed")) == {first}
    assert (await press(make_browser(), first)).path == page.path


async def test_links_are_kept_while_their_event_can_be_seen(
    scene: Scene, make_browser, settings: Settings
) -> None:
    page = await buy(make_browser(), scene)
    path = await link(scene, settings)
    scene.rows("UPDATE booking_links SET expires_at = DATEADD(DAY, -1, SYSUTCDATETIME())")
    await remove_what_is_old(scene.db, settings)  # the event was moved since
    assert (await press(make_browser(), path)).path == page.path
    scene.rows("UPDATE events SET starts_at = DATEADD(DAY, -40, SYSUTCDATETIME())")
    scene.rows("UPDATE booking_links SET expires_at = DATEADD(DAY, -1, SYSUTCDATETIME())")
    await remove_what_is_old(scene.db, settings)
    assert scene.count("booking_links") == 0
