"""Composes messages from templates. A kind of mail is two template files and a subject.

To add a kind, write ``templates/<kind>.txt.j2`` and ``templates/<kind>.html.j2`` (which extends
``layout.html.j2``) and add its subject to ``SUBJECTS``. No other module lists the kinds.

The words of a template are texts in calls of ``_``, with ``%(name)s`` where a value goes. The catalogues of
``bms.i18n`` translate them. In an HTML template both the text and the values are escaped, and the filter
``tag`` puts a value into an element.

The payload of each kind (a text is a single line; an amount is a string with two decimals):

- ``registration``: ``name``, ``username``.
- ``booking_confirmed``: ``name``, ``reference``, ``event`` (``title``, ``starts_at`` in RFC 3339, and if
  known ``venue``, ``address``, ``city``), ``lines`` (``name``, ``quantity``, ``unit_price``),
  ``total``, ``currency``, ``tickets`` (``code``, ``ticket_type``).
- ``booking_cancelled``, ``event_cancelled``: ``name``, ``reference``, ``event``, ``reason`` and
  ``refund`` (None if there is no refund), ``currency``.
- ``refund_issued``, ``payment_returned``: ``name``, ``reference``, ``event``, ``refund``, ``currency``; the
  second also ``had_failed``.

All ticket holders of an event get the same payload, so it names no recipient. Here ``event`` may have
``ends_at`` too:

- ``event_updated``: ``event`` (``title``), ``old`` and ``new`` (``starts_at``, ``ends_at``, ``venue``,
  ``address``, ``city``).
- ``reminder``: ``event``.
- ``organizer_message``: ``event``, ``sender`` (a name), ``paragraphs`` (a list of texts).
"""

import hashlib
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime, parseaddr
from functools import lru_cache
from typing import Any

from jinja2 import (
    Environment,
    PackageLoader,
    StrictUndefined,
    TemplateError,
    pass_eval_context,
    select_autoescape,
)
from jinja2.nodes import EvalContext
from markupsafe import Markup, escape

from bms.formats import one_line, place, tidy
from bms.i18n.languages import Language, marked
from bms.mail.headers import POLICY

# Beside the values of the payload a subject may show ``title``, the event's.
SUBJECTS: Mapping[str, str] = {
    "registration": marked("Welcome to BMS, %(name)s"),
    "booking_confirmed": marked("Your tickets for %(title)s (%(reference)s)"),
    "booking_cancelled": marked("Your booking for %(title)s is cancelled (%(reference)s)"),
    "event_cancelled": marked("%(title)s is cancelled (%(reference)s)"),
    "refund_issued": marked("Your refund for %(title)s (%(reference)s)"),
    "payment_returned": marked("Your payment for %(title)s is refunded (%(reference)s)"),
    "event_updated": marked("%(title)s has changed"),
    "reminder": marked("%(title)s starts soon"),
    "organizer_message": marked("A message about %(title)s"),
}

# The file transport names its files by it.
KIND_HEADER = "X-BMS-Kind"

# Quoted local parts are rare, and may contain what ends an SMTP command, so they are refused.
_ADDRESS = re.compile(r'([^\s<>()\[\]\\,:;"@]+)@([^\s<>()\[\]\\,:;"@]+)')
# Raised by Jinja2, the filters and the email package for values of the wrong type.
_UNUSABLE = (TemplateError, MessageError, ValueError, TypeError, LookupError, AttributeError, ArithmeticError)


class CannotCompose(Exception):
    """The message cannot be composed. A retry with the same payload would fail again."""


class UnknownKind(CannotCompose, LookupError):
    """There is no such kind of e-mail."""


class BadPayload(CannotCompose, ValueError):
    """The payload lacks a value that the template shows, or an address or a time is invalid."""


def compose(
    kind: str,
    payload: Mapping[str, Any],
    *,
    recipient: str,
    sender: str,
    message_id: str,
    language: Language,
    subject: str | None = None,
) -> EmailMessage:
    """Return an e-mail of ``kind`` in ``language``, as multipart/alternative with a text and an HTML part.

    ``recipient`` is a bare address, ``sender`` an address or ``Name <address>``, ``message_id`` the whole
    header value. ``subject`` replaces the subject of the kind. Line ends and control characters in the
    payload become spaces, so it cannot add a header or a line.

    Raises UnknownKind, and BadPayload if the payload or an address is invalid.
    """
    if kind not in SUBJECTS:
        raise UnknownKind(f"there is no mail of kind {kind!r}")
    values = tidy(payload)
    try:
        title = one_line(_subject(kind, values, language) if subject is None else subject)
        templates = _templates(language)
        text = templates.get_template(f"{kind}.txt.j2").render(values)
        html = templates.get_template(f"{kind}.html.j2").render(values, subject=title)
        message = _message(kind, title, text, html, recipient, sender, message_id)
        message["Content-Language"] = language.tag
        return message
    except _UNUSABLE as error:
        raise BadPayload(f"the mail of kind {kind!r} cannot be made: {error}") from error


def message_id(dedupe_key: str, domain: str) -> str:
    """Return the Message-ID in angle brackets. The same key gives the same id, so a repeat is recognised."""
    return f"<{hashlib.sha256(dedupe_key.encode()).hexdigest()}@{domain}>"


def _subject(kind: str, values: Mapping[str, Any], language: Language) -> str:
    about = {"title": values["event"]["title"]} if "event" in values else {}
    return language.gettext(SUBJECTS[kind], **values, **about)


def _message(
    kind: str, subject: str, text: str, html: str, recipient: str, sender: str, message_id: str
) -> EmailMessage:
    message = EmailMessage(policy=POLICY)
    message["Subject"] = subject
    name, address = parseaddr(sender)
    message["From"] = _address(address, one_line(name))
    message["To"] = _address(recipient)
    message["Date"] = format_datetime(datetime.now(UTC))
    message["Message-ID"] = message_id
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: asks for no out-of-office replies
    message[KIND_HEADER] = kind
    # Quoted-printable keeps long lines and Unicode intact on relays without 8BITMIME.
    message.set_content(text, cte="quoted-printable")
    message.add_alternative(html, subtype="html", cte="quoted-printable")
    return message


def _address(address: str, display_name: str = "") -> Address:
    match = _ADDRESS.fullmatch(address)
    # The email package decodes encoded words in an address, and line ends inside them.
    if match is None or "=?" in address or not address.isprintable():
        raise ValueError("an address cannot be read")
    return Address(display_name, username=match[1], domain=match[2])


@lru_cache(64)
def _templates(language: Language) -> Environment:
    """Return the templates, with the texts and filters of ``language``."""
    environment = Environment(
        loader=PackageLoader("bms.mail", "templates"),
        auto_reload=False,
        autoescape=select_autoescape(("html.j2",), default_for_string=False),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )

    @pass_eval_context
    def text(context: EvalContext, message: str, /, **values: Any) -> str:
        return _filled(language.gettext(message), values, context)

    @pass_eval_context
    def ngettext(context: EvalContext, one: str, many: str, number: int, /, **values: Any) -> str:
        return _filled(language.ngettext(one, many, number), values, context)

    environment.globals.update({"_": text, "ngettext": ngettext, "language": language})
    environment.filters.update(
        when=language.when,
        period=language.period,
        money=language.money,
        stock_text=language.gettext,
        place=place,
        tag=_tag,
    )
    environment.tests["free"] = lambda amount: not Decimal(amount)
    return environment


def _filled(text: str, values: Mapping[str, Any], context: EvalContext) -> str:
    """Return ``text`` with ``values`` in it. In HTML both are escaped, apart from values that are markup."""
    return (escape(text) if context.autoescape else text) % values


def _tag(value: Any, name: str, **attributes: str) -> Markup:
    """Return ``value`` in an HTML element."""
    written = Markup("").join(Markup(' {}="{}"').format(*attribute) for attribute in attributes.items())
    return Markup("<{}{}>{}</{}>").format(name, written, value, name)
