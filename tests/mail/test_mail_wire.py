"""What is written of a message is what the standard library would write and reads again."""

import email
import email.policy
import quopri
from email.headerregistry import Address, HeaderRegistry
from email.message import EmailMessage
from email.policy import Policy
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bms.addresses import parse_address
from bms.mail.headers import POLICY
from bms.mail.messages import SUBJECTS, compose
from bms.mail.wire import BOUNDARY, from_address, needs_utf8, set_alternatives, to_address, to_bytes
from tests.kit.letters import ENGLISH, registration
from tests.kit.mail_payloads import EXAMPLES

HEADERS = {
    "Subject": "Your tickets",
    "From": Address("Fjord, Lys & Co", addr_spec="tickets@example.org"),
    "To": Address(addr_spec="ana@example.org"),
    "Date": "Sat, 28 Nov 2026 02:53:18 +0000",
    "Message-ID": f"<{'5' * 64}@example.org>",
    "X-BMS-Kind": "booking_confirmed",
}
TEXTS = {
    "ASCII": "Hello Ana,\n\nyour booking is confirmed: 2 + 2 = 4, a=3D, =_bms, --=_bms\n",
    "Hindi": "नमस्ते अना,\n\nआपकी बुकिंग पक्की हो गई है। " * 8,
    "Arabic": "مرحباً آنا،\nتم تأكيد حجزك. " * 12,
    "signs outside the plane": "🎸👩‍👩‍👧‍👦" * 40,
    "a long line": "word " * 400 + "\n" + "x" * 3000,
    "lines that begin with a dot": ".\n..\n...And Justice for All\n.\n",
    "lines that end in blanks": "a \nb\t\n \n\t\n" + "".join("x" * n + " \n" for n in range(70, 80)),
    "a line that looks like a mailbox": "From here on\n>From there\n",
    "no line end": "a",
    "every kind of line end": "a\r\nb\nc\rd\x0be\x85f\u2028g",
    "nothing": "",
}


def message_of(text: str, html: str = "<p>Hello</p>\n", **changed: Any) -> EmailMessage:
    message = EmailMessage(policy=POLICY)
    for name, value in (HEADERS | changed).items():
        message[name] = value
    set_alternatives(message, text, html)
    return message


def read(content: bytes) -> EmailMessage:
    message = email.message_from_bytes(content, policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    assert not message.defects
    assert not any(part.defects for part in message.walk())
    return message


def lines_of(text: str) -> list[bytes]:
    return text.encode().splitlines()


def check(message: EmailMessage, text: str, html: str) -> None:
    content = to_bytes(message)
    assert content == message.as_bytes(
        policy=email.policy.SMTPUTF8 if needs_utf8(message) else email.policy.SMTP
    )
    assert content.count(b"\n") == content.count(b"\r") == content.count(b"\r\n")
    assert content.count(f"\r\n--{BOUNDARY}".encode()) == 3
    found = read(content)
    assert [(name, str(value)) for name, value in found.items()] == [
        (name, str(value)) for name, value in message.items()
    ]
    for part, kind, given_text in zip(found.iter_parts(), ("plain", "html"), (text, html), strict=True):
        assert part.get_content_type() == f"text/{kind}"
        body = part.get_payload(decode=True)
        assert isinstance(body, bytes)
        assert body.splitlines() == lines_of(given_text)
        for line in str(part.get_payload()).splitlines():
            # RFC 2045, section 6.7: 76, and two for a blank at the end of a line that is full.
            assert len(line) <= 78 if line.endswith(("=20", "=09")) else len(line) <= 76
            assert line.isascii()
            assert not line.endswith((" ", "\t"))


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_a_text_is_read_as_it_was_written(text: str) -> None:
    check(message_of(text), text, "<p>Hello</p>\n")
    check(message_of("Hello\n", text), "Hello\n", text)


@given(st.text(), st.text(alphabet=" \t\r\n.=_-abü", max_size=300))
def test_any_text_is_read_as_it_was_written(one: str, other: str) -> None:
    check(message_of(one, other), one, other)


@pytest.mark.parametrize("kind", sorted({"registration", *SUBJECTS} & {"registration", *EXAMPLES}))
@pytest.mark.parametrize("recipient", ["ana@example.org", "jürgen@bücher.example"])
def test_a_mail_of_each_kind_is_what_the_standard_library_writes(kind: str, recipient: str) -> None:
    message = compose(
        kind,
        EXAMPLES.get(kind, {"name": "अना", "username": "ana"}),
        recipient=recipient,
        sender="Zoë's Büro <tickets@example.org>",
        message_id=f"<{'5' * 64}@example.org>",
        language=ENGLISH,
        request_id="a-request",
    )
    policy = email.policy.SMTP if recipient.isascii() else email.policy.SMTPUTF8
    assert to_bytes(message) == message.as_bytes(policy=policy)
    found = read(to_bytes(message))
    assert {name: str(value) for name, value in found.items()} == {
        name: str(value) for name, value in message.items()
    }


def test_a_letter_says_where_it_comes_from_and_goes() -> None:
    message = registration("jürgen@bücher.example")
    assert (from_address(message), to_address(message)) == ("tickets@example.org", "jürgen@bücher.example")
    assert needs_utf8(message)
    assert not needs_utf8(registration())


def test_text_is_no_address() -> None:
    with pytest.raises(TypeError, match="takes an Address"):
        EmailMessage(policy=POLICY)["To"] = "ana@example.org, bo@example.org"


NAMES = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Zl", "Zp")), max_size=60)
ASCII = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=150)


def standard(name: str, value: Any, policy: Policy) -> str:
    """Return the lines of a header as the standard library folds it, but with a word behind the name."""
    return HeaderRegistry()(name, value).fold(policy=policy).replace(f"{name}:\r\n ", f"{name}: ")


@given(NAMES | ASCII, st.text("ab.+-_'!#$%&*/=?^`{|}~0", min_size=1, max_size=64))
@example("Fjord, Lys", "a..b")
@example("a  b", ".a.")
def test_an_address_is_folded_as_the_standard_library_does(name: str, user: str) -> None:
    if "=?" in name + user:
        return
    value = Address(name, username=user, domain="example.org")
    for policy in (email.policy.SMTP, email.policy.SMTPUTF8):
        header = POLICY.header_factory("To", value)
        assert header.fold(policy=policy) == standard("To", value, policy)
        assert header.addresses == (value,)


@given(ASCII.filter(lambda text: "=?" not in text))
def test_an_identifier_stays_whole(word: str) -> None:
    for name in ("Message-ID", "X-Request-Id"):
        header = POLICY.header_factory(name, word)
        assert header == word
        assert header.fold(policy=email.policy.SMTP) == f"{name}: {word}\r\n"


@given(st.text(st.characters(min_codepoint=32, max_codepoint=126), min_size=1, max_size=90))
def test_another_header_is_folded_as_the_standard_library_does(text: str) -> None:
    for name in ("X-BMS-Kind", "X-Request-Id"):
        if name == "X-Request-Id" and " " not in text:
            continue
        for policy in (email.policy.SMTP, email.policy.SMTPUTF8):
            assert POLICY.header_factory(name, text).fold(policy=policy) == standard(name, text, policy)


@given(st.text("abz019.-+_", min_size=1, max_size=20), st.text("abz019.-x", min_size=1, max_size=30))
@example("a", "xn--bcher-kva.example")
def test_an_address_of_small_letters_is_its_own_ascii_form(user: str, domain: str) -> None:
    try:
        parsed = parse_address(f"{user}@{domain}")
    except ValueError:
        return
    assert parsed.ascii == f"{user}@{domain}"


def test_quoted_printable_is_what_other_software_reads() -> None:
    text = "".join(f"{text}\n" for text in TEXTS.values())
    _, _, plain = to_bytes(message_of(text)).partition(b"\r\n\r\n")
    body = plain.partition(b"\r\n\r\n")[2].partition(f"\r\n--{BOUNDARY}".encode())[0]
    assert quopri.decodestring(body).splitlines() == lines_of(text)
