"""script/lint-sql: that it looks at everything, and that it finds what it is there to find.

That the statements and migrations pass is for script/lint to say, which takes longer than a test should.
"""

from pathlib import Path
from types import ModuleType

import pytest

from bms.sql.statements import registered
from tests.kit.scripts import load_script

pytest.importorskip("sqlfluff", reason="sqlfluff is of the lint extra: script/bootstrap lint installs it")

ROOT = Path(__file__).parents[2]

SOUND = "SELECT id, name\nFROM   users WITH (UPDLOCK, ROWLOCK)\nWHERE  id IN (@ids) AND city = @city\n"
# Name -> (text, line, code): PRS is what does not parse.
BROKEN = {
    "test.no_source": ("SELECT id\nFROM   WHERE id = @id\n", 2, "PRS"),
    "test.hint_without_brackets": ("UPDATE users WITH ROWLOCK\nSET    name = @name\n", 1, "PRS"),
    "test.postgres": ("SELECT id\nFROM   users\nWHERE  id = @id\nFOR UPDATE\n", 4, "PRS"),
    "test.no_comma": ("INSERT INTO users (name city)\nVALUES (@name, @city)\n", 1, "PRS"),
    "test.star": ("SELECT *\nFROM   users\n", 1, "AM04"),
    "test.lower_case": ("SELECT id\nfrom   users\n", 2, "CP01"),
    "test.spacing": ("SELECT id\nFROM   users\nWHERE  id=@id\n", 3, "LT01"),
    "test.trailing": ("SELECT id \nFROM   users\n", 1, "LT01"),
    "test.alias": ("SELECT u.id\nFROM   users u\n", 2, "AL01"),
    "test.unnamed": ("SELECT id, name + city\nFROM   users\n", 1, "AL03"),
}


@pytest.fixture(scope="module")
def script() -> ModuleType:
    return load_script("lint-sql")


def test_each_fault_is_found_by_name_and_line_and_nothing_else(script: ModuleType) -> None:
    findings = script.lint({"test.sound": SOUND} | {name: text for name, (text, _, _) in BROKEN.items()})
    for name, (_, line, code) in BROKEN.items():
        assert any(finding.startswith(f"{name}: line {line}: {code} ") for finding in findings), findings
    assert not [finding for finding in findings if finding.startswith("test.sound:")]


def test_nothing_is_passed_over_for_a_comment_in_it_or_its_length(script: ModuleType) -> None:
    hidden = "SELECT id, -- noqa\n       name city -- noqa\nFROM   users\n"
    long = "-- " + "x" * 30_000 + "\nSELECT id FROM WHERE id = 1\n"
    findings = "\n".join(script.lint({"test.hidden": hidden, "test.long": long}))
    assert "test.hidden: line 2: AL02" in findings
    assert "test.long: line 2: PRS" in findings


def test_what_an_insert_selects_needs_no_names(script: ModuleType) -> None:
    assert script.lint({"test.insert": "INSERT INTO users (name, city)\nSELECT @name, 'Rotterdam'\n"}) == []


def test_every_statement_and_migration_is_looked_at(script: ModuleType) -> None:
    names = script.sources().keys()
    assert {s.name for s in registered() if not s.name.startswith("test.")} <= names
    assert {path.name for path in (ROOT / "migrations").glob("*.sql")} <= names


def test_names_choose_and_an_unknown_one_is_an_error(
    script: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(script, "sources", lambda: {"test.sound": SOUND, "test.star": BROKEN["test.star"][0]})
    assert script.main(["test.sound"]) == 0
    assert "1 looked at" in capsys.readouterr().out
    assert script.main([]) == 1
    assert "test.star: line 1: AM04" in capsys.readouterr().out
    assert script.main(["test.none"]) == 2
    assert "test.none" in capsys.readouterr().err
