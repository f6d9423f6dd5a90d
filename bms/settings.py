"""The settings, read from ``BMS_*`` variables and a ``.env`` file. No other module reads the environment."""

import contextlib
import os
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from email.errors import HeaderParseError
from email.headerregistry import HeaderRegistry
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

from dotenv import dotenv_values

from bms.errors import ConfigurationError
from bms.i18n.languages import SOURCE, tags
from bms.terms import Rate

T = TypeVar("T")
LOG_FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"
_OF_THE_TESTS = ("test_database_url", "update_golden")
SIMULATED, NONE = "simulated", "none"  # the payment gateways
MAX_RATE_SECONDS = 31_536_000  # a year until a counter is empty again
MIN_TOKEN = 16  # characters
MIN_SECRET = 32  # bytes: an HS256 key is at least as long as its hash (RFC 7518, section 3.2)


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings of an operator. Times are in seconds, unless the name says days. A limit of 0 is none.

    The README's table explains each.
    """

    host: str = "127.0.0.1"
    port: int = 8080
    workers: int = 1
    data_dir: Path = Path("var")
    database_url: str | None = field(default=None, repr=False)
    database_read_url: str | None = field(default=None, repr=False)
    database_pool: int = 8
    redis_url: str | None = field(default=None, repr=False)
    secret_key: str = field(default="", repr=False)
    gateway: str | None = SIMULATED
    gateway_secret: str = field(default="", repr=False)
    smtp_url: str | None = field(default=None, repr=False)
    mail_from: str = "BMS Tickets <tickets@localhost>"
    locale: str = SOURCE
    hold_seconds: int = 900
    access_token_seconds: int = 86_400
    refresh_token_seconds: int = 604_800
    bcrypt_rounds: int = 12
    open_manager_registration: bool = True
    demo_data: bool = True
    max_body_bytes: int = 131_072
    max_connections: int = 10_000
    max_connections_per_address: int = 512
    free_tickets_per_user: int = 20
    unpaid_tickets_per_user: int = 40
    unpaid_bookings_per_user: int = 5
    unpaid_tickets_per_address: int = 200
    short_hold_seconds: int = 300
    waiting_asks_per_user: int = 8
    password_queue: int = 64
    rate_wrong_passwords: Rate | None = Rate(10, 60)
    rate_wrong_passwords_per_account: Rate | None = Rate(100, 10)
    rate_wrong_passwords_per_address: Rate | None = Rate(100, 9)
    rate_registrations_per_address: Rate | None = Rate(100, 6)
    rate_dear_per_user: Rate | None = Rate(60, 2)
    rate_dear_per_address: Rate | None = Rate(300, 1)
    rate_declined_cards_per_booking: Rate | None = Rate(10, 60)
    rate_declined_cards_per_user: Rate | None = Rate(20, 180)
    rate_declined_cards_per_address: Rate | None = Rate(50, 60)
    rate_messages_per_event: Rate | None = Rate(10, 600)
    rate_messages_per_organizer: Rate | None = Rate(50, 120)
    events_per_manager: int = 200
    cors_origins: frozenset[str] = frozenset()
    metrics_token: str | None = field(default=None, repr=False)
    trusted_proxies: int = 0
    background_tasks: bool = True
    keep_mail_days: int = 30
    keep_notifications_days: int = 365
    keep_audit_days: int = 730
    log_level: str = "INFO"

    @property
    def embedded(self) -> bool:
        """Whether the database is the embedded PostgreSQL."""
        return self.database_url is None

    @property
    def mail_dir(self) -> Path:
        return self.data_dir / "mail"


def load(environ: Mapping[str, str] | None = None, dotenv: Path = Path(".env")) -> Settings:
    """Return the settings of ``environ`` (by default the process's), then of the file ``dotenv``.

    Raises ConfigurationError, naming the variable, for an invalid value, for an unknown ``BMS_`` variable,
    and if ``BMS_SECRET_KEY`` is missing and the database is not the embedded one.
    """
    source: dict[str, str] = {k: v for k, v in dotenv_values(dotenv).items() if v is not None}
    source.update(os.environ if environ is None else environ)
    values = {name.removeprefix("BMS_").lower(): v for name, v in source.items() if name.startswith("BMS_")}
    for elsewhere in _OF_THE_TESTS:
        values.pop(elsewhere, None)
    unknown = values.keys() - {f.name for f in fields(Settings)}
    if unknown:
        raise ConfigurationError(f"There is no setting BMS_{sorted(unknown)[0].upper()}")

    parsed: dict[str, Any] = {}
    for name, text in values.items():
        if text.strip():
            parsed[name] = _parse(name, text.strip())
    embedded = "database_url" not in parsed
    parsed.setdefault("open_manager_registration", embedded)
    parsed.setdefault("demo_data", embedded)
    # Play money is the default only where nothing can be sold in earnest.
    parsed.setdefault("gateway", SIMULATED if embedded else None)
    data_dir = parsed["data_dir"] = parsed.get("data_dir", Path("var")).absolute()
    if "secret_key" not in parsed and not embedded:
        raise ConfigurationError(
            "BMS_SECRET_KEY is not set. It signs the tokens: set it to a long random text, the same in "
            "every process, such as the output of: python3 -c 'import secrets; "
            "print(secrets.token_urlsafe(48))'"
        )
    for name in ("secret_key", "gateway_secret"):
        if name not in parsed and embedded:
            try:
                parsed[name] = _kept_secret(data_dir / name)
            except OSError as error:
                raise ConfigurationError(f"BMS_DATA_DIR cannot store the secret: {error}") from None
        if name in parsed and len(parsed[name].encode()) < MIN_SECRET:
            kept = "" if name in values else f"; it was read from {data_dir / name}"
            raise ConfigurationError(
                f"BMS_{name.upper()} is too short: at least {MIN_SECRET} bytes are needed{kept}"
            )
    return Settings(**parsed)


def _parse(name: str, text: str) -> Any:
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
        parts = urlsplit(origin)
        is_web = parts.scheme in ("http", "https") and parts.hostname not in (None, "*")
        if not is_web or f"{parts.scheme}://{parts.netloc}" != origin:
            raise ValueError(f"origins such as https://tickets.example.org are needed, not {origin!r}")
    return origins


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


def _token(text: str) -> str:
    if len(text) < MIN_TOKEN:
        raise ValueError(f"at least {MIN_TOKEN} characters are needed")
    return text


def _level(text: str) -> str:
    if text.upper() not in ("DEBUG", "INFO", "WARNING", "ERROR"):
        raise ValueError(f"DEBUG, INFO, WARNING or ERROR is needed, not {text!r}")
    return text.upper()


_PARSERS: Mapping[str, Callable[[str], Any]] = {
    "port": _number(1, 65_535),
    "workers": _number(1, 64),
    "data_dir": Path,
    "database_pool": _number(1, 200),
    "gateway": _gateway,
    "mail_from": _mailbox,
    "locale": _language,
    "hold_seconds": _number(1, 86_400),
    "access_token_seconds": _number(1, 31_536_000),
    "refresh_token_seconds": _number(1, 31_536_000),
    "bcrypt_rounds": _number(4, 16),
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
    "rate_dear_per_user": _rate,
    "rate_dear_per_address": _rate,
    "rate_declined_cards_per_booking": _rate,
    "rate_declined_cards_per_user": _rate,
    "rate_declined_cards_per_address": _rate,
    "rate_messages_per_event": _rate,
    "rate_messages_per_organizer": _rate,
    "events_per_manager": _number(0, 1_000_000),
    "cors_origins": _origins,
    "trusted_proxies": _number(0, 10),
    "background_tasks": _switch,
    "keep_mail_days": _number(0, 36_500),
    "keep_notifications_days": _number(0, 36_500),
    "keep_audit_days": _number(0, 36_500),
    "metrics_token": _token,
    "log_level": _level,
}


def _kept_secret(path: Path) -> str:
    """Return the secret stored at ``path`` (mode 0600). Creates it if there is none."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f"{path.name}.{os.getpid()}")
    try:
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_urlsafe(48))
            file.flush()
            os.fsync(file.fileno())
        # A link never replaces a file: processes that start at the same time all read the first one's secret.
        with contextlib.suppress(FileExistsError):
            os.link(fresh, path)
        return path.read_text().strip()
    finally:
        fresh.unlink(missing_ok=True)
