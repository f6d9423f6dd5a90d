"""A migration that has landed is never edited: a database that has it would keep the old form.

``landed.sha256`` holds the hash of each file, in the form that ``sha256sum --check`` reads.
``BMS_UPDATE_GOLDEN=1`` adds the files that are new, and nothing else, and fails to say so.
"""

import hashlib
import os
from pathlib import Path

import pytest

MIGRATIONS = Path(__file__).resolve().parents[2] / "migrations"
LANDED = Path(__file__).with_name("landed.sha256")


def read(landed: Path) -> dict[str, str]:
    """Return the hash by file name."""
    if not landed.exists():
        return {}
    lines = landed.read_text(encoding="ascii").splitlines()
    return {name: digest for digest, name in (line.split("  ") for line in lines)}


def hashes(migrations: Path) -> dict[str, str]:
    """Return the hash by file name of what is there now."""
    return {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(migrations.glob("*.sql"))
    }


def check(migrations: Path, landed: Path, *, update: bool) -> None:
    """Fail for a file that is changed, gone or not listed; with ``update``, list those that are new."""
    listed, found = read(landed), hashes(migrations)
    changed = [name for name, digest in listed.items() if found.get(name, digest) != digest]
    assert not changed, f"{', '.join(changed)}: landed migrations are not edited; write a new one"
    gone = sorted(listed.keys() - found.keys())
    assert not gone, f"{', '.join(gone)}: landed migrations are not removed"
    new = sorted(found.keys() - listed.keys())
    if new and update:
        listed |= {name: found[name] for name in new}
        text = "".join(f"{listed[name]}  {name}\n" for name in sorted(listed))
        landed.write_text(text, encoding="ascii")
        pytest.fail(f"{', '.join(new)}: listed now; run again without BMS_UPDATE_GOLDEN")
    assert not new, f"{', '.join(new)}: new; when it is final, run with BMS_UPDATE_GOLDEN=1"


def test_no_landed_migration_was_edited() -> None:
    check(MIGRATIONS, LANDED, update=os.environ.get("BMS_UPDATE_GOLDEN") == "1")


@pytest.fixture
def landed(tmp_path: Path) -> Path:
    """The list of a directory with two landed files, beside it."""
    for name in ("0001_make.sql", "0001_make.rollback.sql"):
        (tmp_path / name).write_text(name)
    with pytest.raises(pytest.fail.Exception, match="listed now"):
        check(tmp_path, tmp_path / "landed", update=True)
    check(tmp_path, tmp_path / "landed", update=False)
    return tmp_path / "landed"


@pytest.mark.parametrize("update", [False, True])
@pytest.mark.parametrize("name", ["0001_make.sql", "0001_make.rollback.sql"])
def test_an_edited_or_removed_file_is_found_and_never_listed_anew(
    landed: Path, name: str, update: bool
) -> None:
    before = landed.read_text()
    path = landed.parent / name
    path.write_text("other")
    with pytest.raises(AssertionError, match=f"{name}: landed migrations are not edited"):
        check(landed.parent, landed, update=update)
    path.unlink()
    with pytest.raises(AssertionError, match=f"{name}: landed migrations are not removed"):
        check(landed.parent, landed, update=update)
    assert landed.read_text() == before


def test_a_new_file_is_found_and_added_when_asked(landed: Path) -> None:
    before = landed.read_text()
    (landed.parent / "0002_add.sql").write_text("new")
    with pytest.raises(AssertionError, match=r"0002_add\.sql: new"):
        check(landed.parent, landed, update=False)
    assert landed.read_text() == before
    with pytest.raises(pytest.fail.Exception, match=r"0002_add\.sql: listed now"):
        check(landed.parent, landed, update=True)
    assert before.splitlines() == landed.read_text().splitlines()[:2]
    check(landed.parent, landed, update=False)
