"""The stairway: each migration goes up, down and up again, and leaves the schema as it found it."""

import contextlib
import re
from collections.abc import Iterator
from pathlib import Path

import pyodbc
import pytest
from yoyo import read_migrations

from bms.sql.odbc.target import parse_url
from bms.sql.yoyo.apply import MIGRATIONS, apply_migrations, list_migrations, roll_back_migrations
from tests.kit import catalogue
from tests.kit.servers import Server

FILES = sorted(path for path in MIGRATIONS.glob("*.sql") if not path.stem.endswith(".rollback"))
IDS = [path.stem for path in FILES]


@pytest.fixture(scope="module")
def url(server: Server) -> Iterator[str]:
    """A database that the tests of this module climb together, a stair each."""
    with server.empty() as made:
        yield made


def schema(url: str) -> set[str]:
    """Return what the database holds, yoyo's own tables left out."""
    with contextlib.closing(pyodbc.connect(parse_url(url).odbc, autocommit=True)) as connection:
        return catalogue.schema(connection)


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
    applied = sum(done for _, done in list_migrations(url))
    if applied >= number:
        roll_back_migrations(url, applied - number + 1)
    elif number > 1:
        apply_migrations(url, steps_up_to(tmp_path, number - 1))


@pytest.mark.parametrize("number", range(1, len(FILES) + 1), ids=IDS)
def test_up_down_and_up_again(url: str, tmp_path: Path, number: int) -> None:
    stand_below(url, tmp_path, number)
    before = schema(url)
    steps = steps_up_to(tmp_path, number)
    name = IDS[number - 1]
    assert apply_migrations(url, steps) == [name]
    after = schema(url)
    assert after != before, "it changes something"
    assert roll_back_migrations(url, 1, steps) == [name]
    assert schema(url) == before
    assert apply_migrations(url, steps) == [name]
    assert schema(url) == after


def test_the_whole_stairway_down_and_up(url: str) -> None:
    apply_migrations(url)
    top = schema(url)
    assert roll_back_migrations(url, len(FILES)) == IDS[::-1]
    assert schema(url) == set(), "nothing of ours is left"
    assert apply_migrations(url) == IDS
    assert schema(url) == top


def test_each_is_numbered_and_stands_on_an_earlier_one() -> None:
    """Branches take numbers beforehand, so two migrations may stand on the same one."""
    numbers = [int(name[:4]) for name in IDS]
    assert numbers == sorted(set(numbers))
    for index, migration in enumerate(read_migrations(str(MIGRATIONS))):
        assert migration.id == IDS[index]
        assert re.fullmatch(r"\d{4}_[a-z]+(_[a-z]+)+", migration.id)
        depends = {other.id for other in migration.depends}
        assert depends <= set(IDS[:index])
        assert bool(depends) == (index > 0)
        assert migration.use_transactions, "a migration is applied whole or not at all"


def test_each_has_a_rollback_and_there_is_nothing_else() -> None:
    expected = {name for path in FILES for name in (path.name, f"{path.stem}.rollback.sql")}
    assert {path.name for path in MIGRATIONS.iterdir() if not path.name.startswith(("__", "."))} == expected


def test_what_was_made_has_the_names_it_was_given(url: str) -> None:
    """A constraint without a name gets another on each server, and no error could be told by it."""
    apply_migrations(url)
    with contextlib.closing(pyodbc.connect(parse_url(url).odbc, autocommit=True)) as connection:
        made = catalogue.constraints(connection)
    assert {kind for _, _, kind in made} == {"p", "u", "c", "f"}
    prefixes = {"p": "pk_", "u": "uq_", "c": "ck_", "f": "fk_"}
    assert [name for name, table, kind in made if not name.startswith(prefixes[kind] + table)] == []


@pytest.mark.mssql_only("a default of PostgreSQL has no name")
@pytest.mark.needs("names of defaults")
def test_defaults_have_the_names_they_were_given(url: str) -> None:
    apply_migrations(url)
    with contextlib.closing(pyodbc.connect(parse_url(url).odbc, autocommit=True)) as connection:
        made = catalogue.defaults(connection)
    assert made
    assert [name for name, table, column in made if name != f"df_{table}_{column}"] == []
