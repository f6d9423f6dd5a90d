"""A server with its description in a file, and the tools of Node.js that read it."""

import hashlib
import os
import shutil
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from tests.kit.programs import serving

HERE = Path(__file__).parent
NPM_SECONDS = 300
TOOL_SECONDS = 180
# Redocly's tool would tell its makers of each run, and ask them for news.
QUIET = {"REDOCLY_TELEMETRY": "off", "REDOCLY_SUPPRESS_UPDATE_NOTICE": "true"}
Tool = Callable[[Sequence[str | Path]], str]


@pytest.fixture(scope="session")
def base(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a server with an empty database, as a person starts it."""
    directory = tmp_path_factory.mktemp("service")
    settings = {"BMS_DATA_DIR": str(directory / "var"), "BMS_DEMO_DATA": "off", "BMS_BCRYPT_ROUNDS": "4"}
    with serving([sys.executable, "-m", "bms.cli", "serve"], directory, **settings) as address:
        yield address


@pytest.fixture(scope="session")
def described(base: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files ``openapi.json`` and ``openapi-legacy.json`` in a directory, as the server serves them."""
    directory = tmp_path_factory.mktemp("described")
    for name in ("openapi.json", "openapi-legacy.json"):
        with urllib.request.urlopen(f"{base}/{name}", timeout=30) as reply:
            (directory / name).write_bytes(reply.read())
    return directory


@pytest.fixture(scope="session")
def node_tool(tmp_path_factory: pytest.TempPathFactory) -> Tool:
    """Run a tool of package.json, which npm installs beside the Python environment, and return what it says.

    Without npm the test is skipped.
    """
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip("npm is not here: install Node.js 20 or newer to run the tools of package.json")
    wanted = (HERE / "package.json").read_bytes()
    home = Path(sys.prefix) / f"generators-{hashlib.sha256(wanted).hexdigest()[:12]}"
    if not (home / "installed").exists():
        home.mkdir(exist_ok=True)
        (home / "package.json").write_bytes(wanted)
        command = [npm, "install", "--no-audit", "--no-fund", "--no-package-lock", "--loglevel=error"]
        _run(command, home, NPM_SECONDS)
        (home / "installed").touch()

    def run(command: Sequence[str | Path]) -> str:
        name, *rest = command
        return _run(
            [home / "node_modules" / ".bin" / str(name), *rest], tmp_path_factory.getbasetemp(), TOOL_SECONDS
        )

    return run


def _run(command: Sequence[str | Path], directory: Path, seconds: float) -> str:
    done = subprocess.run(
        command,
        cwd=directory,
        env={**os.environ, **QUIET},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=seconds,
        check=False,
    )
    assert done.returncode == 0, f"{' '.join(map(str, command))}\n{done.stdout}"
    return done.stdout
