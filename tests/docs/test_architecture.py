"""The picture of the architecture in the README is made from the imports, and stays true to them."""

from tests.kit.scripts import load_script

ARCHITECTURE = load_script("architecture")


def test_the_drawing_is_that_of_the_imports() -> None:
    drawing = ARCHITECTURE.draw(ARCHITECTURE.imports())
    stored = ARCHITECTURE.DRAWING.read_text(encoding="utf-8")
    assert drawing == stored, "run .venv/bin/python script/architecture and look at the picture"


def test_what_a_longer_way_stands_for_is_left_out() -> None:
    graph = {"a": {"b", "c"}, "b": {"c"}, "c": set()}
    assert ARCHITECTURE.reduced(graph) == {"a": {"b"}, "b": {"c"}, "c": set()}
