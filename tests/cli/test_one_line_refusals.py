"""What a command says in one line when the database is away, may not be used, or a setting is missing."""

from collections.abc import Iterator

import pyodbc
import pytest

from bms.sql.embedded.provision import create_database, embedded_url
from bms.sql.embedded.server import EmbeddedServer
from bms.sql.odbc.target import parse_url
from bms.sql.yoyo.apply import apply_migrations
from tests.cli.running import KEY, Run

pytestmark = pytest.mark.embedded_only("it starts the embedded server, or needs none")

AWAY = "postgresql://bms:secret@127.0.0.1:1/bms"
SERVING = {"BMS_SECRET_KEY": KEY, "BMS_GATEWAY": "none", "BMS_PUBLIC_URL": "https://tickets.example.org"}
ADMIN = ("create-admin", "--username", "boss", "--email", "boss@example.org")
SEES = [("outbox",), ("check",), ("migrate", "--status"), ("migrate", "--dry-run")]
CHANGES = [("seed",), ("outbox", "--retry-dead"), ADMIN, ("reset-password", "boss")]


def refused(bms: Run, *command: str, url: str, **settings: str) -> str:
    """Run a command that fails, and return the one line that it ends with."""
    done = bms(*command, stdin="correct horse battery\n", BMS_DATABASE_URL=url, **{**SERVING, **settings})
    assert done.returncode in (1, 2), done.stdout
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    lines = [line for line in done.stderr.splitlines() if " WARNING " not in line]
    assert len(lines) == 1, done.stderr
    assert "secret" not in done.stderr
    return lines[0]


@pytest.mark.parametrize(
    "command", [("serve",), ("migrate",), ("check",), ("seed",), ADMIN, ("copy", "--to", AWAY)], ids=" ".join
)
def test_a_database_that_is_away_is_said_in_a_line(bms: Run, command: tuple[str, ...]) -> None:
    assert refused(bms, *command, url=AWAY).endswith("'bms doctor' says why")


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("BMS_GATEWAY", "", "BMS_GATEWAY is not set"),
        ("BMS_PUBLIC_URL", "", "BMS_PUBLIC_URL is not set"),
        ("BMS_SMTP_URL", "smtp://mail.example.org?tls=no", "BMS_SMTP_URL cannot be read"),
    ],
)
@pytest.mark.parametrize("command", ["serve", "worker"])
def test_what_is_missing_is_said_before_anything_is_done(
    bms: Run, command: str, name: str, text: str, words: str
) -> None:
    """Not after the line that it serves, and not after the migrations: the database is not even asked."""
    assert refused(bms, command, url=AWAY, **{name: text}).startswith(f"bms: {words}")


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a migrated database of a server of its own, with ``USER`` for the login."""
    server = EmbeddedServer(tmp_path_factory.mktemp("own") / "postgres")
    server.start()
    try:
        create_database(server, "sold")
        url = embedded_url(server, "sold")
        apply_migrations(url)
        with pyodbc.connect(parse_url(url).odbc, autocommit=True) as connection:
            connection.execute("CREATE ROLE reader LOGIN")
            connection.execute("GRANT SELECT ON ALL TABLES IN SCHEMA public TO reader")
            connection.execute("CREATE ROLE stranger LOGIN")
        assert "//bms@" in url
        yield url.replace("//bms@", "//USER@")
    finally:
        server.stop()


@pytest.mark.parametrize(
    ("user", "command"),
    [
        *(("reader", command) for command in CHANGES),
        *(("stranger", command) for command in SEES),
        ("reader", ("copy", "--to", "{empty}")),
    ],
    ids=str,
)
def test_a_missing_right_is_said_with_how_to_grant_it(
    bms: Run, served: str, user: str, command: tuple[str, ...]
) -> None:
    to = served.replace("USER", "stranger").replace("/sold", "/postgres")
    told = refused(bms, *(word.format(empty=to) for word in command), url=served.replace("USER", user))
    assert "42501" in told
    assert told.endswith("'bms doctor' says how to grant the right")


def test_a_copy_to_a_database_that_is_not_there(bms: Run, served: str) -> None:
    url = served.replace("USER", "bms")
    told = refused(bms, "copy", "--to", url.replace("/sold", "/nowhere"), url=url)
    assert 'database "nowhere" does not exist' in told
