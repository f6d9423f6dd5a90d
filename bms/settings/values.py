"""What the text of each variable means."""

import re
from collections.abc import Callable, Mapping
from email.errors import HeaderParseError
from email.headerregistry import HeaderRegistry
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from bms.errors import ConfigurationError
from bms.i18n.languages import tags
from bms.logs import JSON, TEXT
from bms.terms import Rate, Role, Service

ON, OFF = "on", "off"
SIMULATED, NONE = "simulated", "none"  # the payment gateways
MAX_RATE_SECONDS = 31_536_000  # a year until a counter is empty again
MIN_TOKEN = 16  # characters


def parse(name: str, text: str) -> Any:
    """Return what ``text`` means for the setting ``name``. Raises ConfigurationError, naming the variable."""
    parser = _PARSERS.get(name, str)
    try:
        return parser(text)
    except ValueError as error:
        raise ConfigurationError(f"BMS_{name.upper()}: {error}") from None


def _number(low: int, high: int) -> Callable[[str], int]:
    def parse(text: str) -> int:
        if not text.isascii() or not text.isdigit() or not low <= int(text) <= high:
            raise ValueError(f"a whole number from {low} to {high} is needed, not {text!r}")
        return int(text)

    return parse


def _language(text: str) -> str:
    if text not in tags():
        raise ValueError(f"one of the languages {', '.join(tags())} is needed, not {text!r}")
    return text


def _switch(text: str) -> bool:
    if text.lower() in ("1", "true", "yes", "on"):
        return True
    if text.lower() in ("0", "false", "no", "off"):
        return False
    raise ValueError(f"on or off is needed, not {text!r}")


def _gateway(text: str) -> str:
    if text not in (SIMULATED, NONE):
        raise ValueError(f"{SIMULATED} or {NONE} is needed, not {text!r}")
    return text


def _roles(text: str) -> frozenset[Role]:
    names = text.upper().replace(",", " ").split()
    if not set(names) <= set(Role):
        raise ValueError(f"roles are needed, of {', '.join(Role)}, not {text!r}")
    return frozenset(map(Role, names))


def _services(text: str) -> frozenset[Service]:
    names = text.lower().replace(",", " ").split()
    unknown = [name for name in names if name not in set(Service)]
    if unknown or not names:
        raise ValueError(f"services are needed, of {', '.join(Service)}, not {', '.join(unknown) or text!r}")
    return frozenset(map(Service, names))


def _rate(text: str) -> Rate | None:
    if text.lower() in ("off", "0"):
        return None
    numbers = text.replace(" ", "").split(",")
    if len(numbers) != 2:
        raise ValueError(f"off is needed, or two whole numbers such as 100,6, not {text!r}")
    burst, every = (_number(1, 1_000_000)(number) for number in numbers)
    if burst * every > MAX_RATE_SECONDS:
        raise ValueError(f"the numbers multiplied are at most {MAX_RATE_SECONDS}, not {burst * every}")
    return Rate(burst, every)


def _origins(text: str) -> frozenset[str]:
    origins = frozenset(text.lower().replace(",", " ").split())
    for origin in origins - {"*"}:
        if not _is_origin(origin):
            raise ValueError(f"origins such as https://tickets.example.org are needed, not {origin!r}")
    return origins


def _is_origin(text: str) -> bool:
    """Return whether ``text`` is a scheme, a host and perhaps a port, and nothing else (RFC 6454)."""
    parts = urlsplit(text)
    is_web = parts.scheme in ("http", "https") and parts.hostname not in (None, "*")
    return is_web and f"{parts.scheme}://{parts.netloc}" == text


def _public_url(text: str) -> str:
    """Return the origin that ``text`` is, without the slash that a copied address ends with."""
    origin = text.lower().removesuffix("/")
    fault = ValueError(f"an address such as https://tickets.example.org is needed, not {text!r}")
    try:
        is_usable = _is_origin(origin) and "@" not in origin and urlsplit(origin).port != 0
    except ValueError:
        raise fault from None
    if not is_usable or not re.fullmatch(r"[\x21-\x7e]+", origin) or set(origin) & set('<>"\\^`{|}%*'):
        raise fault
    return origin


def _mailbox(text: str) -> str:
    """Return ``text`` if it is one mailbox (RFC 5322, section 3.4), with a local part and a domain."""
    fault = ValueError(f'one sender such as "BMS, Tickets" <tickets@example.org> is needed, not {text!r}')
    try:
        header: Any = HeaderRegistry()("From", text)
    except (HeaderParseError, IndexError):  # the parser's own, for an address that breaks off
        raise fault from None
    is_one = len(header.addresses) == 1 and header.groups[0].display_name is None
    if not is_one or header.defects or not text.isprintable():
        raise fault
    if not header.addresses[0].username or not header.addresses[0].domain:
        raise fault
    return text


def _url(*schemes: str) -> Callable[[str], str]:
    def parse(text: str) -> str:
        # Its text may hold a password, so the refusal does not repeat it.
        try:
            parts = urlsplit(text)
            complete = bool(parts.hostname or "unix" in parts.scheme) and parts.port != 0
        except ValueError:
            complete = False
        if not complete or parts.scheme not in schemes:
            raise ValueError(
                f"a URL is needed that begins with {' or '.join(f'{one}://' for one in schemes)}"
            )
        return text

    return parse


def _token(text: str) -> str:
    if len(text) < MIN_TOKEN:
        raise ValueError(f"at least {MIN_TOKEN} characters are needed")
    return text


def _level(text: str) -> str:
    if text.upper() not in ("DEBUG", "INFO", "WARNING", "ERROR"):
        raise ValueError(f"DEBUG, INFO, WARNING or ERROR is needed, not {text!r}")
    return text.upper()


def _log_format(text: str) -> str:
    if text.lower() not in (TEXT, JSON):
        raise ValueError(f"{TEXT} or {JSON} is needed, not {text!r}")
    return text.lower()


def _access_log(text: str) -> str:
    if text.lower() in (TEXT, JSON):
        return text.lower()
    try:
        return ON if _switch(text) else OFF
    except ValueError:
        raise ValueError(f"{ON}, {OFF}, {TEXT} or {JSON} is needed, not {text!r}") from None


_PARSERS: Mapping[str, Callable[[str], Any]] = {
    "port": _number(1, 65_535),
    "public_url": _public_url,
    "workers": _number(1, 64),
    "services": _services,
    "data_dir": Path,
    "database_pool": _number(1, 200),
    "gateway": _gateway,
    "redis_url": _url("redis", "rediss", "unix"),
    "amqp_url": _url("amqp", "amqps"),
    "smtp_url": _url("smtp", "smtps"),
    "mail_from": _mailbox,
    "locale": _language,
    "hold_seconds": _number(1, 86_400),
    "hold_max_seconds": _number(1, 86_400),
    "access_token_seconds": _number(1, 31_536_000),
    "refresh_token_seconds": _number(1, 31_536_000),
    "session_seconds": _number(1, 31_536_000),
    "bcrypt_rounds": _number(4, 16),
    "refuse_common_passwords": _switch,
    "require_second_factor": _roles,
    "open_manager_registration": _switch,
    "demo_data": _switch,
    "max_body_bytes": _number(1024, 104_857_600),
    "max_connections": _number(10, 1_000_000),
    "max_connections_per_address": _number(0, 1_000_000),
    "free_tickets_per_user": _number(0, 1_000_000),
    "unpaid_tickets_per_user": _number(0, 1_000_000),
    "unpaid_bookings_per_user": _number(0, 1_000_000),
    "unpaid_tickets_per_address": _number(0, 1_000_000),
    "short_hold_seconds": _number(0, 86_400),
    "waiting_asks_per_user": _number(0, 1_000_000),
    "password_queue": _number(1, 1_000_000),
    "rate_wrong_passwords": _rate,
    "rate_wrong_passwords_per_account": _rate,
    "rate_wrong_passwords_per_address": _rate,
    "rate_registrations_per_address": _rate,
    "rate_account_mails_per_address": _rate,
    "rate_dear_per_user": _rate,
    "rate_dear_per_address": _rate,
    "rate_declined_cards_per_booking": _rate,
    "rate_declined_cards_per_user": _rate,
    "rate_declined_cards_per_address": _rate,
    "rate_messages_per_event": _rate,
    "rate_messages_per_organizer": _rate,
    "resends_per_booking": _number(0, 1_000_000),
    "rate_mails_per_recipient": _rate,
    "events_per_manager": _number(0, 1_000_000),
    "cors_origins": _origins,
    "trusted_proxies": _number(0, 10),
    "background_tasks": _switch,
    "keep_mail_days": _number(0, 36_500),
    "keep_notifications_days": _number(0, 36_500),
    "keep_audit_days": _number(0, 36_500),
    "keep_gateway_days": _number(0, 36_500),
    "metrics_token": _token,
    "metrics_port": _number(1, 65_535),
    "log_level": _level,
    "log_format": _log_format,
    "access_log": _access_log,
}
