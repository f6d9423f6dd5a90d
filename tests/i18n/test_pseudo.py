"""No text reaches a person past the catalogues, shown by a language in which every text is recognisable."""

import json
import re
from dataclasses import asdict, replace
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from jinja2 import ChoiceLoader, DictLoader, PackageLoader

from bms.announcements import Announcement
from bms.commands.messages import followers
from bms.commands.messages.telling import HoldersTelling, Telling
from bms.commands.sales.contact_requests import request_contact
from bms.i18n.languages import Language, Languages
from bms.links import Links
from bms.mail import messages
from bms.mail.messages import compose
from bms.security.link_tokens import LinkTokens
from bms.settings import Settings
from bms.tasks.cancellations import cancel_bookings_of_events
from bms.tasks.fan_out import FanOut
from bms.tasks.outbox import send_due_messages
from bms.tasks.reconciliation import Reconciler, send_due_refunds
from bms.tasks.sweeps import HOLDS, REMINDERS, sweep
from bms.terms import Actor
from tests.kit.announced import ANNOUNCED, tell
from tests.kit.api import Api
from tests.kit.attendance import approach
from tests.kit.cards import ANSWER_LOST
from tests.kit.changes import change
from tests.kit.letters import delivered, html_of, text_of
from tests.kit.outgoing import Tray
from tests.kit.proofs import code_of
from tests.kit.pseudo import Pseudo, data_of, shown_in, untranslated
from tests.kit.scene import Scene
from tests.kit.seats import Hall, open_hall
from tests.kit.types import Rows
from tests.kit.users import User

# Mail alone: they are about what somebody else may have done in the app.
OF_ACCOUNTS = {
    *("registration", "address_confirmation", "address_changed", "password_reset", "password_changed"),
    *("signed_in", "second_factor_changed", "contact_asked"),
}


def composed(telling: Telling | HoldersTelling, language: Language) -> EmailMessage:
    return compose(
        telling.kind,
        delivered(telling.payload),
        recipient="ana@example.org",
        sender="tickets@example.org",
        message_id="<1@example.org>",
        language=language,
    )


def read(message: EmailMessage) -> dict[str, str]:
    """Return what a person reads of an e-mail, by its part."""
    return {
        "subject": str(message["Subject"]),
        "text": re.sub(r"https?://\S+", "", text_of(message)),
        "html": shown_in(html_of(message)),
    }


def found_in(announcement: Announcement, language: Language) -> dict[str, list[str]]:
    """Return the untranslated words of what follows from an announcement, by the part that they are in."""
    telling = tell(announcement)
    data = data_of(asdict(announcement)) | data_of(delivered(telling.payload))
    parts = read(composed(telling, language))
    if telling.line is not None:
        parts["notification"] = telling.line(language)
    found = {part: untranslated(text, data) for part, text in parts.items()}
    return {part: words for part, words in found.items() if words}


@pytest.mark.parametrize("name", ANNOUNCED)
def test_every_word_of_every_message_is_translated(name: str) -> None:
    assert found_in(ANNOUNCED[name], Pseudo()) == {}


def test_a_text_that_is_in_no_catalogue_is_found() -> None:
    """The twin of the test above, for a text that the catalogue lacks."""
    found = found_in(ANNOUNCED["near"], Pseudo(missing="Hello,"))
    assert found == {"text": ["Hello"], "html": ["Hello"]}
    found = found_in(ANNOUNCED["near"], Pseudo(missing="%(title)s starts soon: %(when)s."))
    assert found == {"notification": ["starts", "soon"]}
    found = found_in(ANNOUNCED["cancelled_with_event_for_no_reason"], Pseudo("The event was cancelled"))
    assert found.keys() == {"text", "html"}
    assert "subject" in found_in(ANNOUNCED["near"], Pseudo(missing="%(title)s starts soon"))


@pytest.mark.parametrize(
    ("file", "before", "after", "found"),
    [
        ("reminder.txt.j2", '{{ _("Hello,") }}', "Hello,", {"text": ["Hello"]}),
        ("reminder.html.j2", "<br>", '<br><img alt="A map">', {"html": ["A", "map"]}),
        ("reminder.html.j2", "<br>", '{{ " or later" }}<br>', {"html": ["or", "later"]}),
    ],
)
def test_a_text_of_a_template_outside_of_them_is_found(
    monkeypatch: pytest.MonkeyPatch, file: str, before: str, after: str, found: dict[str, list[str]]
) -> None:
    """The twin for a template: a word that somebody forgot to mark."""
    text = (Path(messages.__file__).parent / "templates" / file).read_text(encoding="utf-8")
    assert before in text
    planted = DictLoader({file: text.replace(before, after)})
    monkeypatch.setattr(
        messages, "PackageLoader", lambda *names: ChoiceLoader([planted, PackageLoader(*names)])
    )
    assert found_in(ANNOUNCED["near"], Pseudo()) == found


def test_a_line_of_a_notification_outside_of_them_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """The twin for a notification: a line that is put together from English words."""

    def plain(told: Any) -> HoldersTelling:
        return replace(original(told), line=lambda language: f"{told.event.title} starts soon")

    original = followers._near
    monkeypatch.setitem(followers._HOLDERS, type(ANNOUNCED["near"]), plain)  # type: ignore[arg-type]
    assert found_in(ANNOUNCED["near"], Pseudo()) == {"notification": ["starts", "soon"]}


@pytest.mark.slow_fan_out
async def test_nothing_that_the_service_writes_is_past_them(
    scene: Scene, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same for all that follows from real requests, and so for what commands put into a payload."""
    await every_occasion(scene, settings.secret_key)
    languages = {"eo": Pseudo()}
    monkeypatch.setattr("bms.i18n.languages.read_languages", lambda: languages)
    fan_out = FanOut(scene.db, Languages("eo"), LinkTokens(settings.secret_key))
    scene.rows("UPDATE announcements SET available_at = created_at")
    await fan_out.run()
    assert await sweep(scene.db, REMINDERS) == 1
    await fan_out.run()
    rows = scene.rows("SELECT payload FROM outbox")
    payloads = [json.loads(row.payload) for row in rows]
    data = {text for payload in payloads for text in data_of(payload)} | {"Come early"}
    tokens = LinkTokens(settings.secret_key)
    links = [payload["link"] for payload in payloads if "link" in payload]
    data |= {
        Links(settings.public_url).page(*one["page"].split("/"), tokens.token(one["seed"])) for one in links
    }
    tray = Tray()
    while await send_due_messages(scene.db, tray, replace(settings, locale="eo")):
        pass
    assert {message["X-BMS-Kind"] for message in tray.messages} == messages.SUBJECTS.keys()
    for message in tray.messages:
        assert message["Content-Language"] == "eo"
        for part, text in read(message).items():
            assert untranslated(text, data) == [], (message["X-BMS-Kind"], part, text)
    told = scene.rows("SELECT kind, message FROM notifications")
    assert {row.kind for row in told} == messages.SUBJECTS.keys() - OF_ACCOUNTS
    for row in told:
        assert untranslated(row.message, data) == [], row.message


async def every_occasion_of_an_account(api: Api, user: User, rows: Rows, secret: str) -> None:
    """Do what every kind of mail about an account follows from."""
    body = {"email": "second@example.com", "password": user.password}
    assert (await api.post("/profile/email", body, token=user.token)).status == 202
    (claimed,) = rows("SELECT payload FROM announcements WHERE kind = 'user.address_claimed'")
    token = LinkTokens(secret).token(json.loads(claimed.payload)["seed"])
    assert (await api.post("/email/confirm", {"token": token})).status == 204
    assert (await api.post("/password/forgot", {"email": "second@example.com"})).status == 202
    begun = await api.post("/profile/totp", {"password": user.password}, token=user.token)
    code = {"code": code_of(begun.json["secret"])}
    assert (await api.post("/profile/totp/confirm", code, token=user.token)).status == 200
    body = {"current_password": user.password, "new_password": "another horse battery"}
    assert (await api.post("/profile/password", body, token=user.token)).status == 200
    rows("UPDATE sessions SET address = '192.0.2.1' WHERE user_id = ?", user.id)
    otp = code_of(begun.json["secret"], 1)
    body = {"username": user.username, "password": "another horse battery", "otp": otp}
    assert (await api.post("/login", body)).status == 200


async def ask_for_a_contact(scene: Scene, booking: Any) -> None:
    asked = await scene.db.transact(
        request_contact,
        Actor(scene.buyer.id),
        booking_id=booking["id"],
        email="third@example.org",
        seed="a1b2",
        token_hash="a hash",
        by_link=True,
        per_hour=0,
    )
    assert asked == "asked"


async def reseat_somebody(hall: Hall) -> None:
    booking = await hall.held(hall.guids()[0])
    await hall.scene.pay(booking)
    ticket = (await hall.scene.shown(booking))["tickets"][0]["id"]
    body = {"moves": [{"ticket": ticket, "to": hall.guids()[1]}]}
    path, token = f"/bookings/{booking['id']}/reseat", hall.scene.organiser.token
    assert (await hall.api.post(path, body, token=token)).status == 200


async def every_occasion(scene: Scene, secret: str) -> None:
    """Do what every kind of message follows from. The last event is left to be reminded of."""
    organiser = scene.organiser.token
    first = scene.event
    booking = await scene.paid(2)
    contact = f"/bookings/{booking['id']}/contact"
    changed = await scene.api.patch(contact, {"email": "other@example.org"}, token=scene.buyer.token)
    assert changed.status == 200
    await ask_for_a_contact(scene, booking)
    await change(scene.api, scene.organiser, scene.event, date="2099-08-03")
    message = {"event": scene.event["id"], "message": "Come early"}
    assert (await scene.api.post("/notifications", message, token=organiser)).status == 201
    assert (await scene.cancel(await scene.paid())).status == 200
    # The second one's cookie takes the place of the first one's: the sign-in is from an unknown device.
    user, _ = await scene.make_user(), await scene.make_user()
    await every_occasion_of_an_account(scene.api, user, scene.rows, secret)
    two = await scene.shown(await scene.paid(2))
    some = {"tickets": [two["tickets"][0]["id"]]}
    reply = await scene.api.post(f"/bookings/{two['id']}/cancel", some, token=scene.buyer.token)
    assert reply.status == 200
    await reseat_somebody(await open_hall(scene))
    late = await scene.held(event=first)
    (await scene.pay(late, ANSWER_LOST)).problem(503, "gateway_unavailable")
    for price in ("0.00", "7.50"):
        cancelled = await scene.on_sale(price=price)
        booking = await scene.held()
        if booking["status"] == "PENDING":
            assert (await scene.pay(booking)).status == 201
        assert (await scene.api.post(f"/events/{cancelled['id']}/cancel", {}, token=organiser)).ok
    while await cancel_bookings_of_events(scene.db):
        pass
    scene.let_hold_pass(late)
    assert await sweep(scene.db, HOLDS) == 1
    scene.rows("UPDATE ticket_types SET on_sale = 0")
    assert await Reconciler(scene.db, scene.gateway, older_than=0).settle_payments() == 1
    assert await send_due_refunds(scene.db, scene.gateway) > 0
    near = await scene.on_sale(price="0.00")
    await scene.held()
    approach(scene.rows, near, 23)
