"""Settings: each variable, each refusal by its name, and the secret that is made and kept."""

import errno
import os
import stat
import subprocess
import sys
from dataclasses import FrozenInstanceError, fields
from pathlib import Path
from typing import Any

import pytest

from bms import environment
from bms.errors import ConfigurationError
from bms.settings import Settings, load
from bms.terms import Rate, Role, Service

SECRET = "s" * 32
DATABASE = {"BMS_DATABASE_URL": "postgresql://u:hunter2@h/d", "BMS_SECRET_KEY": SECRET}

# variable: (text, value, texts that are refused)
RATE = ("7,30", Rate(7, 30), ("7", "7,0", "0,7", "-1,5", "a,b", "1,2,3", "1000,1000000", "on"))
VARIABLES: dict[str, tuple[str, Any, tuple[str, ...]]] = {
    "host": ("0.0.0.0", "0.0.0.0", ()),
    "port": ("9090", 9090, ("0", "65536", "-1", "80a", "8 0", "٨٠", "1.5", "9" * 5000)),
    "public_url": (
        "https://Tickets.Example.org:8443/",
        "https://tickets.example.org:8443",
        (
            "tickets.example.org",
            "//tickets.example.org",
            "https://",
            "https://tickets.example.org/shop",
            "https://tickets.example.org?x=1",
            "https://tickets.example.org#x",
            "https://user@tickets.example.org",
            "https://tickets.example.org:99999",
            "https://tickets.example.org:https",
            "https://[::1",
            "https://ti ckets.example.org",
            "https://tickets\texample.org",
            "https://tickets.exämple.org",
            "https://*.example.org",
            'https://a"b.example.org',
            "ftp://tickets.example.org",
            "javascript:alert(1)",
        ),
    ),
    "workers": ("4", 4, ("0", "65", "many")),
    "services": (
        "Events, reviews site",
        frozenset({Service.EVENTS, Service.REVIEWS, Service.SITE}),
        ("events,bokings", "all", "users;site", ","),
    ),
    "data_dir": ("/srv/bms", Path("/srv/bms"), ()),
    "database_url": ("mssql://u@h/d", "mssql://u@h/d", ()),
    "database_read_url": ("mssql://u@r/d", "mssql://u@r/d", ()),
    "database_pool": ("16", 16, ("0", "201", "x")),
    "secret_key": (SECRET + "x", SECRET + "x", ("short", "s" * 31)),
    "gateway": ("none", "none", ("stripe", "Simulated", "play money")),
    "gateway_secret": (SECRET + "y", SECRET + "y", ("short", "s" * 31)),
    "redis_url": ("redis://:p@h:6379/0", "redis://:p@h:6379/0", ("h:6379", "http://h", "redis://:x@h:a/0")),
    "amqp_url": ("amqp://u:p@h:5672/", "amqp://u:p@h:5672/", ("h:5672", "http://h", "amqp://", "amqp://h:0")),
    "smtp_url": ("smtp://h:25", "smtp://h:25", ("h:25", "mail.example.com", "smtp://", "smtp://h:99999")),
    "mail_from": (
        '"BMS, Tickets" <a@example.com>',
        '"BMS, Tickets" <a@example.com>',
        (
            "BMS, Tickets <t@example.org>",
            "Tickets",
            "<>",
            "a@",
            "@b",
            "a@b, c@d",
            "A <a@b",
            "A: a@b;",
            "a@b\x00",
        ),
    ),
    "locale": ("en", "en", ("xx", "EN", "english")),
    "hold_seconds": ("60", 60, ("0", "86401", "1m")),
    "hold_max_seconds": ("600", 600, ("0", "86401")),
    "access_token_seconds": ("60", 60, ("0", "31536001")),
    "refresh_token_seconds": ("60", 60, ("0", "31536001")),
    "session_seconds": ("60", 60, ("0", "31536001")),
    "refuse_common_passwords": ("on", True, ("2", "maybe")),
    "require_second_factor": (
        "admin, EVENT_MANAGER",
        frozenset({Role.ADMIN, Role.EVENT_MANAGER}),
        ("everybody", "ADMIN;USER", "on"),
    ),
    "bcrypt_rounds": ("10", 10, ("3", "17")),
    "open_manager_registration": ("off", False, ("2", "maybe")),
    "demo_data": ("No", False, ("2", "maybe")),
    "max_body_bytes": ("2048", 2048, ("1023", "104857601")),
    "max_connections": ("500", 500, ("9", "1000001")),
    "max_connections_per_address": ("0", 0, ("-1", "x")),
    "free_tickets_per_user": ("7", 7, ("-1", "x", "1000001")),
    "unpaid_tickets_per_user": ("7", 7, ("-1", "x", "1000001")),
    "unpaid_bookings_per_user": ("7", 7, ("-1", "x", "1000001")),
    "unpaid_tickets_per_address": ("7", 7, ("-1", "x", "1000001")),
    "short_hold_seconds": ("0", 0, ("-1", "86401")),
    "waiting_asks_per_user": ("7", 7, ("-1", "x", "1000001")),
    "password_queue": ("1", 1, ("0", "x")),
    "rate_wrong_passwords": RATE,
    "rate_wrong_passwords_per_account": RATE,
    "rate_wrong_passwords_per_address": RATE,
    "rate_registrations_per_address": RATE,
    "rate_account_mails_per_address": RATE,
    "rate_dear_per_user": RATE,
    "rate_dear_per_address": RATE,
    "rate_declined_cards_per_booking": RATE,
    "rate_declined_cards_per_user": RATE,
    "rate_declined_cards_per_address": RATE,
    "rate_messages_per_event": RATE,
    "rate_messages_per_organizer": ("Off", None, (",", "no")),
    "resends_per_booking": ("0", 0, ("-1", "few")),
    "rate_mails_per_recipient": RATE,
    "events_per_manager": ("7", 7, ("-1", "x", "1000001")),
    "cors_origins": (
        "https://a.example, http://LOCALHOST:3000",
        frozenset({"https://a.example", "http://localhost:3000"}),
        ("a.example", "https://a.example/", "ftp://a.example", "https://", "null", "https://u@", "https://*"),
    ),
    "metrics_token": ("t" * 16, "t" * 16, ("t" * 15,)),
    "metrics_port": ("9101", 9101, ("0", "65536", "no")),
    "trusted_proxies": ("1", 1, ("-1", "11")),
    "background_tasks": ("FALSE", False, ("2", "maybe")),
    "keep_mail_days": ("0", 0, ("-1", "36501", "a month")),
    "keep_notifications_days": ("90", 90, ("-1", "36501")),
    "keep_audit_days": ("3650", 3650, ("-1", "36501")),
    "keep_gateway_days": ("3650", 3650, ("-1", "36501")),
    "log_format": ("JSON", "json", ("xml", "1")),
    "access_log": ("JSON", "json", ("2", "maybe", "xml")),
    "log_level": ("debug", "DEBUG", ("LOUD", "10")),
}

LOAD = """
import sys
from pathlib import Path
from bms.settings import load
sys.stdin.read()
print(load({"BMS_DATA_DIR": sys.argv[1]}, Path("none")).secret_key)
"""


@pytest.fixture
def dotenv(tmp_path: Path) -> Path:
    return tmp_path / ".env"


def test_every_setting_is_tried_here() -> None:
    assert VARIABLES.keys() == {field.name for field in fields(Settings)}


@pytest.mark.parametrize("name", VARIABLES)
def test_each_variable_is_read(dotenv: Path, name: str) -> None:
    text, value, _ = VARIABLES[name]
    environ = {**DATABASE, f"BMS_{name.upper()}": f" {text} "}
    assert getattr(load(environ, dotenv), name) == value


@pytest.mark.parametrize(("name", "text"), [(name, bad) for name, row in VARIABLES.items() for bad in row[2]])
def test_each_bad_value_is_refused_by_the_variables_name(dotenv: Path, name: str, text: str) -> None:
    with pytest.raises(ConfigurationError, match=f"^BMS_{name.upper()}\\b") as caught:
        load({**DATABASE, f"BMS_{name.upper()}": text}, dotenv)
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


@pytest.mark.parametrize(
    ("text", "kept"), [("1", "on"), ("Off", "off"), ("no", "off"), ("text", "text"), ("JSON", "json")]
)
def test_the_access_log_is_a_switch_or_a_form(dotenv: Path, text: str, kept: str) -> None:
    assert load({**DATABASE, "BMS_ACCESS_LOG": text}, dotenv).access_log == kept


@pytest.mark.parametrize("text", ["1", "true", "YES", "on"])
def test_what_switches_on(dotenv: Path, text: str) -> None:
    assert load({**DATABASE, "BMS_DEMO_DATA": text}, dotenv).demo_data is True


def test_what_holds_when_nothing_is_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    settings = load({})
    made = {"secret_key": settings.secret_key, "gateway_secret": settings.gateway_secret}
    assert settings == Settings(data_dir=tmp_path / "var", **made)
    assert len({*made.values()}) == 2
    assert settings.embedded
    assert settings.open_manager_registration
    assert settings.demo_data
    assert settings.mail_dir == tmp_path / "var" / "mail"


@pytest.mark.parametrize(
    ("given", "address"),
    [
        ({}, "http://127.0.0.1:8080"),
        ({"BMS_PORT": "9000"}, "http://127.0.0.1:9000"),
        ({"BMS_HOST": "box.local"}, "http://box.local:8080"),
        ({"BMS_HOST": "0.0.0.0"}, "http://127.0.0.1:8080"),
        ({"BMS_HOST": "::"}, "http://[::1]:8080"),
        ({"BMS_HOST": "fd00::7", "BMS_PORT": "80"}, "http://[fd00::7]:80"),
    ],
)
def test_links_lead_to_this_machine_when_embedded(
    tmp_path: Path, dotenv: Path, given: dict[str, str], address: str
) -> None:
    assert load({"BMS_DATA_DIR": str(tmp_path), **given}, dotenv).public_url == address


def test_with_another_database_nobody_guesses_where_links_lead(dotenv: Path) -> None:
    assert load({**DATABASE, "BMS_HOST": "10.0.0.1"}, dotenv).public_url is None


def test_another_database_opens_nothing_by_itself(dotenv: Path) -> None:
    settings = load(DATABASE, dotenv)
    assert not settings.embedded
    assert not settings.open_manager_registration
    assert not settings.demo_data
    assert settings.refuse_common_passwords
    assert settings.gateway_secret == "", "notices are refused until it is set"
    assert load({**DATABASE, "BMS_OPEN_MANAGER_REGISTRATION": "on"}, dotenv).open_manager_registration


def test_settings_cannot_be_changed_and_show_no_secret(dotenv: Path) -> None:
    settings = load(
        {**DATABASE, "BMS_SMTP_URL": "smtp://u:hunter3@h:25", "BMS_GATEWAY_SECRET": "hunter4" * 6}, dotenv
    )
    with pytest.raises(FrozenInstanceError):
        settings.port = 1
    for secret in ("hunter2", "hunter3", "hunter4", SECRET):
        assert secret not in repr(settings)


def test_the_environment_goes_before_the_file(dotenv: Path) -> None:
    dotenv.write_text(
        "# ours\nBMS_PORT=8001\nexport BMS_HOST='0.0.0.0'\nBMS_WORKERS=2\nOTHER=1\n"
        f"BMS_DATABASE_URL=postgresql://u@h/d\nBMS_SECRET_KEY={SECRET}\n"
    )
    settings = load({"BMS_PORT": "8002", "BMS_WORKERS": "", "PATH": "/bin"}, dotenv)
    assert (settings.port, settings.host) == (8002, "0.0.0.0")
    assert settings.workers == 1, "a variable set to nothing is one not set, in the file too"
    assert settings.database_url == "postgresql://u@h/d"


def test_the_process_and_its_directory_are_where_they_are_read_from(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [name for name in os.environ if name.startswith("BMS_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".env").write_text("BMS_HOLD_SECONDS=30\n")
    monkeypatch.setenv("BMS_PORT", "8003")
    settings = load()
    assert (settings.hold_seconds, settings.port) == (30, 8003)


@pytest.mark.parametrize("where", ["environment", "file"])
def test_a_variable_that_is_none_of_ours_is_refused(dotenv: Path, where: str) -> None:
    environ = dict(DATABASE)
    if where == "file":
        dotenv.write_text("BMS_PROT=80\n")
    else:
        environ["BMS_PROT"] = "80"
    with pytest.raises(ConfigurationError, match="There is no setting BMS_PROT"):
        load(environ, dotenv)


def test_all_that_are_none_of_ours_are_named_at_once_with_where_they_stand(dotenv: Path) -> None:
    dotenv.write_text("BMS_PROT=80\nBMS_XYZ=1\n")
    with pytest.raises(ConfigurationError) as caught:
        load({**DATABASE, "BMS_WORKER": "2"}, dotenv)
    assert f"BMS_PROT in {dotenv} (did you mean BMS_PORT?), nor BMS_XYZ in {dotenv}" in str(caught.value)
    assert str(caught.value).endswith(", nor BMS_WORKER in the environment (did you mean BMS_WORKERS?)")


@pytest.mark.parametrize("where", ["environment", "file"])
def test_a_file_may_hold_the_value(dotenv: Path, tmp_path: Path, where: str) -> None:
    secret = tmp_path / "secret"
    secret.write_text("k" * 40 + "\n")
    environ = {"BMS_DATABASE_URL": DATABASE["BMS_DATABASE_URL"]}
    if where == "file":
        dotenv.write_text(f"BMS_SECRET_KEY_FILE={secret}\n")
    else:
        environ["BMS_SECRET_KEY_FILE"] = str(secret)
    assert load(environ, dotenv).secret_key == "k" * 40


def test_a_file_in_the_environment_goes_before_a_value_in_dotenv(dotenv: Path, tmp_path: Path) -> None:
    port = tmp_path / "port"
    port.write_text("9001")
    dotenv.write_text("BMS_PORT=9002\n")
    assert load({**DATABASE, "BMS_PORT_FILE": str(port)}, dotenv).port == 9001


@pytest.mark.parametrize("content", [None, b"\xff\xfe", b"x" * 70_000])
def test_a_file_that_cannot_be_read_is_named(dotenv: Path, tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "value"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ConfigurationError, match=r"^BMS_SECRET_KEY_FILE: .*value") as caught:
        load({"BMS_DATABASE_URL": "postgresql://h/d", "BMS_SECRET_KEY_FILE": str(path)}, dotenv)
    assert "xxx" not in str(caught.value)


def test_a_value_and_a_file_of_it_are_refused(dotenv: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="BMS_PORT and BMS_PORT_FILE are both set"):
        load({**DATABASE, "BMS_PORT": "1", "BMS_PORT_FILE": str(tmp_path / "port")}, dotenv)


@pytest.mark.parametrize("name", ["BMS_PORTS_FILE", "BMS_FILE", "BMS__FILE"])
def test_a_file_of_no_setting_is_refused(dotenv: Path, name: str) -> None:
    with pytest.raises(ConfigurationError, match=f"There is no setting {name}"):
        load({**DATABASE, name: "/dev/null"}, dotenv)


def test_what_kubernetes_sets_beside_a_service_named_bms_is_passed_over(dotenv: Path) -> None:
    of_kubernetes = {
        "BMS_SERVICE_HOST": "10.0.0.1",
        "BMS_SERVICE_PORT": "8080",
        "BMS_SERVICE_PORT_HTTP": "8080",
        "BMS_PORT": "tcp://10.0.0.1:8080",
        "BMS_PORT_8080_TCP": "tcp://10.0.0.1:8080",
        "BMS_PORT_8080_TCP_PROTO": "tcp",
        "BMS_PORT_8080_TCP_PORT": "8080",
        "BMS_PORT_8080_TCP_ADDR": "10.0.0.1",
    }
    assert load({**DATABASE, **of_kubernetes}, dotenv) == load(DATABASE, dotenv)
    dotenv.write_text("BMS_PORT=8004\n")
    assert load({**DATABASE, **of_kubernetes}, dotenv).port == 8004
    assert environment.passed_over({**DATABASE, **of_kubernetes}) == sorted(of_kubernetes)
    assert environment.passed_over({**DATABASE, "BMS_PORT": "8080"}) == []


def test_who_migrates_needs_no_secret(dotenv: Path) -> None:
    assert load({"BMS_DATABASE_URL": "postgresql://h/d"}, dotenv, secret=False).secret_key == ""


def test_those_of_the_tests_are_left_alone(dotenv: Path) -> None:
    of_the_tests = {"BMS_TEST_DATABASE_URL": "mssql://h/d", "BMS_UPDATE_GOLDEN": "1"}
    assert load({**DATABASE, **of_the_tests}, dotenv) == load(DATABASE, dotenv)


@pytest.mark.parametrize("secret", [{}, {"BMS_SECRET_KEY": "  "}])
def test_with_another_database_the_secret_must_be_given(
    tmp_path: Path, dotenv: Path, secret: dict[str, str]
) -> None:
    environ = {"BMS_DATABASE_URL": "postgresql://h/d", "BMS_DATA_DIR": str(tmp_path / "var"), **secret}
    with pytest.raises(ConfigurationError, match="BMS_SECRET_KEY is not set"):
        load(environ, dotenv)
    assert not (tmp_path / "var").exists()


@pytest.mark.parametrize("name", ["secret_key", "gateway_secret"])
def test_a_secret_is_made_kept_and_for_the_owner_alone(tmp_path: Path, dotenv: Path, name: str) -> None:
    data = tmp_path / "new" / "data"
    environ = {"BMS_DATA_DIR": str(data)}
    umask = os.umask(0)
    try:
        first = getattr(load(environ, dotenv), name)
    finally:
        os.umask(umask)
    assert len(first) >= 64
    assert getattr(load(environ, dotenv), name) == first
    assert {path.name for path in data.iterdir()} == {"secret_key", "gateway_secret"}
    kept = data / name
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert getattr(load({"BMS_DATA_DIR": str(tmp_path / "other")}, dotenv), name) != first
    assert getattr(load({**environ, f"BMS_{name.upper()}": SECRET}, dotenv), name) == SECRET
    assert kept.read_text().strip() == first


@pytest.mark.parametrize("name", ["secret_key", "gateway_secret"])
def test_a_kept_secret_that_was_cut_short_is_told(tmp_path: Path, dotenv: Path, name: str) -> None:
    (tmp_path / name).write_text("")
    with pytest.raises(ConfigurationError, match=rf"too short.*{name}"):
        load({"BMS_DATA_DIR": str(tmp_path)}, dotenv)


def test_a_directory_that_cannot_be_made_is_told(tmp_path: Path, dotenv: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigurationError, match=r"^BMS_DATA_DIR"):
        load({"BMS_DATA_DIR": str(tmp_path / "file" / "var")}, dotenv)


def test_processes_that_make_the_secret_at_once_agree(tmp_path: Path) -> None:
    command = [sys.executable, "-c", LOAD, str(tmp_path)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    processes = [subprocess.Popen(command, text=True, **pipes) for _ in range(4)]
    for process in processes:
        assert process.stdin is not None
        process.stdin.close()
    secrets = set()
    for process in processes:
        assert process.stdout is not None
        secrets.add(process.stdout.read().strip())
        process.stdout.close()
        assert process.wait(20) == 0
    (secret,) = secrets
    assert len(secret) >= 64
    assert {path.name for path in tmp_path.iterdir()} == {"secret_key", "gateway_secret"}


def test_a_kept_secret_is_read_where_nothing_can_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a full disk the commands that look after a service still start."""
    first = load({"BMS_DATA_DIR": str(tmp_path)}, tmp_path / "none")

    def full(*_: object, **__: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "open", full)
    assert load({"BMS_DATA_DIR": str(tmp_path)}, tmp_path / "none") == first
    with pytest.raises(ConfigurationError, match="No space left"):
        load({"BMS_DATA_DIR": str(tmp_path / "other")}, tmp_path / "none")


@pytest.mark.parametrize("empty", ["BMS_PORT", "BMS_PORT_FILE"])
def test_of_a_value_and_a_file_one_may_be_set_to_nothing(dotenv: Path, tmp_path: Path, empty: str) -> None:
    """As a Compose file sets what it passes on, in either order."""
    (tmp_path / "port").write_text("9001\n")
    given = {"BMS_PORT": "9001", "BMS_PORT_FILE": str(tmp_path / "port"), empty: ""}
    assert load({**DATABASE, **given}, dotenv).port == 9001
    assert load({**dict(reversed(given.items())), **DATABASE}, dotenv).port == 9001
