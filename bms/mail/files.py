"""Files of messages: each is written whole, and removed when it is old."""

import asyncio
import os
import re
import secrets
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from bms.grouping import Grouping

# A message, or what a process that died left of one.
_NAME = re.compile(r"[a-z_]+-[0-9a-f]{32}\.eml|\.[a-z0-9_]+\.part")


class _File(NamedTuple):
    path: Path
    content: bytes


class Files:
    """Writes files that are readable by their owner only, as the directories are that it makes for them.

    What is written at the same moment is written by one thread, since waking one costs more than a file.
    """

    def __init__(self) -> None:
        self._writing = Grouping[_File, bool](
            _write_together, _write_alone, apart=lambda file: file.path, lanes=1
        )

    async def write(self, path: Path, content: bytes) -> None:
        """Write a file, or replace it: who opens it finds the whole of the one or of the other.

        Raises OSError.
        """
        await self._writing.ask(_File(path, content))

    async def close(self) -> None:
        """Return when all is written."""
        await self._writing.close()


async def _write_together(files: Sequence[_File]) -> list[bool | Exception]:
    return await asyncio.to_thread(lambda: [_outcome(file) for file in files])


async def _write_alone(file: _File) -> bool:
    await asyncio.to_thread(_write, file)
    return True


def _outcome(file: _File) -> bool | Exception:
    try:
        _write(file)
    except OSError as error:
        return error
    return True


def _write(file: _File) -> None:
    try:
        _put(file)
    except FileNotFoundError:  # the first message
        file.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        _put(file)


def _put(file: _File) -> None:
    temporary = f"{file.path.parent}/.{secrets.token_hex(8)}.part"
    try:
        with open(temporary, "xb", opener=_open_private) as written:
            written.write(file.content)
        os.replace(temporary, file.path)
    except BaseException:
        with suppress(FileNotFoundError):
            os.unlink(temporary)
        raise


def _open_private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def remove_old_files(directory: Path, *, days: int, limit: int) -> int:
    """Remove up to ``limit`` messages that FileTransport wrote to ``directory`` more than ``days`` ago.

    Returns how many were removed: 0 when there is no such directory. Other files are left alone.
    """
    oldest = time.time() - days * 86_400
    removed = 0
    with suppress(FileNotFoundError), os.scandir(directory) as entries:
        for entry in entries:
            if removed == limit:
                break
            if not _NAME.fullmatch(entry.name):
                continue
            # Another process may remove it, or write it anew, at this moment.
            with suppress(FileNotFoundError):
                if entry.stat(follow_symlinks=False).st_mtime < oldest:
                    os.unlink(entry.path)
                    removed += 1
    return removed
