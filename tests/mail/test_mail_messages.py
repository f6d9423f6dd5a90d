"""Messages: what a person reads in them, and what nobody can smuggle into them."""

import email
import email.policy
import re
from email.message import EmailMessage
from email.utils import parsedate_to_datetime
from gettext import NullTranslations
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import bms.mail
from bms.formats import one_line, place
from bms.i18n.languages import Language
from bms.mail.messages import SUBJECTS, BadPayload, CannotCompose, UnknownKind, compose, message_id
from tests.kit.letters import ENGLISH
from tests.kit.mail_payloads import EXAMPLES

REGISTRATION = {"name": "Ana", "username": "ana"}
BOOKING = {
    "name": "Ana",
    "reference": "BMS-7K2Q",
    "event": {
        "title": "Night of Strings",
        "starts_at": "2027-08-01T19:30:00Z",
        "venue": "Harbour Hall",
        "address": "1 Quay Street",
        "city": "Oslo",
    },
    "lines": [
        {"name": "Standing", "quantity": 2, "unit_price": "25.00"},
        {"name": "Child", "quantity": 1, "unit_price": "0.00"},
    ],
    "total": "50.00",
    "currency": "EUR",
    "tickets": [{"code": "T-AAAA", "ticket_type": "Standing"}, {"code": "T-BBBB", "ticket_type": "Child"}],
}
PAYLOADS: dict[str, dict[str, Any]] = {
    "registration": REGISTRATION,
    "booking_confirmed": BOOKING,
    **EXAMPLES,
}
HEADERS = {
    "Subject",
    "From",
    "To",
    "Date",
    "Message-ID",
    "Auto-Submitted",
    "X-BMS-Kind",
    "Content-Language",
    "MIME-Version",
    "Content-Type",
}


def make(kind: str = "registration", **changes: Any) -> EmailMessage:
    options: dict[str, Any] = {
        "recipient": "ana@example.org",
        "sender": "BMS Tickets <tickets@example.org>",
        "message_id": message_id("a key", "example.org"),
        "language": ENGLISH,
    }
    payload = changes.pop("payload") if "payload" in changes else PAYLOADS[kind]
    return compose(kind, payload, **(options | changes))


def titled(title: str) -> EmailMessage:
    return make("booking_confirmed", payload=BOOKING | {"event": BOOKING["event"] | {"title": title}})


def sent(message: EmailMessage, policy: email.policy.EmailPolicy = email.policy.SMTP) -> EmailMessage:
    """Return the message as a reader finds it after the wire."""
    parsed = email.message_from_bytes(message.as_bytes(policy=policy), policy=email.policy.SMTP)
    assert isinstance(parsed, EmailMessage)
    return parsed


def text_of(message: EmailMessage, subtype: str = "plain") -> str:
    part = message.get_body((subtype,))
    assert part is not None
    return part.get_content().replace("\r\n", "\n")


@pytest.mark.parametrize("kind", sorted(SUBJECTS))
def test_every_kind_has_both_parts_and_the_headers(kind: str) -> None:
    message = sent(make(kind))
    assert message.get_content_type() == "multipart/alternative"
    assert [part.get_content_type() for part in message.iter_parts()] == ["text/plain", "text/html"]
    assert set(message.keys()) == HEADERS
    assert message["From"] == "BMS Tickets <tickets@example.org>"
    assert message["To"] == "ana@example.org"
    assert message["Message-ID"] == message_id("a key", "example.org")
    assert message["Auto-Submitted"] == "auto-generated"
    assert parsedate_to_datetime(message["Date"]).tzinfo is not None
    html = text_of(message, "html")
    assert html.startswith("<!DOCTYPE html>")
    assert html.rstrip().endswith("</html>")
    assert "src=" not in html
    assert "{{" not in html + text_of(message) + message["Subject"]


def test_kinds_and_template_files_are_the_same() -> None:
    names = {path.name for path in (Path(bms.mail.__file__).parent / "templates").glob("*.j2")}
    assert names == {"layout.html.j2", "footer.txt.j2"} | {
        f"{kind}.{form}.j2" for kind in SUBJECTS for form in ("txt", "html")
    }


def test_registration_says_hello_and_the_username() -> None:
    message = make()
    assert message["Subject"] == "Welcome to BMS, Ana"
    assert "Hello Ana," in text_of(message)
    assert "    ana\n" in text_of(message)
    assert '<strong dir="auto">ana</strong>' in text_of(message, "html")


def test_booking_confirmed_says_what_where_when_and_how_much() -> None:
    message = sent(make("booking_confirmed"))
    assert message["Subject"] == "Your tickets for Night of Strings (BMS-7K2Q)"
    text = text_of(message)
    for line in (
        "Night of Strings",
        "Sunday 1 August 2027, 19:30 UTC",
        "Harbour Hall, 1 Quay Street, Oslo",
        "2 x Standing: 25.00 EUR each",
        "1 x Child: Free",
        "Total: 50.00 EUR",
        "    T-AAAA  Standing",
        "    T-BBBB  Child",
    ):
        assert line in text.splitlines()
    html = text_of(message, "html")
    for words in ("BMS-7K2Q", "Sunday 1 August 2027, 19:30 UTC", "Harbour Hall", "25.00 EUR each", "T-BBBB"):
        assert words in html


def test_a_free_booking_says_free_and_an_event_may_have_no_place() -> None:
    event = {"title": "Open day", "starts_at": "2027-08-01T19:30:00Z"}
    line = {"name": "Entry", "quantity": 1, "unit_price": "0.00"}
    text = text_of(
        make("booking_confirmed", payload=BOOKING | {"event": event, "lines": [line], "total": "0.00"})
    )
    assert "Total: Free" in text
    assert "1 x Entry: Free\n" in text
    assert "EUR" not in text


def test_the_given_subject_replaces_the_kinds_own() -> None:
    assert make(subject="Come\r\nBcc: x@example.org")["Subject"] == "Come Bcc: x@example.org"


def test_an_unknown_kind_is_a_lookup_error() -> None:
    for kind in ("no_such_kind", "../layout", "layout", ""):
        with pytest.raises(LookupError, match="no mail of kind") as caught:
            make(kind, payload=REGISTRATION)
        assert isinstance(caught.value, UnknownKind)


@pytest.mark.parametrize(
    ("kind", "change"),
    [
        ("registration", {"payload": {"name": "Ana"}}),
        ("booking_confirmed", {"payload": {"name": "Ana"}}),
        ("booking_confirmed", {"payload": BOOKING | {"total": "much"}}),
        ("booking_confirmed", {"payload": BOOKING | {"total": "NaN"}}),
        ("booking_confirmed", {"payload": BOOKING | {"event": "a title"}}),
        ("booking_confirmed", {"payload": BOOKING | {"event": {"title": "x", "starts_at": "tomorrow"}}}),
        ("registration", {"recipient": "not an address"}),
        ("registration", {"recipient": ""}),
        ("registration", {"recipient": "a@example.org, b@example.org"}),
        ("registration", {"recipient": "a@example.org\nBcc: b@example.org"}),
        ("registration", {"recipient": "=?utf-8?q?a=0ABcc=3A_b?=@example.org"}),
        ("registration", {"recipient": "a\x00b@example.org"}),
        ("registration", {"sender": "nobody"}),
        ("registration", {"message_id": "<a@b>\nBcc: b@example.org"}),
    ],
)
def test_what_cannot_be_made_says_so(kind: str, change: dict[str, Any]) -> None:
    with pytest.raises(BadPayload) as caught:
        make(kind, **change)
    assert isinstance(caught.value, CannotCompose)


@pytest.mark.parametrize(
    "attack",
    [
        "Gala\nBcc: thief@example.org",
        "Gala\r\nBcc: thief@example.org\r\n\r\nA body",
        "Gala\rBcc: thief@example.org",
        "Gala\x0bBcc: thief@example.org",
        "Gala\u2028Bcc: thief@example.org",
        "Gala\x85Bcc: thief@example.org",
        "=?utf-8?q?Gala=0ABcc:_thief@example.org?=",
        "=?utf-8?b?R2FsYQpCY2M6IHRoaWVmQGV4YW1wbGUub3Jn?=",
    ],
)
@pytest.mark.parametrize("policy", [email.policy.SMTP, email.policy.SMTPUTF8])
def test_a_title_cannot_add_a_header_or_a_line(attack: str, policy: email.policy.EmailPolicy) -> None:
    message = sent(titled(attack), policy)
    assert set(message.keys()) == HEADERS
    title = re.sub("[\r\n\x0b\u2028\x85]+", " ", attack)
    assert message["Subject"] == f"Your tickets for {title} (BMS-7K2Q)"
    assert title in text_of(message).splitlines()


def test_html_in_a_title_is_shown_not_run() -> None:
    message = titled('<script>alert("1")</script> & <b>Sons</b>')
    html = text_of(message, "html")
    assert "<script" not in html
    assert "<b>" not in html
    assert "&lt;script&gt;alert(&#34;1&#34;)&lt;/script&gt; &amp; &lt;b&gt;Sons&lt;/b&gt;" in html
    assert '<script>alert("1")</script> & <b>Sons</b>' in text_of(message).splitlines()
    assert "{{ 7 * 7 }}" in text_of(titled("{{ 7 * 7 }}"))


@pytest.mark.parametrize(
    "title",
    [
        "🎸 Nächte in Łódź 🎭",
        "מופע לילה ‏2027‏ בתל אביב",
        "👩‍👩‍👧‍👦 " * 30,
        "A very long title " * 60,
        "x" * 1500,
        "...And Justice for All",
        "From here on",
        "= 3D = =20",
    ],
)
@pytest.mark.parametrize("policy", [email.policy.SMTP, email.policy.SMTPUTF8])
def test_a_title_comes_back_as_it_was(title: str, policy: email.policy.EmailPolicy) -> None:
    message = titled(title)
    raw = message.as_bytes(policy=policy)
    assert max(len(line) for line in raw.split(b"\r\n")) <= 200
    parsed = sent(message, policy)
    assert parsed["Subject"] == f"Your tickets for {title} (BMS-7K2Q)"
    assert title in text_of(parsed).splitlines()


@given(st.text(max_size=120))
def test_any_title_comes_back_as_it_was(title: str) -> None:
    message = titled(title)
    expected = one_line(title)
    parsed = sent(message)
    assert parsed["Subject"] == f"Your tickets for {expected} (BMS-7K2Q)"
    assert expected in text_of(parsed).split("\n")


def test_an_international_address_is_kept_under_smtputf8() -> None:
    raw = make(recipient="jürgen@bücher.example").as_bytes(policy=email.policy.SMTPUTF8)
    assert "To: jürgen@bücher.example\r\n".encode() in raw


def test_message_id_depends_on_the_key_alone() -> None:
    first = message_id("booking:7:confirmed", "example.org")
    assert first == message_id("booking:7:confirmed", "example.org")
    assert first != message_id("booking:8:confirmed", "example.org")
    assert re.fullmatch(r"<[0-9a-f]{64}@example\.org>", first)
    long = message_id("x", "a-rather-long-host-name.mail.department.example.org")
    assert sent(make(message_id=long))["Message-ID"] == long


ABOUT_EVENTS = sorted(kind for kind, payload in PAYLOADS.items() if "event" in payload)


@pytest.mark.parametrize("kind", ABOUT_EVENTS)
def test_every_kind_tells_the_local_time_and_its_zone(kind: str) -> None:
    def local(value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        zone = {"timezone": "Asia/Kolkata"} if "starts_at" in value else {}
        return {name: local(item) for name, item in value.items()} | zone

    message = compose(
        kind,
        local(PAYLOADS[kind]),
        recipient="ana@example.org",
        sender="tickets@example.org",
        message_id="<a@example.org>",
        language=ENGLISH,
    )
    for part in message.iter_parts():
        assert isinstance(part, EmailMessage)
        text = part.get_content()
        assert "(Asia/Kolkata, UTC+5:30)" in text
        assert "Monday 2 August 2027, 01:00" in text or "Monday 2 August 2027, 23:30" in text


ORGANIZER = {"name": "Bo & <Sons>", "email": "bo@example.org"}


@pytest.mark.parametrize("kind", ABOUT_EVENTS)
def test_replies_go_to_the_organiser_who_is_named(kind: str) -> None:
    url = "https://tickets.example.org/b/2FKAN2P41Q-00"
    message = sent(make(kind, payload=PAYLOADS[kind] | {"organizer": ORGANIZER, "booking_url": url}))
    assert message["Reply-To"] == '"Bo & <Sons>" <bo@example.org>'
    assert "This event is organised by Bo & <Sons>. Reply to this e-mail" in text_of(message)
    assert url in text_of(message).splitlines()
    html = text_of(message, "html")
    assert "Bo &amp; &lt;Sons&gt;" in html
    assert f'href="{url}"' in html


@pytest.mark.parametrize(
    "address", [None, "bo@[127.0.0.1]", "no address", "a@b.example\r\nBcc: x@example.org"]
)
def test_without_an_address_to_reply_to_the_mail_goes_out_all_the_same(address: str | None) -> None:
    message = sent(
        make("reminder", payload=PAYLOADS["reminder"] | {"organizer": {"name": "Bo", "email": address}})
    )
    assert message["Reply-To"] is None
    assert message["Bcc"] is None


@pytest.mark.parametrize("name", ["=?utf-8?q?a=0D=0ABcc=3A_x=40example.org?=", 'Bö, "Bo"', "x" * 200])
def test_a_name_adds_no_header(name: str) -> None:
    organizer = {"name": name, "email": "bo@example.org"}
    message = sent(make("reminder", payload=PAYLOADS["reminder"] | {"organizer": organizer}))
    assert set(message.keys()) == HEADERS | {"Reply-To"}
    (address,) = message["Reply-To"].addresses
    assert (address.display_name, address.addr_spec) == (name.replace("=?", "= ?"), "bo@example.org")


@pytest.mark.parametrize("host", ["localhost", "mail.example.org", f"{'a' * 60}.{'b' * 60}.example.org"])
@pytest.mark.parametrize("policy", [email.policy.SMTP, email.policy.SMTPUTF8])
def test_no_header_is_broken_behind_its_colon(host: str, policy: email.policy.EmailPolicy) -> None:
    message = make(
        "reminder",
        payload=PAYLOADS["reminder"] | {"organizer": {"name": "o" * 70, "email": f"{'o' * 60}@{host}"}},
        recipient=f"{'a' * 64}@{host}",
        sender=f"{'s' * 64}@{host}",
        message_id=message_id("x", host),
    )
    head, _, _ = message.as_bytes(policy=policy).partition(b"\r\n\r\n")
    for line in head.split(b"\r\n"):
        assert not line.rstrip().endswith(b":"), line
    assert sent(message, policy)["Message-ID"] == message_id("x", host)


def test_formats() -> None:
    assert ENGLISH.when("2027-12-31T23:30:00-02:00") == "Saturday 1 January 2028, 01:30 UTC"
    with pytest.raises(ValueError, match="no UTC offset"):
        ENGLISH.when("2027-12-31T23:30:00")
    moment = "2027-05-31T22:30:00Z"
    assert ENGLISH.when(moment, "Europe/Amsterdam") == "Tuesday 1 June 2027, 00:30 (Europe/Amsterdam, UTC+2)"
    assert Language("de", NullTranslations()).when(moment, "Asia/Kolkata") == (
        "Dienstag, 1. Juni 2027, 04:00 (Asia/Kolkata, UTC+5:30)"
    )
    assert ENGLISH.money("1234.5", "EUR") == "1234.50 EUR"
    assert ENGLISH.money("0.00", "EUR") == "Free"
    assert place({"venue": "Oslo", "address": None, "city": "Oslo"}) == "Oslo"
    assert place({}) == ""
