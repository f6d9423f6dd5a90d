"""A message as it goes over the wire: parts of text in quoted-printable, and the bytes of the whole.

The standard library does the same for any message, and takes several times as long: it encodes a text
character by character, and folds a message into a buffer for each part. Messages here have one shape: a
multipart/alternative of texts that are encoded already.
"""

from binascii import b2a_qp
from collections.abc import Iterator
from email.headerregistry import Address
from email.message import EmailMessage, MIMEPart
from email.policy import SMTP, SMTPUTF8, EmailPolicy

from bms.mail.headers import POLICY

# No part contains it, as each is quoted-printable: "_" never follows "=" there (RFC 2045, section 6.7).
BOUNDARY = "=_bms"


def set_alternatives(message: EmailMessage, text: str, html: str) -> None:
    """Make the message a multipart/alternative of a text and an HTML part."""
    message["MIME-Version"] = "1.0"
    message["Content-Type"] = f'multipart/alternative; boundary="{BOUNDARY}"'
    message.set_payload([_part("plain", text), _part("html", html)])


def _part(subtype: str, text: str) -> EmailMessage:
    """Return a text as a part, in quoted-printable.

    That keeps long lines and Unicode intact on relays without 8BITMIME.
    """
    part = EmailMessage(policy=POLICY)
    part["Content-Type"] = f'text/{subtype}; charset="utf-8"'
    part["Content-Transfer-Encoding"] = "quoted-printable"
    lines = b"\n".join([*text.encode().splitlines(), b""])
    part.set_payload(b2a_qp(lines, istext=True).decode("ascii"))
    return part


def from_address(message: EmailMessage) -> str:
    """Return the address that a message comes from."""
    return _address(message, "From").addr_spec


def to_address(message: EmailMessage) -> str:
    """Return the address that a message goes to."""
    return _address(message, "To").addr_spec


def _address(message: EmailMessage, header: str) -> Address:
    addresses: tuple[Address, ...] = message[header].addresses
    (address,) = addresses
    return address


def needs_utf8(message: EmailMessage) -> bool:
    """Return whether an address needs the UTF-8 form of headers (RFC 6532), and SMTPUTF8."""
    return not (from_address(message) + to_address(message)).isascii()


def to_bytes(message: EmailMessage) -> bytes:
    """Return the message with CRLF at its lines' ends: what ``as_bytes`` of the standard library returns."""
    policy = SMTPUTF8 if needs_utf8(message) else SMTP
    return "".join(_pieces(message, policy)).encode("utf-8" if policy.utf8 else "ascii")


def _pieces(message: MIMEPart, policy: "EmailPolicy[EmailMessage]") -> Iterator[str]:
    for name, value in message.raw_items():
        yield policy.fold(name, value)
    yield "\r\n"
    if message.is_multipart():
        for part in message.iter_parts():
            yield f"--{BOUNDARY}\r\n"
            yield from _pieces(part, policy)
            yield "\r\n"
        yield f"--{BOUNDARY}--\r\n"
    else:
        yield str(message.get_payload()).replace("\n", "\r\n")
