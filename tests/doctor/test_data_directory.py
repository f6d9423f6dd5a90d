"""What the doctor says of the data directory."""

import dataclasses
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from types import SimpleNamespace

import pytest

from bms.doctor import data_directory
from bms.settings import Settings
from bms.sql.doctor.findings import Level
from tests.doctor.findings import only, told

NOBODY = 65_534


@pytest.fixture
def data(tmp_path: Path, settings: Settings) -> Settings:
    """Settings with a data directory of their own, which is not made yet."""
    return dataclasses.replace(settings, data_dir=tmp_path / "data")


def test_a_directory_that_is_well(data: Settings) -> None:
    (missing,) = told(data_directory.examine(data))
    assert missing == (Level.OK, f"{data.data_dir} does not exist yet: BMS makes it")
    assert not data.data_dir.exists(), "it looks, and makes nothing"
    data.data_dir.mkdir()
    (data.data_dir / "secret_key").write_text("k" * 40)
    (data.data_dir / "secret_key").chmod(0o600)
    found = told(data_directory.examine(data))
    assert [level for level, _ in found] == [Level.OK, Level.OK], found
    assert "who can write there" in found[0][1]
    assert "GiB are free in" in found[1][1]


def test_a_secret_that_others_may_open(data: Settings) -> None:
    data.data_dir.mkdir()
    path = data.data_dir / "secret_key"
    path.write_text("k" * 40)
    path.chmod(0o640)
    found = only(data_directory.examine(data), Level.PROBLEM, "others than its owner may open")
    assert found.fix == f"chmod 600 {path}"


def test_a_file_where_the_directory_should_be(data: Settings) -> None:
    data.data_dir.write_text("")
    only(data_directory.examine(data), Level.PROBLEM, "is no directory")


@pytest.mark.parametrize(
    ("free", "level"), [(3 * 2**30, Level.OK), (2**30, Level.ADVICE), (100 * 2**20, Level.PROBLEM)]
)
def test_how_much_room_there_is(
    data: Settings, monkeypatch: pytest.MonkeyPatch, free: int, level: Level
) -> None:
    data.data_dir.mkdir()
    monkeypatch.setattr(data_directory.shutil, "disk_usage", lambda _: SimpleNamespace(free=free))
    found = [finding for finding in data_directory.examine(data) if "free in" in finding.text]
    assert [finding.level for finding in found] == [level]


AS_NOBODY = """
import os, sys
from pathlib import Path
from types import SimpleNamespace
import pwd
from bms.doctor.data_directory import examine
os.setgroups([])
os.setgid(int(sys.argv[2]))
os.setuid(int(sys.argv[2]))
for finding in examine(SimpleNamespace(data_dir=Path(sys.argv[1]))):
    print(finding)
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="only root becomes another user")
def test_a_directory_of_another_user(settings: Settings, request: pytest.FixtureRequest) -> None:
    # tmp_path is closed to other users.
    above = Path(tempfile.mkdtemp())
    request.addfinalizer(lambda: shutil.rmtree(above))
    above.chmod(0o755)
    data = dataclasses.replace(settings, data_dir=above / "data")

    def examined() -> str:
        command = [sys.executable, "-c", AS_NOBODY, str(data.data_dir), str(NOBODY)]
        return subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout

    assert "cannot make it in" in examined()
    data.data_dir.mkdir(mode=0o755)
    (problem, _) = examined().splitlines()
    assert problem.startswith(f"problem  {data.data_dir} belongs to root, and nobody cannot write there.")
    assert f"To fix it: chown -R nobody {data.data_dir}" in problem
    data.data_dir.chmod(0o777)
    assert "advice " in examined()
    assert f"{data.data_dir} belongs to root, and this is nobody" in examined()
    os.chown(data.data_dir, NOBODY, NOBODY)
    left = data.data_dir / "gateway.sqlite3"
    left.write_text("")
    left.chmod(0o600)
    assert "gateway.sqlite3 in" in examined(), "somebody ran a command as root"
    assert f"chown -R nobody {data.data_dir}" in examined()
