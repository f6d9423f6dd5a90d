"""Migrations of a test's own."""

from pathlib import Path

import pyodbc
import pytest

from tests.kit.steps import Steps


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """A directory for migrations, whose name is a pattern."""
    made = tmp_path / "steps [1]"
    made.mkdir()
    return made


@pytest.fixture
def steps(empty_database_url: str, sql_connection: pyodbc.Connection, directory: Path) -> Steps:
    """No migrations yet, and an empty database to apply them to."""
    return Steps(empty_database_url, sql_connection, directory)
