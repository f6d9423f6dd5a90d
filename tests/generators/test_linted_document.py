"""The linters that most people run on a description have nothing to say about ours."""

import re
from pathlib import Path

import pytest

from tests.generators.conftest import HERE, Tool

pytestmark = pytest.mark.slow
# The configuration of each document. What a rule is switched off for stands in it.
DOCUMENTS = {"openapi.json": "", "openapi-legacy.json": "-legacy"}


@pytest.mark.parametrize("name", DOCUMENTS)
def test_redocly(described: Path, node_tool: Tool, name: str) -> None:
    rules = HERE / f"redocly{DOCUMENTS[name]}.yaml"
    said = node_tool(["redocly", "lint", "--config", rules, described / name])
    assert "Your API description is valid" in said
    assert not re.search(r"You have \d+ warning", said), said


@pytest.mark.parametrize("name", DOCUMENTS)
def test_spectral(described: Path, node_tool: Tool, name: str) -> None:
    rules = HERE / f"spectral{DOCUMENTS[name]}.yaml"
    command = ["spectral", "lint", "--ruleset", rules, "--fail-severity", "hint", described / name]
    assert "No results with a severity of 'hint' or higher found!" in node_tool(command)


def test_a_fault_is_noticed(described: Path, node_tool: Tool, tmp_path: Path) -> None:
    """The twin: a description with a reference that leads nowhere."""
    text = (described / "openapi.json").read_text(encoding="utf-8")
    broken = tmp_path / "openapi.json"
    broken.write_text(text.replace("#/components/schemas/BookingAnswer", "#/components/schemas/Nothing"))
    for command, said in (
        (["redocly", "lint", "--config", HERE / "redocly.yaml", broken], "Can't resolve \\$ref"),
        (["spectral", "lint", "--ruleset", HERE / "spectral.yaml", broken], "invalid-ref"),
    ):
        with pytest.raises(AssertionError, match=said):
            node_tool(command)
