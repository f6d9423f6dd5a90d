"""script/release, in a clone of its own: what it writes and refuses, and what a failure leaves."""

import datetime
import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

import bms
from tests.kit.guide import ROOT

NEXT = "9.8.7"
WHO = {
    f"GIT_{who}_{what}": value
    for who in ("AUTHOR", "COMMITTER")
    for what, value in (("NAME", "Somebody"), ("EMAIL", "somebody@example.org"))
}
SECONDS = 300


def git(directory: Path, *arguments: str) -> str:
    done = subprocess.run(
        ["git", *arguments],
        cwd=directory,
        env=os.environ | WHO,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def release(clone: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "script/release", *arguments],
        cwd=clone,
        env=os.environ | WHO,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A repository with the files of this one, those not committed yet included, and one commit."""
    made = tmp_path / "clone"
    names = git(ROOT, "ls-files", "--cached", "--others", "--exclude-standard", "-z").split("\0")
    for name in filter(None, names):
        if (ROOT / name).is_file():
            (made / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, made / name)
    git(made, "init", "--quiet", "--initial-branch=main")
    git(made, "add", "--all")
    git(made, "commit", "--quiet", "--message", "all: everything")
    changelog = made / "CHANGELOG.md"
    if "\n## Unreleased\n\n###" not in changelog.read_text(encoding="utf-8"):
        text = changelog.read_text(encoding="utf-8")
        changelog.write_text(text.replace("## Unreleased\n", "## Unreleased\n\n### Added\n\n- One.\n", 1))
        git(made, "commit", "--quiet", "--all", "--message", "changelog: one line")
    return made


def test_a_dry_run_says_what_would_change_and_changes_nothing(clone: Path) -> None:
    before = git(clone, "rev-parse", "HEAD")
    done = release(clone, NEXT, "--dry-run")
    assert (done.returncode, done.stderr) == (0, "")
    assert f'-__version__ = "{bms.__version__}"' in done.stdout
    assert f'+__version__ = "{NEXT}"' in done.stdout
    assert f"+## {NEXT} - {datetime.datetime.now(datetime.UTC):%Y-}" in done.stdout
    assert f"new file tests/openapi/released/{NEXT}.json" in done.stdout
    assert (git(clone, "rev-parse", "HEAD"), git(clone, "status", "--porcelain")) == (before, "")
    assert git(clone, "tag") == ""


def test_what_cannot_be_released_is_refused(clone: Path) -> None:
    def refused(version: str) -> str:
        done = release(clone, version, "--dry-run")
        assert (done.returncode, done.stdout) == (1, "")
        return done.stderr

    assert "9.8 is no version such as 1.2.3" in refused("9.8")
    assert f"does not come after {bms.__version__}" in refused(bms.__version__)
    (clone / "README.md").write_text("changed")
    assert "not committed" in refused(NEXT)
    git(clone, "checkout", "--quiet", "README.md")
    git(clone, "tag", f"v{NEXT}")
    assert f"a tag v{NEXT} already" in refused(NEXT)
    git(clone, "tag", "--delete", f"v{NEXT}")
    (clone / "CHANGELOG.md").write_text("# Changelog\n\n## Unreleased\n\n## 0.0.1\n\n- Old.\n")
    git(clone, "commit", "--quiet", "--all", "--message", "changelog: nothing")
    assert "nothing under Unreleased" in refused(NEXT)


@pytest.mark.slow
def test_a_release_is_a_commit_a_tag_and_two_files(clone: Path) -> None:
    done = release(clone, NEXT)
    assert done.returncode == 0, done.stdout + done.stderr
    assert git(clone, "log", "-1", "--format=%s") == f"release: {NEXT}"
    assert git(clone, "describe") == f"v{NEXT}"
    assert git(clone, "status", "--porcelain") == ""
    stem = f"bms_tickets-{NEXT}"
    with zipfile.ZipFile(clone / "dist" / f"{stem}-py3-none-any.whl") as wheel:
        assert f'"{NEXT}"' in wheel.read("bms/__init__.py").decode()
        assert "bms/web/built_guide/index.html" in wheel.namelist()
    with tarfile.open(clone / "dist" / f"{stem}.tar.gz") as archive:
        assert f"{stem}/tests/openapi" not in archive.getnames()
        assert f"{stem}/docs/index.md" in archive.getnames()
    # The documents that name the version agree with what the code describes.
    released = clone / "tests" / "openapi" / "released" / f"{NEXT}.json"
    assert released.read_bytes() == (clone / "docs" / "openapi.json").read_bytes()


@pytest.mark.slow
def test_a_release_that_fails_leaves_the_tree_as_it_was(clone: Path) -> None:
    (clone / "docs" / "index.md").write_text("# Guide\n\n[nowhere](nowhere.md)\n")
    git(clone, "commit", "--quiet", "--all", "--message", "docs: a broken link")
    before = git(clone, "rev-parse", "HEAD")
    done = release(clone, NEXT)
    assert done.returncode == 1
    assert "nothing was released" in done.stderr
    assert (git(clone, "rev-parse", "HEAD"), git(clone, "status", "--porcelain")) == (before, "")
    assert git(clone, "tag") == ""
