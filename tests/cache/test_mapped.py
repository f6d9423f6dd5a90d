"""Files that are mapped have all their bytes on the disk, so that a full disk ends no process."""

import errno
import os
from pathlib import Path
from typing import Any

import pytest

from bms.cache.mapped import open_whole

SIZE = 1 << 20

pytestmark = pytest.mark.skipif(not hasattr(os, "posix_fallocate"), reason="this system allocates no files")


def allocated(path: Path) -> int:
    return path.stat().st_blocks * 512


def test_it_is_made_whole(tmp_path: Path) -> None:
    path = tmp_path / "below" / "stamps"
    os.close(open_whole(path, SIZE))
    assert path.stat().st_size == SIZE
    assert allocated(path) >= SIZE
    assert path.stat().st_mode & 0o777 == 0o600


def test_holes_are_filled_and_nothing_is_overwritten_or_cut(tmp_path: Path) -> None:
    path = tmp_path / "stamps"
    with path.open("wb") as file:
        file.write(b"kept")
        file.truncate(2 * SIZE)
    os.close(open_whole(path, SIZE))
    assert path.stat().st_size == 2 * SIZE
    assert allocated(path) >= SIZE
    assert path.read_bytes()[:4] == b"kept"


def test_a_full_disk_refuses_a_new_file_and_not_an_old_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = tmp_path / "old"
    old.touch()
    os.truncate(old, SIZE)

    def full(*_: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "posix_fallocate", full)
    os.close(open_whole(old, SIZE))
    with pytest.raises(OSError, match="No space"):
        open_whole(tmp_path / "new", SIZE)
