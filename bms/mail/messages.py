"""Composes messages from templates. A kind of mail is two template files and a subject.

To add a kind, write ``templates/<kind>.txt.j2`` and ``templates/<kind>.html.j2`` (which extends
``layout.html.j2``) and add its subject to ``SUBJECTS``. No other module lists the kinds.

The words of a template are texts in calls of ``_``, with ``%(name)s`` where a value goes. The catalogues of
``bms.i18n`` translate them. In an HTML template both the text and the values are escaped, and the filter
``tag`` puts a value into an element.

The payload of each kind (a text is a single line; an amount is a string with its currency's decimals):

- ``registration``: ``name``, ``username``.
- ``address_confirmation``, ``password_reset``: ``link``, the address of a page.
- ``password_changed``, ``address_changed``: ``name``.
- ``second_factor_changed``: ``name``, ``is_on``.
- ``signed_in``: ``name``, ``signed_in_at`` (RFC 3339), ``device`` (a browser and a system, None if they are
  not known), ``address`` (of the network).

Of bookings ``name`` is None if the address is not confirmed:

- ``booking_confirmed``: ``name``, ``reference``, ``event`` (``title``, ``starts_at`` in RFC 3339, the
  ``timezone`` in which to show it, and if known ``venue``, ``address``, ``city``), ``lines`` (``name``,
  ``quantity``, ``unit_price``), ``total``, ``currency``, ``tickets`` (``code``, ``ticket_type``,
  ``seat``: ``section``, ``row``, ``number`` and ``entrance`` or None).
- ``booking_cancelled``, ``event_cancelled``: ``name``, ``reference``, ``event``, ``reason`` and
  ``refund`` (None if there is no refund), ``currency``.
- ``tickets_cancelled``: those of ``booking_cancelled``, ``tickets`` and ``left``, a number.
- ``tickets_reseated``: ``name``, ``reference``, ``event``, ``changes`` (``code``, ``ticket_type``, and the
  seats ``before`` and ``after``).
- ``refund_issued``, ``payment_returned``: ``name``, ``reference``, ``event``, ``refund``, ``currency``; the
  second also ``had_failed``.
- ``contact_changed``: ``name``, ``reference``, ``event``, ``before`` (whether it goes to the address before).
- ``contact_asked``: ``name``, ``reference``, ``event``, ``link``, the address of a page.

Every mail about an event may have ``organizer`` (``name``, and ``email`` or None), to whom replies go, and
``is_limited``, which says that the recipient gets a limited number,
``booking_url``, the link to the booking. ``booking_confirmed`` may have ``terms`` (see ``mail.terms``).

All ticket holders of an event get the same payload, so it names no recipient. Here ``event`` may have
``ends_at`` too:

- ``event_updated``: ``event`` (``title``), ``old`` and ``new`` (``starts_at``, ``ends_at``, ``timezone``,
  ``venue``, ``address``, ``city``), ``moved`` (whether these differ), ``refundable``, and ``old_rule`` and
  ``new_rule`` (``full_until_hours``, ``percent``, ``none_from_hours``; None if the refund rule is the same).
- ``reminder``: ``event``.
- ``organizer_message``: ``event``, ``sender`` (a name), ``paragraphs`` (a list of texts).
"""

import hashlib
import re
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from decimal import Decimal
from email.errors import MessageError
from email.headerregistry import Address, BaseHeader
from email.message import EmailMessage
from email.utils import format_datetime, parseaddr
from functools import lru_cache, partial
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, TemplateError, select_autoescape
from markupsafe import Markup, escape

from bms.addresses import parse_address
from bms.formats import one_line, place, tidy
from bms.i18n.languages import Language, marked
from bms.i18n.refund_rules import describe_rule
from bms.i18n.templates import teach
from bms.mail.headers import POLICY, REQUEST_HEADER
from bms.mail.terms import refund_terms
from bms.mail.wire import set_alternatives

# Beside the values of the payload a subject may show ``title``, the event's.
SUBJECTS: Mapping[str, str] = {
    "registration": marked("Welcome to BMS, %(name)s"),
    "address_confirmation": marked("Confirm your e-mail address"),
    "password_reset": marked("Choose a new password"),
    "password_changed": marked("Your password was changed"),
    "address_changed": marked("Your e-mail address was changed"),
    "signed_in": marked("A new sign-in to your account"),
    "second_factor_changed": marked("Your second factor"),
    "booking_confirmed": marked("Your tickets for %(title)s (%(reference)s)"),
    "booking_cancelled": marked("Your booking for %(title)s is cancelled (%(reference)s)"),
    "tickets_cancelled": marked("Tickets for %(title)s are cancelled (%(reference)s)"),
    "tickets_reseated": marked("Your seats for %(title)s have changed (%(reference)s)"),
    "event_cancelled": marked("%(title)s is cancelled (%(reference)s)"),
    "refund_issued": marked("Your refund for %(title)s (%(reference)s)"),
    "payment_returned": marked("Your payment for %(title)s is refunded (%(reference)s)"),
    "event_updated": marked("%(title)s has changed"),
    "reminder": marked("%(title)s starts soon"),
    "organizer_message": marked("A message about %(title)s"),
    "contact_changed": marked("Your booking for %(title)s has another address (%(reference)s)"),
    "contact_asked": marked("A new address for your booking for %(title)s? (%(reference)s)"),
}

# What older payloads lack.
_ABSENT: Mapping[str, Any] = {"organizer": None, "booking_url": None, "terms": None}

# The file transport names its files by it.
KIND_HEADER = "X-BMS-Kind"

# Quoted local parts are rare, and may contain what ends an SMTP command, so they are refused.
_ADDRESS = re.compile(r'([^\s<>()\[\]\\,:;"@]+)@([^\s<>()\[\]\\,:;"@]+)')
# Raised by Jinja2, the filters and the email package for values of the wrong type.
_UNUSABLE = (TemplateError, MessageError, ValueError, TypeError, LookupError, AttributeError, ArithmeticError)


class CannotCompose(Exception):
    """The message cannot be composed: by a fault of ours, unless it is a BadRecipient."""


class UnknownKind(CannotCompose, LookupError):
    """There is no such kind of e-mail."""


class BadPayload(CannotCompose, ValueError):
    """The payload lacks a value that the template shows, or an address or a time is invalid."""


class BadRecipient(BadPayload):
    """No mail can be sent to the recipient's address."""


def compose(
    kind: str,
    payload: Mapping[str, Any],
    *,
    recipient: str,
    sender: str,
    message_id: str,
    language: Language,
    subject: str | None = None,
    request_id: str | None = None,
) -> EmailMessage:
    """Return an e-mail of ``kind`` in ``language``, as multipart/alternative with a text and an HTML part.

    ``recipient`` is a bare address, ``sender`` an address or ``Name <address>``, ``message_id`` the whole
    header value. ``subject`` replaces the subject of the kind. ``request_id`` names the request behind it.
    Line ends and control characters in the payload become spaces, so it cannot add a header or a line.

    Raises UnknownKind, BadRecipient, and BadPayload if the payload or the sender is invalid.
    """
    if kind not in SUBJECTS:
        raise UnknownKind(f"there is no mail of kind {kind!r}")
    values = {**_ABSENT, **tidy(payload)}
    try:
        title = one_line(_subject(kind, values, language) if subject is None else subject)
        templates = _templates(language)
        text = templates.get_template(f"{kind}.txt.j2").render(values)
        html = templates.get_template(f"{kind}.html.j2").render(values, subject=title)
        message = _message(kind, title, text, html, recipient, sender, message_id)
        message["Content-Language"] = language.tag
        if request_id is not None:
            message[REQUEST_HEADER] = one_line(request_id)
        _add_reply_to(message, values["organizer"])
        return message
    except BadRecipient:
        raise
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
    message["From"] = _from(sender)
    try:
        message["To"] = _to_address("To", recipient)
    except ValueError as error:
        raise BadRecipient(f"no mail can be sent to the recipient's address: {error}") from None
    message["Date"] = format_datetime(datetime.now(UTC))
    message["Message-ID"] = message_id
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: asks for no out-of-office replies
    message[KIND_HEADER] = kind
    set_alternatives(message, text, html)
    return message


def _add_reply_to(message: EmailMessage, organizer: Mapping[str, Any] | None) -> None:
    """Have replies go to the organiser. Without an address that mail can have, they come to us."""
    if organizer is not None and organizer["email"] is not None:
        with suppress(ValueError):
            name = organizer["name"].replace("=?", "= ?")
            message["Reply-To"] = _to_address("Reply-To", organizer["email"], name)


@lru_cache(16)
def _from(sender: str) -> BaseHeader:
    name, address = parseaddr(sender)
    return _to_address("From", address, one_line(name))


@lru_cache(256)
def _to_address(header: str, address: str, display_name: str = "") -> BaseHeader:
    """Return a header that names one address. Those of the mails of an event's buyers have most in common."""
    made: BaseHeader = POLICY.header_factory(header, _address(address, display_name))
    return made


def _address(address: str, display_name: str) -> Address:
    # One of ASCII and small letters is its own ASCII form.
    if not (address.isascii() and address.islower()):
        with suppress(ValueError):
            address = parse_address(address).ascii
    # Accounts from before that rule, and senders, may have an address that it refuses, such as one@localhost.
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

    teach(environment, language)
    environment.filters.update(
        when=language.when,
        start=language.start,
        period=language.period,
        money=language.money,
        seat=partial(_seat, language),
        stock_text=language.gettext,
        place=place,
        refund_rule=lambda rule: describe_rule(language, **rule),
        refund_terms=partial(refund_terms, language=language),
        tag=_tag,
    )
    environment.tests["free"] = lambda amount: not Decimal(amount)
    return environment


def _seat(language: Language, seat: Mapping[str, str]) -> str:
    """Return where a seat is."""
    names = {name: seat[name] for name in ("section", "row", "number")}
    return language.gettext("%(section)s, row %(row)s, seat %(number)s", **names)


def _tag(value: Any, name: str, **attributes: str) -> Markup:
    """Return ``value`` in an HTML element."""
    written = "".join(f' {key}="{escape(given)}"' for key, given in attributes.items())
    return Markup(f"<{name}{written}>{escape(value)}</{name}>")  # noqa: S704  # all of it is escaped or ours
