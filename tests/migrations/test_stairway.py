"""The stairway: each migration goes up, down and up again, and leaves the schema as it found it."""

import contextlib
import re
from collections.abc import Iterator
from pathlib import Path

import pyodbc
import pytest
from yoyo import read_migrations

from bms.sql import migrate
from bms.sql.embedded import EmbeddedServer
from bms.sql.migrate import MIGRATIONS
from bms.sql.provision import create_database, drop_database, embedded_url
from bms.sql.target import parse_url

FILES = sorted(path for path in MIGRATIONS.glob("*.sql") if not path.stem.endswith(".rollback"))
IDS = [path.stem for path in FILES]

# Everything that a migration may make, one line each; without positions, which a dropped column keeps.
SCHEMA = """
    SELECT concat_ws(' ', 'column', c.table_name, c.column_name, c.data_type, c.character_maximum_length,
                     c.numeric_precision, c.numeric_scale, c.datetime_precision, c.is_nullable,
                     c.column_default, c.is_identity, c.identity_generation, c.collation_name)
    FROM   information_schema.columns c
    WHERE  c.table_schema = 'public'
    UNION ALL
    SELECT concat_ws(' ', 'constraint', conrelid::regclass, conname, pg_get_constraintdef(oid), convalidated)
    FROM   pg_constraint
    WHERE  connamespace = 'public'::regnamespace
    UNION ALL
    SELECT concat_ws(' ', 'index', indexdef) FROM pg_indexes WHERE schemaname = 'public'
    UNION ALL
    SELECT concat_ws(' ', 'relation', relkind, relname, relpersistence)
    FROM   pg_class
    WHERE  relnamespace = 'public'::regnamespace AND relkind NOT IN ('i', 't')
    UNION ALL
    SELECT concat_ws(' ', 'routine', proname) FROM pg_proc WHERE pronamespace = 'public'::regnamespace
"""


@pytest.fixture(scope="module")
def url(server: EmbeddedServer) -> Iterator[str]:
    """A database that the tests of this module climb together, a stair each."""
    create_database(server, "stairway")
    yield embedded_url(server, "stairway")
    drop_database(server, "stairway")


def schema(url: str) -> set[str]:
    """Return what the database holds, yoyo's own tables left out."""
    with contextlib.closing(pyodbc.connect(parse_url(url).odbc, autocommit=True)) as connection:
        lines = {row[0] for row in connection.execute(SCHEMA).fetchall()}
    return {line for line in lines if "_yoyo_" not in line}


def steps_up_to(tmp_path: Path, number: int) -> Path:
    """Return a directory with the first ``number`` migrations."""
    steps = tmp_path / f"to_{number}"
    steps.mkdir()
    for path in FILES[:number]:
        for name in (path.name, f"{path.stem}.rollback.sql"):
            (steps / name).symlink_to(MIGRATIONS / name)
    return steps


def stand_below(url: str, tmp_path: Path, number: int) -> None:
    """Apply or roll back until the migrations before ``number`` are applied, and those alone."""
    applied = sum(done for _, done in migrate.status(url))
    if applied >= number:
        migrate.rollback(url, applied - number + 1)
    elif number > 1:
        migrate.apply(url, steps_up_to(tmp_path, number - 1))


@pytest.mark.parametrize("number", range(1, len(FILES) + 1), ids=IDS)
def test_up_down_and_up_again(url: str, tmp_path: Path, number: int) -> None:
    stand_below(url, tmp_path, number)
    before = schema(url)
    steps = steps_up_to(tmp_path, number)
    name = IDS[number - 1]
    assert migrate.apply(url, steps) == [name]
    after = schema(url)
    assert after != before, "it changes something"
    assert migrate.rollback(url, 1, steps) == [name]
    assert schema(url) == before
    assert migrate.apply(url, steps) == [name]
    assert schema(url) == after


def test_the_whole_stairway_down_and_up(url: str) -> None:
    migrate.apply(url)
    top = schema(url)
    assert migrate.rollback(url, len(FILES)) == IDS[::-1]
    assert schema(url) == set(), "nothing of ours is left"
    assert migrate.apply(url) == IDS
    assert schema(url) == top


def test_each_is_numbered_and_stands_on_the_one_before() -> None:
    assert [int(name[:4]) for name in IDS] == list(range(1, len(IDS) + 1))
    for before, migration in zip([None, *IDS], read_migrations(str(MIGRATIONS)), strict=False):
        assert re.fullmatch(r"\d{4}_[a-z]+(_[a-z]+)+", migration.id)
        depends = {other.id for other in migration.depends}
        assert depends == ({before} if before else set())
        assert migration.use_transactions, "a migration is applied whole or not at all"


def test_each_has_a_rollback_and_there_is_nothing_else() -> None:
    expected = {name for path in FILES for name in (path.name, f"{path.stem}.rollback.sql")}
    assert {path.name for path in MIGRATIONS.iterdir() if not path.name.startswith(("__", "."))} == expected


def test_what_was_made_has_the_names_it_was_given(url: str) -> None:
    """A constraint without a name gets another on each server, and no error could be told by it."""
    migrate.apply(url)
    with contextlib.closing(pyodbc.connect(parse_url(url).odbc, autocommit=True)) as connection:
        rows = connection.execute(
            "SELECT conname, conrelid::regclass::text AS made_on, contype FROM pg_constraint"
            " WHERE connamespace = 'public'::regnamespace AND contype IN ('p', 'u', 'c', 'f')"
            " AND conrelid::regclass::text NOT LIKE '%yoyo%'"
        ).fetchall()
    assert rows
    prefixes = {"p": "pk_", "u": "uq_", "c": "ck_", "f": "fk_"}
    odd = [row.conname for row in rows if not row.conname.startswith(prefixes[row.contype] + row.made_on)]
    assert odd == []
