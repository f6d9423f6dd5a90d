"""A message to send, and a transport to send it by."""

import ssl
from collections.abc import Mapping
from email.message import EmailMessage
from typing import Any

from bms.i18n.languages import Languages
from bms.mail.messages import compose, message_id
from bms.mail.transports import SmtpServer, SmtpTransport

ENGLISH = Languages().default


def delivered(payload: Mapping[str, Any]) -> dict[str, Any]:
    """Return a payload as a mail gets it: its link, whose token is made when it is sent, is an address."""
    values = dict(payload)
    if "link" in values:
        values["link"] = f"https://tickets.example.org/{values['link']['page']}/T0ken"
    return values


def registration(recipient: str = "ana@example.org", name: str = "Ana", key: str = "a key") -> EmailMessage:
    """Return a message of the kind that follows a registration."""
    return compose(
        "registration",
        {"name": name, "username": "..dots at the line's start"},
        recipient=recipient,
        sender="BMS <tickets@example.org>",
        message_id=message_id(key, "example.org"),
        language=ENGLISH,
    )


def transport(url: str, timeout: float = 5.0, tls: ssl.SSLContext | None = None) -> SmtpTransport:
    """Return a transport to the server at ``url``."""
    return SmtpTransport(SmtpServer.from_url(url), timeout, tls)


def text_of(message: EmailMessage) -> str:
    """Return the plain text of a message."""
    return _part(message, "plain")


def html_of(message: EmailMessage) -> str:
    """Return the HTML of a message."""
    return _part(message, "html")


def _part(message: EmailMessage, subtype: str) -> str:
    part = message.get_body((subtype,))
    assert part is not None
    text: str = part.get_content()
    return text.replace("\r\n", "\n")
