"""The settings, read from ``BMS_*`` variables and a ``.env`` file. No other module reads the environment."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from bms import environment
from bms.errors import ConfigurationError
from bms.i18n.languages import SOURCE
from bms.logs import TEXT
from bms.settings.secrets import kept_secret
from bms.settings.values import NONE, OFF, ON, SIMULATED, parse
from bms.terms import Rate, Role, Service

__all__ = ["HOST", "NONE", "OFF", "ON", "PORT", "SIMULATED", "Settings", "load", "origins"]

_OF_THE_TESTS = ("test_database_url", "update_golden")
HOST, PORT = "127.0.0.1", 8080
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
    parsed: dict[str, Any] = {name: parse(name, text.strip()) for name, (text, _) in given.items()}
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
                parsed[name] = kept_secret(data_dir / name)
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


def _own_url(host: str, port: int) -> str:
    """Return the address at which this machine finds the service."""
    # Listening on every address says nothing about which one people use.
    host = {"0.0.0.0": HOST, "::": "::1"}.get(host, host)  # noqa: S104
    return f"http://{f'[{host}]' if ':' in host else host}:{port}"
