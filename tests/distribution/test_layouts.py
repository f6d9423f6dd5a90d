"""Where a program finds its migrations: beside the package in a source tree, inside it once installed."""

import shutil
import sys
import urllib.request
from pathlib import Path

import pytest

import bms
from bms.sql.yoyo.apply import MIGRATIONS
from tests.kit.programs import run, serving

PACKAGE = Path(bms.__file__).parent
BROKEN = "There are no migrations in {}, so this installation of BMS is broken. Install it again: pip install"

own_server = pytest.mark.embedded_only("it starts the embedded server")


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A directory with a copy of the package, as pip makes one, and a stranger's migrations beside it."""
    made = tmp_path / "site"
    shutil.copytree(PACKAGE, made / "bms", ignore=shutil.ignore_patterns("__pycache__"))
    (made / "migrations").mkdir()
    (made / "migrations" / "0001_theirs.py").write_text("raise SystemExit('theirs was read')\n")
    return made


@own_server
def test_a_source_tree_serves_without_being_installed(site: Path) -> None:
    shutil.rmtree(site / "migrations")
    shutil.copytree(MIGRATIONS, site / "migrations")
    for name in ("setup.cfg", "run.py"):
        shutil.copy(MIGRATIONS.parent / name, site)
    command = [sys.executable, "run.py"]
    settings = {"BMS_DATA_DIR": "var", "BMS_BCRYPT_ROUNDS": "4"}
    with serving(command, site, **settings) as base, urllib.request.urlopen(f"{base}/events") as reply:
        assert reply.status == 200
    assert "applied migration 0001_create_users" in (site / "log").read_text()


def test_an_installed_package_has_its_migrations_inside(site: Path, tmp_path: Path) -> None:
    shutil.copytree(MIGRATIONS, site / "bms" / "migrations")
    code = "from bms.sql.yoyo.apply import MIGRATIONS; print(MIGRATIONS)"
    found = run([sys.executable, "-c", code], tmp_path, PYTHONPATH=str(site))
    assert found.stdout.strip() == str(site / "bms" / "migrations"), found.stderr


@own_server
def test_a_package_that_lost_its_migrations_says_so(site: Path, tmp_path: Path) -> None:
    settings = {"PYTHONPATH": str(site), "BMS_DATA_DIR": str(tmp_path / "var")}
    told = BROKEN.format(site / "bms" / "migrations")
    command = [sys.executable, "-m", "bms.cli"]
    doctor = run([*command, "doctor"], tmp_path, **settings)
    assert (doctor.returncode, doctor.stderr) == (1, "")
    assert f"problem  {told}" in doctor.stdout
    assert "ok       the role may create tables" in doctor.stdout, "the rest is examined all the same"
    assert doctor.stdout.endswith("1 problem found.\n")
    for arguments in (("migrate",), ("migrate", "--status"), ("serve",)):
        refused = run([*command, *arguments], tmp_path, **settings)
        assert (refused.returncode, refused.stdout) == (2, "")
        assert refused.stderr.startswith(f"bms: {told}")
