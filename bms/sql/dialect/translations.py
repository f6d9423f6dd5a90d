"""The texts of BMS's own statements for PostgreSQL, translated before they are needed.

The translator takes 11 MB of each process that has it, and a second of its start. So the texts are kept in
``translations.json``, each with a digest of the T-SQL that it was made of. A statement that has changed
since, or has no text there, is translated where it is used: a forgotten file costs memory, and never gives a
wrong text.
``BMS_UPDATE_GOLDEN=1`` with tests/sql/test_golden.py writes the file.
"""

import hashlib
from collections.abc import Iterable
from functools import cache
from pathlib import Path

import orjson

from bms.sql.statements import Statement

FILE = Path(__file__).with_name("translations.json")


def find(statement: Statement) -> str | None:
    """Return the kept text of ``statement``, with ``@name`` for parameters, or None if none is valid."""
    digest, text = _kept().get(statement.name, ("", ""))
    return text if digest == _digest(statement) else None


def written(translated: Iterable[tuple[Statement, str]]) -> str:
    """Return what the file holds of statements and their texts: a line each, by name."""
    entries = {statement.name: (_digest(statement), text) for statement, text in translated}
    lines = [f"{_json(name)}: {_json(entry)}" for name, entry in sorted(entries.items())]
    return "{\n" + ",\n".join(lines) + "\n}\n"


@cache
def _kept() -> dict[str, tuple[str, str]]:
    kept: dict[str, tuple[str, str]] = orjson.loads(FILE.read_bytes()) if FILE.exists() else {}
    return kept


def _digest(statement: Statement) -> str:
    # The types of the parameters decide about the text, too.
    source = f"{statement.declaration}\0{statement.text}"
    return hashlib.sha256(source.encode()).hexdigest()[:16]


def _json(value: object) -> str:
    return orjson.dumps(value).decode()
