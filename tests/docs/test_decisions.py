"""The decision records: one form, and no name in them that has moved away."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
RECORDS = sorted((ROOT / "docs" / "decisions").glob("*.md"))
HEAD = re.compile(
    r"# (?P<number>\d{4}): \S.*\n\n"
    r"- Status: (?:proposed|accepted|superseded)\b(?:.|\n  )*\n"
    r"- Date: \d{4}-\d\d-\d\d\n\n"
    r"## Context\n"
)


def test_they_are_numbered_on() -> None:
    assert [path.name[:5] for path in RECORDS] == [f"{n:04}-" for n in range(1, len(RECORDS) + 1)]


@pytest.mark.parametrize("path", RECORDS, ids=lambda path: path.stem)
def test_a_record_has_the_form_of_all(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    head = HEAD.match(text)
    assert head is not None
    assert head["number"] == path.name[:4]
    assert re.findall(r"^## (.*)$", text, re.MULTILINE) == ["Context", "Decision", "Consequences"]


@pytest.mark.parametrize("path", RECORDS, ids=lambda path: path.stem)
def test_what_a_record_names_is_there(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    named = re.findall(r"`((?:bms|tests|script|docs|deploy)/[\w./-]+)`", text)
    named += [f"docs/decisions/{link}" for link in re.findall(r"\]\((\d{4}-[^)]+)\)", text)]
    assert [name for name in named if not (ROOT / name).exists()] == []
