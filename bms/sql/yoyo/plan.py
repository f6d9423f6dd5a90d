"""What ``bms migrate`` is about to do: which migrations, as what SQL, and what data goes with them."""

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pyodbc

from bms.errors import ConfigurationError, DatabaseUnavailable
from bms.sql.odbc.errors import Kind, diagnose
from bms.sql.odbc.target import parse_url
from bms.sql.yoyo.apply import CHANGE, MIGRATIONS, SEE, opened, read_directory, refuse_beyond
from bms.sql.yoyo.carry_out import apply_each, roll_back_each, statements_of

_TABLE = re.compile(r"DROP\s+TABLE\s+(?P<table>\w+)", re.IGNORECASE)
_COLUMN = re.compile(r"ALTER\s+TABLE\s+(?P<table>\w+)\s+DROP\s+COLUMN\s+(?P<column>\w+)", re.IGNORECASE)
_ROWS = re.compile(r"DELETE\s+(?P<rest>FROM\s+(?P<table>\w+)\b.*)", re.IGNORECASE | re.DOTALL)


class Move(NamedTuple):
    """A migration, and the statements of it or of its rollback as the server gets them."""

    name: str
    statements: tuple[str, ...]


class Loss(NamedTuple):
    """What a rollback removes, and how many rows have it; None where the login may not count them."""

    what: str
    rows: int | None

    def __str__(self) -> str:
        if self.rows is None:
            return f"{self.what}: rows unknown"
        return f"{self.what}: {self.rows} row{'' if self.rows == 1 else 's'}"


class Plan(NamedTuple):
    """The migrations that are rolled back, the newest first, and those that are applied after that.

    ``losses`` has what goes with each that is rolled back. ``others`` are other sessions of BMS.
    """

    back: Sequence[Move]
    forward: Sequence[Move]
    losses: Mapping[str, Sequence[Loss]]
    others: int
    dialect: str

    def script(self) -> str:
        """Return the statements in order, ready to be read. Each migration is one transaction."""
        end = "\nGO" if self.dialect == "mssql" else ""
        lines = []
        for verb, moves in (("is rolled back", self.back), ("is applied", self.forward)):
            for move in moves:
                lines.append(f"-- {move.name} {verb}.")
                lines += [f"{text.strip().rstrip(';')};{end}" for text in move.statements]
                lines.append("")
        return "\n".join(lines) or "-- The schema is up to date.\n"

    def account(self) -> str:
        """Return what is rolled back and what goes with it, a line each."""
        lines = [f"Rolling back {len(self.back)} of the migrations, with what they hold:"]
        for move in self.back:
            lines.append(f"  {move.name}")
            lines += [f"    {loss}" for loss in self.losses[move.name]] or ["    no data"]
        return "\n".join(lines)


def make_plan(
    database_url: str, directory: Path = MIGRATIONS, *, to: str | None = None, back: int | None = None
) -> Plan:
    """Return what leads to the migration ``to``, ``back`` by so many, or, without either, to the newest.

    ``to`` is the whole name or the beginning of one. Writes nothing. Raises ConfigurationError for what
    cannot be done, and as ``list_migrations``.
    """
    migrations = list(read_directory(directory))
    with opened(database_url, SEE, writes=False) as backend:
        recorded = backend.recorded()
        applied = [migration for migration in migrations if migration.hash in recorded]
        above, below = _chosen(migrations, applied, to, back)
        if above:
            _refuse_newer(recorded, migrations)
        moves = [_move(backend, migration, back=True) for migration in above]
        return Plan(
            moves,
            [_move(backend, migration, back=False) for migration in below],
            _losses(backend, moves),
            backend.others(),
            parse_url(database_url).dialect,
        )


def carry_out(database_url: str, plan: Plan, directory: Path = MIGRATIONS) -> Iterator[tuple[str, str]]:
    """Do what ``plan`` says; yield (``rolled back`` or ``applied``, name) of what is done.

    Raises as ``apply_migrations``, and DatabaseUnavailable if another process has migrated meanwhile.
    """
    migrations = {migration.id: migration for migration in read_directory(directory)}
    with opened(database_url, CHANGE) as backend, backend.lock():
        recorded = set(backend.recorded())
        back = [migrations[move.name] for move in plan.back]
        forward = [migrations[move.name] for move in plan.forward]
        if any(one.hash not in recorded for one in back) or any(one.hash in recorded for one in forward):
            raise DatabaseUnavailable("Another process has migrated meanwhile. Nothing was done; look again")
        yield from (("rolled back", name) for name in roll_back_each(backend, back))
        yield from (("applied", name) for name in apply_each(backend, forward))


def _chosen(
    migrations: list[Any], applied: list[Any], to: str | None, back: int | None
) -> tuple[list[Any], list[Any]]:
    """Return which are rolled back and which are applied."""
    if back is not None:
        refuse_beyond(back, len(applied))
        return applied[::-1][:back], []
    last = len(migrations) - 1 if to is None else _position(migrations, to)
    above = [one for one in migrations[last + 1 :] if one in applied]
    below = [one for one in migrations[: last + 1] if one not in applied]
    return above[::-1], below


def _position(migrations: list[Any], name: str) -> int:
    ids = [migration.id for migration in migrations]
    found = [index for index, id_ in enumerate(ids) if id_ == name] or [
        index for index, id_ in enumerate(ids) if id_.startswith(name)
    ]
    if len(found) != 1:
        several = f"; these begin so: {', '.join(ids[index] for index in found)}" if found else ""
        raise ConfigurationError(f"{name!r} names no migration{several}. 'bms migrate --status' lists them")
    return found[0]


def _refuse_newer(recorded: Mapping[str, str], migrations: list[Any]) -> None:
    newer = sorted(recorded[hash_] for hash_ in recorded.keys() - {one.hash for one in migrations})
    if newer:
        raise ConfigurationError(
            f"The database has migrations that this version of BMS does not know: {', '.join(newer)}. "
            "Roll these back first, with the version that applied them"
        )


def _move(backend: Any, migration: Any, *, back: bool) -> Move:
    return Move(migration.id, tuple(map(backend.written, statements_of(migration, back=back))))


def _losses(backend: Any, moves: Sequence[Move]) -> dict[str, list[Loss]]:
    tables = (_TABLE.search(text) for move in moves for text in move.statements)
    gone = {match["table"].lower() for match in tables if match}
    losses = {move.name: [_loss(backend, text, gone) for text in move.statements] for move in moves}
    return {name: [loss for loss in found if loss is not None] for name, found in losses.items()}


def _loss(backend: Any, statement: str, gone: set[str]) -> Loss | None:
    """Return what ``statement`` removes. What goes with a table that is ``gone`` is not counted again."""
    if match := _TABLE.search(statement):
        return Loss(f"table {match['table']}", _count(backend, f"FROM {match['table']}"))
    if match := _COLUMN.search(statement):
        table, column = match["table"], match["column"]
        what, rest = f"column {column} of {table}", f"FROM {table} WHERE {column} IS NOT NULL"
    elif match := _ROWS.search(statement):
        what, rest = f"rows of {match['table']}", match["rest"].rstrip("; \n")
    else:
        return None
    rows = 0 if match["table"].lower() in gone else _count(backend, rest)
    return None if rows == 0 else Loss(what, rows)


def _count(backend: Any, rest: str) -> int | None:
    try:
        return int(backend.execute(f"SELECT COUNT(*) {rest}").fetchone()[0])
    except pyodbc.Error as error:
        if diagnose(error).kind is Kind.CONNECTION:
            raise
        return None
