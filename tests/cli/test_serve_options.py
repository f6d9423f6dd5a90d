"""What ``bms serve`` takes from its command line."""

import contextlib
import shutil
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

import bms as package
from tests.kit.programs import environment, free_port, run, serving
from tests.kit.waiting import wait_until

BMS = [sys.executable, "-m", "bms.cli"]
pytestmark = pytest.mark.embedded_only("it starts the embedded server")


def test_serve_takes_host_and_port_from_the_command_line(tmp_path: Path) -> None:
    port = free_port()
    settings = {
        "BMS_DATA_DIR": "var",
        "BMS_BCRYPT_ROUNDS": "4",
        "BMS_DEMO_DATA": "off",
        "BMS_HOST": "nowhere",
    }
    kubernetes = {
        "BMS_PORT": "tcp://10.0.0.1:8080",
        "BMS_PORT_8080_TCP_PROTO": "tcp",
        "BMS_SERVICE_HOST": "10.0.0.1",
    }
    with (tmp_path / "log").open("wb") as log:
        server = subprocess.Popen(
            [*BMS, "serve", "--host", "127.0.0.1", "--port", str(port)],
            cwd=tmp_path,
            env=environment(**settings, **kubernetes),
            stdout=log,
            stderr=log,
        )
    said = tmp_path / "log"

    def is_alive() -> bool:
        with (
            contextlib.suppress(OSError),
            urllib.request.urlopen(f"http://127.0.0.1:{port}/health/live") as reply,
        ):
            return bool(reply.status == 200)
        return False

    try:
        wait_until(lambda: f"serving on http://127.0.0.1:{port} " in said.read_text(), seconds=60)
        assert is_alive()
        assert run([*BMS, "reload"], tmp_path, BMS_DATA_DIR="var", BMS_PORT=str(port)).returncode == 0
        wait_until(lambda: said.read_text().count(f"serving on http://127.0.0.1:{port} ") == 2, seconds=60)
        wait_until(is_alive, seconds=60)
    finally:
        server.terminate()
        assert server.wait(timeout=30) == 0
    told = "beside a Service named bms: BMS_PORT_8080_TCP_PROTO, BMS_SERVICE_HOST\n"  # the port was chosen
    assert told in said.read_text()
    wrong = run([*BMS, "serve", "--port", "http"], tmp_path, BMS_DATA_DIR="var")
    assert (wrong.returncode, wrong.stderr.startswith("bms: BMS_PORT: a whole number")) == (2, True)


def test_serve_reloads_when_its_code_changes(tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    shutil.copytree(Path(package.__file__).parent, tree / "bms", ignore=shutil.ignore_patterns("__pycache__"))
    root = Path(package.__file__).parents[1]
    shutil.copytree(root / "migrations", tree / "migrations")
    shutil.copy(root / "setup.cfg", tree)
    module = tree / "bms" / "handlers" / "health.py"
    good = module.read_text()

    def alive(base: str) -> bytes:
        with urllib.request.urlopen(f"{base}/health/live", timeout=10) as reply:
            return reply.read()

    settings = {"BMS_DATA_DIR": str(tmp_path / "var"), "BMS_BCRYPT_ROUNDS": "4", "BMS_DEMO_DATA": "off"}
    with serving([*BMS, "serve", "--reload"], tree, **settings) as base:
        module.write_text(good + "def broken(:\n")
        log = tree / "log"
        wait_until(lambda: "health.py cannot be used: SyntaxError" in log.read_text(), seconds=60)
        assert b'"ok"' in alive(base), "it goes on as it was"
        module.write_text(good.replace('{"status": "ok"})', '{"status": "anew"})'))

        def is_anew() -> bool:
            try:
                return b'"anew"' in alive(base)
            except OSError:
                return False

        wait_until(is_anew, seconds=60)
