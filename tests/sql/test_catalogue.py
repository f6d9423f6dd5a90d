"""Whatever walks the statements meets all of them: they are counted by reading the source."""

import ast
import importlib
from collections.abc import Iterator
from pathlib import Path

import bms
import bms.commands
import bms.queries
from bms.sql.catalogue import all_statements
from bms.sql.statements import registered

PACKAGE = Path(bms.__file__).parent


def declared(tree: ast.AST) -> Iterator[str]:
    """Yield the names of the statements that a module declares by name, not through a helper."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func).partition("[")[0] == "Statement":
            name = node.args[0]
            if isinstance(name, ast.Constant):
                yield name.value


def test_every_statement_of_the_source_is_listed() -> None:
    files = sorted(PACKAGE.rglob("*.py"))
    in_source = [name for path in files for name in declared(ast.parse(path.read_text(encoding="utf-8")))]
    listed = [s.name for s in all_statements(bms.commands, bms.queries)]
    assert len(in_source) > 150
    assert set(in_source) <= set(listed)


def test_a_sub_package_is_walked(tmp_path: Path, monkeypatch) -> None:
    package = tmp_path / "planted_statements"
    (package / "deep").mkdir(parents=True)
    (package / "__init__.py").touch()
    (package / "deep" / "__init__.py").touch()
    (package / "deep" / "module.py").write_text(
        "from bms.sql.statements import Statement\nS = Statement('test.planted', '', 'SELECT 1 AS one')\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    import planted_statements

    assert "test.planted" in {s.name for s in all_statements(planted_statements)}


def calls(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Yield the line of each call, of ``Statement`` or of a helper, that has a text for a first argument."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
            yield node.lineno, str(node.args[0].value)


def test_each_knows_the_line_of_its_declaration() -> None:
    found = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        place = path.relative_to(PACKAGE.parent).as_posix()
        for line, name in calls(ast.parse(path.read_text(encoding="utf-8"))):
            found[name] = f"{place}:{line}"
    statements = all_statements(bms.commands, bms.queries)
    listed = {s.name: s.declared_at for s in statements if s.name in found}
    assert len(listed) > 150
    assert listed == {name: found[name] for name in listed}
    assert listed["bookings.find_by_reference"].startswith("bms/queries/booking_search.py:"), (
        "of those by a helper"
    )


DECLARED = """\
from bms.sql.statements import Statement

def declare(name):
    return [
        Statement(f"test.{name}", "", "SELECT 1 AS one")
        for _ in "x"
    ]

SIMPLE = Statement(
    "test.simple",
    "",
    "SELECT 1 AS one",
)
HELPED = declare(
    "helped"
)
for name in ("first", "second"):
    declare(f"looped_{name}")
class Group:
    KEPT = declare("kept")
from helping_statements import declare as borrowed
borrowed("borrowed")
"""


def test_a_declaration_by_a_helper_stands_where_the_helper_is_called(tmp_path: Path, monkeypatch) -> None:
    """Also one in a loop, in a class, and by a helper of another module."""
    monkeypatch.setattr("bms.sql.statements._REGISTRY", {})
    (tmp_path / "declared_statements.py").write_text(DECLARED)
    (tmp_path / "helping_statements.py").write_text("\n" * 50 + DECLARED.partition("SIMPLE")[0])
    monkeypatch.syspath_prepend(tmp_path)
    importlib.import_module("declared_statements")
    lines = {s.name: s.declared_at for s in registered()}
    file = (tmp_path / "declared_statements.py").as_posix()
    assert lines == {
        "test.simple": f"{file}:9",
        "test.helped": f"{file}:14",
        "test.looped_first": f"{file}:18",
        "test.looped_second": f"{file}:18",
        "test.kept": f"{file}:20",
        "test.borrowed": f"{file}:22",
    }
