"""What each statement and migration becomes on PostgreSQL, kept in files: a new sqlglot shows in a diff.

``BMS_UPDATE_GOLDEN=1`` rewrites the files, and fails wherever it had something to write. Statements
named ``test.`` belong to tests and have no file.
"""

import copy
import importlib
import os
import pkgutil
import subprocess
import sys
from pathlib import Path

import pytest
import sqlparse

import bms.commands
import bms.queries
from bms.sql.dialect.compiling import compile_postgres
from bms.sql.dialect.translate import translate, translate_ddl
from bms.sql.dialect.translations import FILE, find, written
from bms.sql.statements import Compiled, Statement, compile_mssql, registered

GOLDEN = Path(__file__).parent / "golden" / "postgres"
MIGRATIONS = Path(__file__).parents[2] / "migrations"
# Two of each list, so that the golden file shows where the list is.
LIST_LENGTH = 2

for package in (bms.commands, bms.queries):
    for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
        importlib.import_module(module.name)

STATEMENTS = {s.name: s for s in registered() if not s.name.startswith("test.")}
MIGRATION_FILES = sorted(MIGRATIONS.glob("*.sql"))


def compile_with_lists(statement: Statement, compiler) -> Compiled:
    return compiler(statement, tuple((n, LIST_LENGTH) for n, p in statement.parameters.items() if p.is_list))


def split(migration: str) -> list[str]:
    """Return the statements of a migration as yoyo runs them, without those that are only comments."""
    return [s for s in sqlparse.split(migration) if sqlparse.format(s, strip_comments=True).strip(" \n;")]


def compare(path: Path, text: str) -> None:
    stored = path.read_text(encoding="utf-8") if path.exists() else None
    if stored != text and os.environ.get("BMS_UPDATE_GOLDEN") == "1":
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        pytest.fail(f"{path.name} is rewritten: look at the diff, then run again without BMS_UPDATE_GOLDEN")
    assert stored is not None, f"{path.name} is missing: run with BMS_UPDATE_GOLDEN=1"
    assert text == stored


@pytest.mark.parametrize("name", STATEMENTS)
def test_statement_is_as_stored(name):
    compiled = compile_with_lists(STATEMENTS[name], compile_postgres)
    order = ", ".join(f"@{p}" if i is None else f"@{p}[{i}]" for p, i in compiled.order)
    compare(GOLDEN / f"{name}.sql", f"{compiled.sql}\n-- takes: {order or 'nothing'}\n")


def test_translations_that_a_service_uses_are_those_of_the_translator():
    translated = [(s, translate(s)) for s in STATEMENTS.values() if s.postgres is None]
    compare(FILE, written(translated))
    assert [s.name for s, _ in translated if find(s) is None] == []


SERVICE = """
import sys
import bms.app, bms.processes.server_process
from bms.sql.dialect.compiling import compile_postgres
from bms.sql.statements import registered
for statement in registered():
    compile_postgres(statement, tuple((name, 2) for name, p in statement.parameters.items() if p.is_list))
print(len(list(registered())), *sorted(sys.modules))
"""


def test_a_process_that_serves_loads_neither_the_translator_nor_what_it_has_no_use_for():
    done = subprocess.run([sys.executable, "-c", SERVICE], capture_output=True, text=True, check=True)
    statements, *modules = done.stdout.split()
    assert int(statements) > 300
    assert "bms.sql.dialect.translations" in modules
    assert {"sqlglot", "cryptography", "jsonschema_rs", "PIL"}.isdisjoint(modules)


def test_changed_statement_has_no_kept_translation():
    kept = next(s for s in STATEMENTS.values() if s.parameters and find(s) is not None)
    object.__setattr__(changed := copy.copy(kept), "text", f"{kept.text} -- changed")
    assert find(changed) is None
    object.__setattr__(retyped := copy.copy(kept), "declaration", f"{kept.declaration} ")
    assert find(retyped) is None


@pytest.mark.parametrize("name", STATEMENTS)
def test_both_texts_take_the_declared_parameters(name):
    statement = STATEMENTS[name]
    for compiler in (compile_mssql, compile_postgres):
        compiled = compile_with_lists(statement, compiler)
        assert {parameter for parameter, _ in compiled.order} == set(statement.parameters)


def test_tsql_beside_hand_written_postgres_is_of_the_subset_too(monkeypatch):
    """The T-SQL is what is ported and read, so it parses and has explicit columns like any other."""
    monkeypatch.setattr("bms.sql.statements._REGISTRY", {})
    for name, statement in STATEMENTS.items():
        twin = Statement(name, statement.declaration, statement.text)
        assert compile_with_lists(twin, compile_postgres).sql


@pytest.mark.parametrize("path", MIGRATION_FILES, ids=lambda path: path.name)
def test_migration_is_as_stored(path):
    text = "".join(f"{translate_ddl(s)};\n" for s in split(path.read_text(encoding="utf-8")))
    compare(GOLDEN / "migrations" / path.name, text)


def test_no_golden_file_is_left_over():
    expected = {GOLDEN / f"{name}.sql" for name in STATEMENTS}
    expected |= {GOLDEN / "migrations" / path.name for path in MIGRATION_FILES}
    stale = sorted(set(GOLDEN.rglob("*.sql")) - expected)
    if stale and os.environ.get("BMS_UPDATE_GOLDEN") == "1":
        for path in stale:
            path.unlink()
        pytest.fail(f"removed: {', '.join(path.name for path in stale)}")
    assert stale == []
