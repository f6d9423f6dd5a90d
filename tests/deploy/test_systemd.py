"""The units in deploy/systemd, judged by systemd's own tool. They are not started."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from bms import settings as settings_module

UNITS = sorted((Path(__file__).parents[2] / "deploy" / "systemd").glob("*.service"))


def analyze(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    program = shutil.which("systemd-analyze")
    if program is None:
        pytest.skip("systemd-analyze is not installed")
    return subprocess.run([program, *arguments], capture_output=True, text=True, check=False)


def installed(unit: Path, directory: Path) -> Path:
    """Return the unit with a program that is there in place of /opt/bms/bin/bms."""
    path = directory / unit.name
    path.write_text(unit.read_text().replace("/opt/bms/bin/bms", shutil.which("true") or "/bin/true"))
    return path


def test_systemd_finds_no_fault(tmp_path: Path) -> None:
    assert [unit.name for unit in UNITS] == ["bms-worker.service", "bms.service"]
    done = analyze("verify", "--man=no", *(installed(unit, tmp_path) for unit in UNITS))
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    ("right", "wrong"),
    [("KillMode=mixed", "KillMode=mild"), ("RestartSec=", "RestartSeconds="), ("bms serve", "no/such")],
)
def test_a_wrong_word_is_found(tmp_path: Path, right: str, wrong: str) -> None:
    """The twin."""
    unit = tmp_path / "bms.service"
    text = UNITS[1].read_text()
    assert right in text
    unit.write_text(text.replace(right, wrong))
    done = analyze("verify", "--man=no", unit)
    assert done.returncode or done.stderr


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.stem)
def test_they_are_given_little(tmp_path: Path, unit: Path) -> None:
    """systemd's own figure of exposure is at most 2.0, of 10."""
    done = analyze("security", "--offline=true", "--threshold=20", installed(unit, tmp_path))
    assert done.returncode == 0, done.stdout[-500:]


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.stem)
def test_their_settings_are_settings(tmp_path: Path, unit: Path) -> None:
    text = unit.read_text()
    for name, secret in (("secret_key", "x" * 48), ("database_url", "postgresql://bms_app@127.0.0.1/bms")):
        assert f"LoadCredential={name}:/etc/bms/{name}" in text
        (tmp_path / name).write_text(secret)
    given = dict(re.findall(r"^Environment=(BMS_\w+)=(.*)$", text, re.MULTILINE))
    given = {name: value.replace("%d", str(tmp_path)) for name, value in given.items()}
    settings = settings_module.load(given | {"BMS_DATA_DIR": str(tmp_path)}, tmp_path / "no .env")
    assert settings.database_url == "postgresql://bms_app@127.0.0.1/bms"
    assert settings.secret_key == "x" * 48
