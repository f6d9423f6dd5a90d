"""An operator's directory, database and command line."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.running import KEY, Run
from tests.kit.servers import Server


@pytest.fixture
def place(server: Server, request: pytest.FixtureRequest) -> dict[str, str]:
    """Settings that lead to an empty database: none for an embedded server in the test's directory."""
    if server.embedded:
        return {}
    url = request.getfixturevalue("empty_database_url")
    return {
        "BMS_DATABASE_URL": url,
        "BMS_SECRET_KEY": KEY,
        "BMS_GATEWAY": "simulated",
        "BMS_PUBLIC_URL": "http://127.0.0.1:8080",
    }


@pytest.fixture
def bms(tmp_path: Path, place: dict[str, str]) -> Run:
    """Run ``bms`` with a data directory and a database of the test's own."""

    def run(*arguments: str, stdin: str = "", **settings: str) -> subprocess.CompletedProcess[str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("BMS_")}
        chosen = {"BMS_DATA_DIR": str(tmp_path / "var"), "BMS_BCRYPT_ROUNDS": "4"}
        chosen |= settings if "BMS_DATABASE_URL" in settings else {**place, **settings}
        return subprocess.run(
            [sys.executable, "-m", "bms.cli", *arguments],
            input=stdin,
            capture_output=True,
            text=True,
            cwd=tmp_path,
            env={**kept, **chosen},
            timeout=60,
        )

    return run
