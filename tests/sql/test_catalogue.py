"""Whatever walks the statements meets all of them: they are counted by reading the source."""

import ast
from collections.abc import Iterator
from pathlib import Path

import bms
import bms.commands
import bms.queries
from bms.sql.catalogue import all_statements

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
