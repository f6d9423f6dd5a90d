"""What the mails about bookings and events say."""

from email.message import EmailMessage
from typing import Any

import pytest

from bms.mail.messages import BadPayload, compose
from tests.kit.letters import ENGLISH
from tests.kit.mail_payloads import EXAMPLES, LINK, NEW

DAY = "Sunday 1 August 2027, 19:30 UTC"
PLACE = "Harbour Hall, 1 Quay Street, Oslo"
NEW_DAYS = "Monday 2 August 2027, 18:00 UTC to Monday 2 August 2027, 21:00 UTC"
BANK = "is refunded the way you paid. Your bank may take a few days to show it."


def mail(kind: str, **changes: Any) -> EmailMessage:
    payload = {**EXAMPLES[kind], **changes}
    return compose(
        kind,
        payload,
        recipient="ana@example.org",
        sender="tickets@example.org",
        message_id="<1@example.org>",
        language=ENGLISH,
    )


def part(message: EmailMessage, subtype: str) -> str:
    found = message.get_body((subtype,))
    assert found is not None
    return str(found.get_content())


SAYS = {
    "address_confirmation": ("Confirm your e-mail address", [LINK, "24 hours", "do nothing"]),
    "password_reset": ("Choose a new password", [LINK, "for an hour", "do nothing"]),
    "password_changed": ("Your password was changed", ["Hello Ana", "signed out", "choose a new password"]),
    "address_changed": ("Your e-mail address was changed", ["Hello Ana", "another e-mail address"]),
    "second_factor_changed": ("Your second factor", ["Hello Ana", "You need a code of it"]),
    "signed_in": ("A new sign-in to your account", ["Hello Ana", DAY, "Firefox, Linux", "203.0.113.5"]),
    "booking_cancelled": (
        "Your booking for Night of Strings is cancelled (BMS-7K2Q)",
        ["BMS-7K2Q", DAY, PLACE, "Reason: I fell ill", f"25.00 EUR {BANK}"],
    ),
    "event_cancelled": (
        "Night of Strings is cancelled (BMS-7K2Q)",
        ["BMS-7K2Q", DAY, PLACE, "Reason: The hall burnt down", f"50.00 EUR {BANK}"],
    ),
    "refund_issued": ("Your refund for Night of Strings (BMS-7K2Q)", ["12.50 EUR", "has been refunded", DAY]),
    "payment_returned": (
        "Your payment for Night of Strings is refunded (BMS-7K2Q)",
        ["50.00 EUR", "arrived after the booking had ended", PLACE],
    ),
    "tickets_cancelled": (
        "Tickets for Night of Strings are cancelled (BMS-7K2Q)",
        ["T-AAAA", "Standing", DAY, PLACE, "Reason: One of us", f"12.50 EUR {BANK}", "2 other tickets"],
    ),
    "tickets_reseated": (
        "Your seats for Night of Strings have changed (BMS-7K2Q)",
        ["T-AAAA", "Stalls, row A, seat 1", "Circle, row B, seat 12", "Entrance: North", "codes stay", DAY],
    ),
    "event_updated": (
        "Night of Strings has changed",
        [
            DAY,
            PLACE,
            NEW_DAYS,
            "The old oak",
            "Nothing is refunded.",
            "Then 50% of the price",
            "all of the price",
        ],
    ),
    "contact_changed": (
        "Your booking for Night of Strings has another address (BMS-7K2Q)",
        ["BMS-7K2Q", DAY, PLACE, "goes to another address from now on"],
    ),
    "contact_asked": (
        "A new address for your booking for Night of Strings? (BMS-7K2Q)",
        ["BMS-7K2Q", DAY, PLACE, LINK, "works for 24 hours"],
    ),
    "reminder": ("Night of Strings starts soon", [NEW_DAYS, "The old oak"]),
    "organizer_message": (
        "A message about Night of Strings",
        ["Bo writes to everybody", DAY, "Doors open at six.", "Come early!"],
    ),
}


@pytest.mark.parametrize("kind", EXAMPLES)
def test_both_parts_say_it(kind: str) -> None:
    message = mail(kind)
    subject, words = SAYS[kind]
    assert message["Subject"] == subject
    text = part(message, "plain")
    html = part(message, "html").replace("<bdi>", "").replace("</bdi>", "")
    for word in words:
        assert word in text
        assert word in html
    assert "None" not in text + html
    assert text.endswith("This is an automatic message from BMS. Replies are not read.\n")
    assert "\n\n\n" not in text


def test_a_payment_that_had_failed_before_it_arrived() -> None:
    message = mail("payment_returned", had_failed=True)
    for subtype in ("plain", "html"):
        shown = part(message, subtype)
        assert "arrived after it had failed." in shown
        assert "had ended" not in shown


@pytest.mark.parametrize("kind", ["booking_cancelled", "event_cancelled"])
def test_without_a_refund_or_a_reason(kind: str) -> None:
    message = mail(kind, refund=None, reason=None)
    for subtype in ("plain", "html"):
        shown = part(message, subtype)
        assert "No refund is due." in shown
        assert "Reason" not in shown
        assert "EUR" not in shown


def test_an_update_of_the_release_before() -> None:
    payload = {name: EXAMPLES["event_updated"][name] for name in ("event", "old", "new")}
    message = compose(
        "event_updated",
        payload,
        recipient="ana@example.org",
        sender="tickets@example.org",
        message_id="<1@example.org>",
        language=ENGLISH,
    )
    assert "refund" not in part(message, "plain")


@pytest.mark.parametrize("left", [1, 2])
def test_a_change_of_the_rule_alone(left: int) -> None:
    text = part(mail("event_updated", moved=False, refundable=False), "plain")
    assert "the refund rule of Night of Strings, which you have booked, has changed." in text
    assert "The old oak" not in text
    assert ("other ticket of" in part(mail("tickets_cancelled", left=left), "plain")) == (left == 1)


def test_an_update_tells_old_from_new() -> None:
    text = part(mail("event_updated"), "plain")
    assert text.index("It is now:") < text.index(NEW_DAYS) < text.index("The old oak")
    assert text.index("The old oak") < text.index("It was:") < text.index(DAY) < text.index(PLACE)


def test_an_event_may_be_nowhere() -> None:
    nowhere = {**NEW, "address": None}
    text = part(mail("event_updated", new=nowhere), "plain")
    assert NEW_DAYS in text
    assert "oak" not in text
    assert "starts soon" in part(mail("reminder", event=nowhere), "plain")


@pytest.mark.parametrize("kind", [kind for kind in EXAMPLES if "event" in EXAMPLES[kind]])
def test_html_in_a_title_is_shown_not_run(kind: str) -> None:
    event = {**EXAMPLES[kind]["event"], "title": "<script>alert(1)</script>"}
    html = part(mail(kind, event=event), "html")
    assert "<script" not in html
    assert "&lt;script&gt;" in html


def test_markup_in_a_message_is_shown_not_run() -> None:
    html = part(mail("organizer_message", paragraphs=["<b>x</b>"], sender="<i>Bo</i>"), "html")
    assert "<b>" not in html
    assert "<i>" not in html


# What the mails of the release before lack, which may still be in the outbox.
NEW_FIELDS = {"event_updated": {"moved", "refundable", "new_rule"}}


@pytest.mark.parametrize("kind", EXAMPLES)
def test_each_needs_all_that_it_shows(kind: str) -> None:
    for field in EXAMPLES[kind].keys() - NEW_FIELDS.get(kind, set()):
        payload = {name: value for name, value in EXAMPLES[kind].items() if name != field}
        with pytest.raises(BadPayload):
            compose(
                kind,
                payload,
                recipient="ana@example.org",
                sender="tickets@example.org",
                message_id="<1@example.org>",
                language=ENGLISH,
            )
