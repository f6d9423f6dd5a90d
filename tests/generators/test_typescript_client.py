"""A TypeScript client: types that openapi-typescript makes, and a program that buys a ticket with them."""

import shutil
from pathlib import Path

import pytest

from tests.generators.conftest import HERE, Tool

pytestmark = pytest.mark.slow


def test_a_program_that_buys_a_ticket_is_well_typed(described: Path, node_tool: Tool, tmp_path: Path) -> None:
    node_tool(["openapi-typescript", described / "openapi.json", "--output", tmp_path / "openapi.ts"])
    for name in ("buyer.ts", "tsconfig.json"):
        shutil.copy(HERE / name, tmp_path)
    node_tool(["tsc", "--project", tmp_path / "tsconfig.json"])


def test_types_can_be_made_of_the_older_shapes_too(described: Path, node_tool: Tool, tmp_path: Path) -> None:
    older = tmp_path / "older.ts"
    node_tool(["openapi-typescript", described / "openapi-legacy.json", "--output", older])
    node_tool(["tsc", "--noEmit", "--strict", older])
