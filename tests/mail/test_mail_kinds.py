"""What the mails about bookings and events say."""

from email.message import EmailMessage
from typing import Any

import pytest

from bms.mail.messages import BadPayload, compose
from tests.kit.letters import ENGLISH
from tests.kit.mail_payloads import EXAMPLES, NEW

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
    "event_updated": ("Night of Strings has changed", [DAY, PLACE, NEW_DAYS, "The old oak"]),
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


@pytest.mark.parametrize("kind", EXAMPLES)
def test_html_in_a_title_is_shown_not_run(kind: str) -> None:
    event = {**EXAMPLES[kind]["event"], "title": "<script>alert(1)</script>"}
    html = part(mail(kind, event=event), "html")
    assert "<script" not in html
    assert "&lt;script&gt;" in html


def test_markup_in_a_message_is_shown_not_run() -> None:
    html = part(mail("organizer_message", paragraphs=["<b>x</b>"], sender="<i>Bo</i>"), "html")
    assert "<b>" not in html
    assert "<i>" not in html


@pytest.mark.parametrize("kind", EXAMPLES)
def test_each_needs_all_that_it_shows(kind: str) -> None:
    for field in EXAMPLES[kind]:
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
