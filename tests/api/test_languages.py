"""The language of accounts and bookings: who says it, and in which one messages are written."""

import json
from dataclasses import replace
from typing import Any

import pytest
from aiohttp.test_utils import TestClient, TestServer

from bms.app import create_app
from bms.i18n.languages import Language, read_languages
from bms.settings import Settings
from bms.tasks.outbox import send_due_messages
from tests.kit.api import Api
from tests.kit.attendance import told
from tests.kit.cards import CARD
from tests.kit.changes import change
from tests.kit.letters import text_of
from tests.kit.mailbox import Mailbox
from tests.kit.outgoing import Tray
from tests.kit.pseudo import translated
from tests.kit.scene import Scene
from tests.kit.types import MakeUser, Rows
from tests.kit.users import PASSWORD, User
from tests.kit.waiting import until

GERMAN_BROWSER = {"Accept-Language": "de-AT,de;q=0.9,en;q=0.5"}
DANISH_BROWSER = {"Accept-Language": "da"}


@pytest.fixture(autouse=True)
def languages(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have a catalogue of each of two more languages, which mark the English texts with their names."""
    known = {
        **read_languages(),
        "de": Language("de", translated(lambda text: f"[de] {text}", "de")),
        "fr": Language("fr", translated(lambda text: f"[fr] {text}", "fr")),
    }
    monkeypatch.setattr("bms.i18n.languages.read_languages", lambda: known)


async def register(api: Api, name: str, **options: Any) -> Any:
    body = {"username": name, "email": f"{name}@example.com", "password": PASSWORD}
    reply = await api.post("/register", body | options.pop("body", {}), **options)
    assert reply.status == 201, reply.text
    return reply.json


async def profile(api: Api, user: User, **changes: Any) -> Any:
    """Change a profile, and return it."""
    reply = await api.patch("/profile", changes, token=user.token)
    assert reply.status == 200, reply.text
    return reply.json


@pytest.mark.parametrize(
    ("body", "headers", "locale"),
    [
        ({}, {}, None),
        ({}, GERMAN_BROWSER, "de-AT"),
        ({}, DANISH_BROWSER, "da"),
        ({}, {"Accept-Language": "*"}, None),
        ({}, {"Accept-Language": "nonsense;;"}, None),
        ({"locale": "PT-br"}, {}, "pt-BR"),
        ({"locale": "fr"}, GERMAN_BROWSER, "fr"),
    ],
)
async def test_an_account_has_the_language_that_was_sent(
    api: Api, rows: Rows, body: dict[str, Any], headers: dict[str, str], locale: str | None
) -> None:
    account = await register(api, "ada", body=body, headers=headers)
    (row,) = rows("SELECT locale FROM users WHERE id = ?", account["id"])
    assert row.locale == locale
    login = await api.post("/login", {"username": "ada", "password": PASSWORD})
    shown = await api.get("/profile", token=login.json["access_token"])
    assert shown.json["locale"] == locale


async def test_an_admin_lends_nobody_a_language(api: Api, admin: User, rows: Rows) -> None:
    account = await register(api, "bo", token=admin.token, headers=GERMAN_BROWSER)
    assert rows("SELECT locale FROM users WHERE id = ?", account["id"])[0].locale is None
    account = await register(api, "cy", token=admin.token, headers=GERMAN_BROWSER, body={"locale": "fr"})
    assert rows("SELECT locale FROM users WHERE id = ?", account["id"])[0].locale == "fr"


async def test_a_user_changes_the_language(api: Api, buyer: User, admin: User) -> None:
    assert (await profile(api, buyer, locale="zh-hant-tw"))["locale"] == "zh-Hant-TW"
    assert (await profile(api, buyer, city="Graz"))["locale"] == "zh-Hant-TW"
    (listed,) = (await api.get("/users", q=buyer.username, token=admin.token)).json
    assert listed["locale"] == "zh-Hant-TW"
    assert (await profile(api, buyer, locale=None))["locale"] is None
    await profile(api, buyer, locale="de")
    reply = await api.put("/profile", {"name": "Ada"}, token=buyer.token)
    assert reply.json["locale"] is None


@pytest.mark.parametrize("locale", ["", "german", "de_AT", "de ", "x" * 36, 7, ["de"], "i-klingon"])
async def test_what_is_no_language_is_refused(api: Api, scene: Scene, locale: Any) -> None:
    account = {"username": "ada", "password": PASSWORD, "locale": locale}
    booking = {"event": scene.event["id"], "locale": locale}
    for reply in (
        await api.post("/register", account),
        await api.patch("/profile", {"locale": locale}, token=scene.buyer.token),
        await api.post("/bookings", booking, token=scene.buyer.token),
    ):
        problem = reply.problem(422, "validation_failed")
        assert [error["pointer"] for error in problem["errors"]] == ["/locale"]
    assert scene.count("bookings") == 0


async def test_a_booking_has_the_language_that_was_sent_unless_the_account_has_one(
    api: Api, scene: Scene
) -> None:
    async def book(path: str = "/bookings", **options: Any) -> str | None:
        body = {"event": scene.event["id"]} | options.pop("body", {})
        reply = await api.post(path, body, token=options.pop("token", scene.buyer.token), **options)
        assert reply.status == 201, reply.text
        shown = await scene.shown(reply.json)
        assert shown["locale"] == reply.json["locale"]
        return str(shown["locale"]) if shown["locale"] else None

    purchase = f"/events/{scene.event['id']}/purchase"
    assert await book() is None
    assert await book(headers=GERMAN_BROWSER) == "de-AT"
    assert await book(headers=GERMAN_BROWSER, body={"locale": "FR"}) == "fr"
    assert await book("/orders", headers=DANISH_BROWSER) == "da"
    assert await book("/book-ticket", headers=DANISH_BROWSER) == "da"
    await profile(api, scene.buyer, locale="fr")
    # From now on the account says it, and a booking only what differs.
    assert await book(headers=GERMAN_BROWSER) is None
    assert await book("/orders", headers=GERMAN_BROWSER) is None
    assert await book(headers=GERMAN_BROWSER, body={"locale": "da"}) == "da"
    await profile(api, scene.buyer, locale=None)
    assert await book(headers=GERMAN_BROWSER) == "de-AT"
    reply = await api.post(purchase, {"quantity": 1}, token=scene.buyer.token, headers=GERMAN_BROWSER)
    assert reply.json["locale"] == "de-AT"


async def test_who_books_for_another_lends_them_no_language(api: Api, scene: Scene, admin: User) -> None:
    body = {"event": scene.event["id"], "user": scene.buyer.id}
    for locale, expected in ((None, None), ("fr", "fr")):
        sent = body if locale is None else body | {"locale": locale}
        reply = await api.post("/bookings", sent, token=admin.token, headers=GERMAN_BROWSER)
        assert (reply.status, reply.json["locale"]) == (201, expected)


def language_of(text: str) -> str:
    return text[1:3] if text.startswith("[") else "en"


async def sent(scene: Scene, settings: Settings) -> dict[tuple[str, str], str]:
    """Send what waits. Return the language of each mail by its kind and recipient."""
    tray = Tray()
    while await send_due_messages(scene.db, tray, settings):
        pass
    for message in tray.messages:
        assert message["Content-Language"] == language_of(message["Subject"]) == language_of(text_of(message))
    return {
        (message["X-BMS-Kind"], str(message["To"])): message["Content-Language"] for message in tray.messages
    }


@pytest.mark.parametrize(
    ("account", "booking", "mail", "notification"),
    [
        (None, None, "en", "en"),
        ("de-AT", None, "de", "de"),
        (None, "fr-CA", "fr", "fr"),
        ("de", "fr", "fr", "de"),
        ("da", None, "en", "en"),
        ("da", "de", "de", "de"),
        ("de", "da", "de", "de"),
    ],
)
async def test_a_mail_is_in_the_language_of_its_booking_and_a_notification_in_the_readers(
    scene: Scene,
    settings: Settings,
    account: str | None,
    booking: str | None,
    mail: str,
    notification: str,
) -> None:
    if account is not None:
        await profile(scene.api, scene.buyer, locale=account)
    body = {"event": scene.event["id"]} | ({"locale": booking} if booking else {})
    held = await scene.api.post("/bookings", body, token=scene.buyer.token)
    assert (await scene.pay(held.json)).status == 201
    await change(scene.api, scene.organiser, scene.event, date="2099-09-01")
    assert (await scene.cancel(held.json)).status == 200
    languages = await sent(scene, settings)
    for kind in ("booking_confirmed", "event_updated", "booking_cancelled"):
        assert languages[kind, str(scene.buyer.email)] == mail
        (line,) = await told(scene.api, scene.buyer, kind)
        assert language_of(line["message"]) == notification


async def test_holders_are_told_each_in_their_own_language(
    scene: Scene, settings: Settings, make_user: MakeUser
) -> None:
    event = await scene.on_sale(price="0.00")
    holders = {tag: await make_user(locale=tag) for tag in ("de", "fr", "en", "da")}
    for user in holders.values():
        await scene.held(event=event, by=user)
    # The last booking decides, among those that are still told.
    for locale in ("de", "fr"):
        body = {"event": event["id"], "locale": locale}
        last = await scene.api.post("/bookings", body, token=holders["en"].token)
    assert (await scene.cancel(last.json, by=holders["en"])).status == 200
    await change(scene.api, scene.organiser, event, date="2099-09-01")
    languages = await sent(scene, settings)
    told_in = {tag: languages["event_updated", str(user.email)] for tag, user in holders.items()}
    assert told_in == {"de": "de", "fr": "fr", "en": "de", "da": "en"}
    for tag, expected in (("de", "de"), ("fr", "fr"), ("en", "en"), ("da", "en")):
        (line,) = await told(scene.api, holders[tag], "event_updated")
        assert language_of(line["message"]) == expected


async def test_a_language_that_has_gone_since_is_stood_in_for(scene: Scene, settings: Settings) -> None:
    await profile(scene.api, scene.buyer, locale="de")
    await scene.paid()
    scene.rows("UPDATE outbox SET locale = 'gone' WHERE kind = 'booking_confirmed'")
    languages = await sent(scene, settings)
    assert languages["booking_confirmed", str(scene.buyer.email)] == "en"


async def test_announcements_of_an_older_release_are_still_told(scene: Scene, settings: Settings) -> None:
    """They say "en" for everybody, and know no language of a booking."""
    await scene.paid()
    (row,) = scene.rows("SELECT id, payload FROM announcements WHERE kind = 'booking.confirmed'")
    payload = json.loads(row.payload)
    del payload["locale"]
    payload["person"]["locale"] = "en"
    scene.rows("DELETE FROM outbox")
    scene.rows(
        "UPDATE announcements SET payload = ?, state = 'NEW' WHERE id = ?", json.dumps(payload), row.id
    )
    await scene.paid()
    assert scene.count("outbox", "kind = 'booking_confirmed' AND locale = 'en'") == 2


@pytest.mark.parametrize(("default", "expected"), [("en", "en"), ("de", "de")])
async def test_from_registration_to_the_tickets_in_one_language(
    settings: Settings, database_url: str, scene: Scene, default: str, expected: str
) -> None:
    """The whole application over SMTP: two browsers, and a service with a default of its own."""
    mailbox = Mailbox()
    async with mailbox.serving() as address:
        with_mail = replace(settings, smtp_url=f"smtp://{address}", background_tasks=True, locale=default)
        async with TestClient(TestServer(create_app(with_mail, database_url))) as client:
            api = Api(client)
            for name, headers in (("zoe", {"Accept-Language": "fr-CH"}), ("ole", DANISH_BROWSER)):
                await register(api, name, headers=headers)
                login = await api.post("/login", {"username": name, "password": PASSWORD})
                token = login.json["access_token"]
                held = await api.post("/bookings", {"event": scene.event["id"]}, token=token)
                payment = {"booking_id": held.json["id"], "method": "card", "details": CARD}
                assert (await api.post("/payments", payment, token=token)).status == 201
            await until(lambda: len(mailbox.of_kind("booking_confirmed")) == 2)
            await until(lambda: len(mailbox.of_kind("address_confirmation")) >= 2)
    french, other = sorted(
        mailbox.of_kind("booking_confirmed"), key=lambda mail: str(mail["To"]), reverse=True
    )
    assert french["Content-Language"] == "fr"
    assert french["Subject"].startswith("[fr] Your tickets for ")
    assert "samedi 1 août 2099, 19:30 UTC" in text_of(french)
    assert "25,00\xa0€" in text_of(french)
    assert other["Content-Language"] == expected
    assert ("Samstag, 1. August 2099, 19:30 UTC" in text_of(other)) == (expected == "de")
    assert ("Saturday 1 August 2099, 19:30 UTC" in text_of(other)) == (expected == "en")
    welcome = {str(mail["To"]): mail["Content-Language"] for mail in mailbox.of_kind("address_confirmation")}
    assert welcome["zoe@example.com"] == "fr"
    assert welcome["ole@example.com"] == expected
