"""What ODBC is told once a process."""

import subprocess
import sys
import tempfile
from pathlib import Path

import pyodbc
import pytest

import bms.sql  # noqa: F401  # prepares ODBC


def test_the_driver_manager_pools_nothing() -> None:
    assert pyodbc.pooling is False


@pytest.mark.postgres_only("psqlODBC alone leaves such files")
def test_no_log_file_is_left_behind(empty_database_url: str) -> None:
    program = (
        "import os, sys, pyodbc\n"
        "from bms.sql.odbc.target import parse_url\n"
        "pyodbc.connect(parse_url(sys.argv[1]).odbc).close()\n"
        "print(os.getpid())\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, empty_database_url], capture_output=True, text=True, check=True
    )
    left = [
        path.name for path in Path(tempfile.gettempdir()).glob(f"psqlodbc_*[!0-9]{done.stdout.strip()}.log")
    ]
    assert left == []
