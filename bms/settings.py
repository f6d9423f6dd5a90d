"""The settings, read from ``BMS_*`` variables and a ``.env`` file. No other module reads the environment."""

import contextlib
import os
import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from email.errors import HeaderParseError
from email.headerregistry import HeaderRegistry
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

from bms import environment
from bms.errors import ConfigurationError
from bms.i18n.languages import SOURCE, tags
from bms.logs import JSON, TEXT
from bms.terms import Rate, Role, Service

T = TypeVar("T")
_OF_THE_TESTS = ("test_database_url", "update_golden")
HOST, PORT = "127.0.0.1", 8080
ON, OFF = "on", "off"
SIMULATED, NONE = "simulated", "none"  # the payment gateways
MAX_RATE_SECONDS = 31_536_000  # a year until a counter is empty again
MIN_TOKEN = 16  # characters
MIN_SECRET = 32  # bytes: an HS256 key is at least as long as its hash (RFC 7518, section 3.2)


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings of an operator. Times are in seconds, unless the name says days. A limit of 0 is none.

    docs/settings.md explains each.
    """

    host: str = HOST
    port: int = PORT
    public_url: str | None = f"http://{HOST}:{PORT}"
    workers: int = 1
    services: frozenset[Service] = frozenset(Service)
    data_dir: Path = Path("var")
    database_url: str | None = field(default=None, repr=False)
    database_read_url: str | None = field(default=None, repr=False)
    database_pool: int = 8
    redis_url: str | None = field(default=None, repr=False)
    amqp_url: str | None = field(default=None, repr=False)
    secret_key: str = field(default="", repr=False)
    gateway: str | None = SIMULATED
    gateway_secret: str = field(default="", repr=False)
    smtp_url: str | None = field(default=None, repr=False)
    mail_from: str = "BMS Tickets <tickets@localhost>"
    locale: str = SOURCE
    hold_seconds: int = 900
    hold_max_seconds: int = 1800
    access_token_seconds: int = 86_400
    refresh_token_seconds: int = 604_800
    session_seconds: int = 2_592_000
    bcrypt_rounds: int = 12
    refuse_common_passwords: bool = False
    require_second_factor: frozenset[Role] = frozenset()
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
    rate_account_mails_per_address: Rate | None = Rate(5, 600)
    rate_dear_per_user: Rate | None = Rate(60, 2)
    rate_dear_per_address: Rate | None = Rate(300, 1)
    rate_declined_cards_per_booking: Rate | None = Rate(10, 60)
    rate_declined_cards_per_user: Rate | None = Rate(20, 180)
    rate_declined_cards_per_address: Rate | None = Rate(50, 60)
    rate_messages_per_event: Rate | None = Rate(10, 600)
    rate_messages_per_organizer: Rate | None = Rate(50, 120)
    resends_per_booking: int = 5
    rate_mails_per_recipient: Rate | None = Rate(20, 300)
    events_per_manager: int = 200
    cors_origins: frozenset[str] = frozenset()
    metrics_token: str | None = field(default=None, repr=False)
    metrics_port: int | None = None
    trusted_proxies: int = 0
    background_tasks: bool = True
    keep_mail_days: int = 30
    keep_notifications_days: int = 365
    keep_audit_days: int = 730
    keep_gateway_days: int = 1095
    log_level: str = "INFO"
    log_format: str = TEXT
    access_log: str = ON

    @property
    def embedded(self) -> bool:
        """Whether the database is the embedded PostgreSQL."""
        return self.database_url is None

    @property
    def mail_dir(self) -> Path:
        return self.data_dir / "mail"


def load(
    environ: Mapping[str, str] | None = None, dotenv: Path = Path(".env"), *, secret: bool = True
) -> Settings:
    """Return the settings of ``environ`` (by default the process's), then of the file ``dotenv``.

    Raises ConfigurationError, naming the variable, for an invalid value, for unknown ``BMS_`` variables, and
    if ``BMS_SECRET_KEY`` is missing and the database is not the embedded one. Without ``secret`` it may be
    missing, and none is made: who migrates signs no tokens.
    """
    given = _given(environ, dotenv)
    parsed: dict[str, Any] = {name: _parse(name, text.strip()) for name, (text, _) in given.items()}
    embedded = "database_url" not in parsed
    parsed.setdefault("open_manager_registration", embedded)
    parsed.setdefault("demo_data", embedded)
    parsed.setdefault("refuse_common_passwords", not embedded)
    parsed.setdefault(
        "public_url", _own_url(parsed.get("host", HOST), parsed.get("port", PORT)) if embedded else None
    )
    # Play money is the default only where nothing can be sold in earnest.
    parsed.setdefault("gateway", SIMULATED if embedded else None)
    data_dir = parsed["data_dir"] = parsed.get("data_dir", Path("var")).absolute()
    if "secret_key" not in parsed and not embedded and secret:
        raise ConfigurationError(
            "BMS_SECRET_KEY is not set. It signs the tokens: set it to a long random text, the same in "
            "every process, such as the output of: python3 -c 'import secrets; "
            "print(secrets.token_urlsafe(48))'"
        )
    for name in ("secret_key", "gateway_secret"):
        if name not in parsed and embedded and secret:
            try:
                parsed[name] = _kept_secret(data_dir / name)
            except OSError as error:
                raise ConfigurationError(f"BMS_DATA_DIR cannot store the secret: {error}") from None
        if name in parsed and len(parsed[name].encode()) < MIN_SECRET:
            kept = "" if name in given else f"; it was read from {data_dir / name}"
            raise ConfigurationError(
                f"BMS_{name.upper()} is too short: at least {MIN_SECRET} bytes are needed{kept}"
            )
    return Settings(**parsed)


def origins(environ: Mapping[str, str] | None = None, dotenv: Path = Path(".env")) -> dict[str, str]:
    """Return where each setting that is given stands, by its name. All others have their default."""
    return {name: where for name, (_, where) in _given(environ, dotenv).items()}


def _given(environ: Mapping[str, str] | None, dotenv: Path) -> dict[str, environment.Given]:
    known = [*_OF_THE_TESTS, *(field.name for field in fields(Settings))]
    given = environment.read(environ, dotenv, known)
    # A variable that is set to nothing is not set.
    return {name: one for name, one in given.items() if name not in _OF_THE_TESTS and one.text.strip()}


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


def _own_url(host: str, port: int) -> str:
    """Return the address at which this machine finds the service."""
    # Listening on every address says nothing about which one people use.
    host = {"0.0.0.0": HOST, "::": "::1"}.get(host, host)  # noqa: S104
    return f"http://{f'[{host}]' if ':' in host else host}:{port}"


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


def _kept_secret(path: Path) -> str:
    """Return the secret stored at ``path`` (mode 0600). Creates it if there is none."""
    # Read before writing: on a full disk, too, there is a service to look after.
    with contextlib.suppress(FileNotFoundError):
        return path.read_text().strip()
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
