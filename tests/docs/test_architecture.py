"""The picture of the architecture and the table of rooms, held against ``bms/``."""

import re
from pathlib import Path

from tests.kit.scripts import load_script

ARCHITECTURE = load_script("architecture")
PAGE = Path(__file__).parents[2] / "docs" / "architecture.md"


def test_the_drawing_is_that_of_the_imports() -> None:
    drawing = ARCHITECTURE.draw(ARCHITECTURE.imports())
    stored = ARCHITECTURE.DRAWING.read_text(encoding="utf-8")
    assert drawing == stored, "run .venv/bin/python script/architecture and look at the picture"


def test_what_a_longer_path_implies_is_left_out() -> None:
    graph = {"a": {"b", "c"}, "b": {"c"}, "c": set()}
    assert ARCHITECTURE.reduced(graph) == {"a": {"b"}, "b": {"c"}, "c": set()}


def test_every_room_has_a_row_and_every_row_a_room() -> None:
    _, _, table = PAGE.read_text(encoding="utf-8").partition("\n## Where is what\n")
    named = re.findall(r"^\| `(.+?)` \| \S", table.split("\n#", 1)[0], re.MULTILINE)
    rooms = [
        f"{path.name}/" if path.is_dir() else path.name
        for path in ARCHITECTURE.PACKAGE.iterdir()
        if (path / "__init__.py").is_file() or (path.suffix == ".py" and path.stem != "__init__")
    ]
    assert sorted(named) == sorted(rooms)
