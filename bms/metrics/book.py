"""One process's figures, in a file that other processes read while this one writes.

The file is mapped into memory, so a figure costs as much as a list's item, and what was counted survives the
process, however that ends. A record is two lengths, the series' name as JSON, and its numbers as doubles. A
segment's head says how much of it is written; a record counts only once it is whole.
"""

import contextlib
import json
import logging
import mmap
import os
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from bms.metrics.families import FAMILIES, Family

try:
    import fcntl
except ImportError:  # Windows, where one process serves
    fcntl = None  # type: ignore[assignment]

log = logging.getLogger("bms")

SEGMENT = 131_072  # bytes. A record lies within one segment
_MAGIC = b"bmsfig01"
_USED = struct.Struct("<Q")
_LENGTHS = struct.Struct("<II")
_FIRST = len(_MAGIC) + _USED.size  # where the first record begins


class Series(NamedTuple):
    """The numbers of a family under some labels."""

    family: Family
    labels: tuple[str, ...]
    numbers: tuple[float, ...]


class Book:
    """The figures of this process. Without a ``path``, or where no file can be made, others do not see them.

    One thread writes. The file's lock says that the process lives.
    """

    def __init__(self, path: Path | None = None) -> None:
        self.path = path if fcntl is not None else None
        self._descriptor: int | None = None
        self._segments: list[mmap.mmap] = []
        self._used = SEGMENT

    def cells(self, family: Family, labels: tuple[str, ...] = ()) -> "memoryview[float]":
        """Return the numbers of a new series, to write to."""
        name = json.dumps([family.name, *labels]).encode()
        name += b" " * (-len(name) % 8)
        size = _LENGTHS.size + len(name) + 8 * family.cells
        if self._used + size > SEGMENT:
            self._segments.append(self._new_segment())
            self._used = _FIRST
        segment, start = self._segments[-1], self._used
        _LENGTHS.pack_into(segment, start, len(name), family.cells)
        first = start + _LENGTHS.size + len(name)
        segment[start + _LENGTHS.size : first] = name
        self._used = start + size
        _USED.pack_into(segment, len(_MAGIC), self._used)
        return memoryview(segment)[first : self._used].cast("d")

    def read(self) -> Iterator[Series]:
        """Yield what is written. Any thread may read."""
        yield from parse(self.content())

    def content(self) -> bytes:
        """Return the book as bytes."""
        return b"".join(segment[:] for segment in list(self._segments))

    def close(self) -> None:
        """Say that the process has ended. What is counted later is lost."""
        if self._descriptor is not None:
            # The maps keep copies of the descriptor, which would keep the lock.
            fcntl.flock(self._descriptor, fcntl.LOCK_UN)
            os.close(self._descriptor)
            self._descriptor = None

    def _new_segment(self) -> mmap.mmap:
        segment = None
        if self.path is not None and (not self._segments or self._descriptor is not None):
            try:
                segment = self._map(self.path)
            except OSError as error:
                log.warning("figures of this process are not seen by others: %s", error)
        segment = segment or mmap.mmap(-1, SEGMENT)
        _USED.pack_into(segment, len(_MAGIC), _FIRST)
        segment[: len(_MAGIC)] = _MAGIC
        return segment

    def _map(self, path: Path) -> mmap.mmap:
        """Map one more segment of the file, which is made here if there is none.

        It is on the disk before it is mapped: a write to a hole in a mapped file ends the process by a signal
        when the disk is full.
        """
        fresh = self._descriptor is None
        descriptor, hidden = self._descriptor, path.with_suffix(".new")
        if descriptor is None:
            path.parent.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(hidden, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            end = os.fstat(descriptor).st_size
            if hasattr(os, "posix_fallocate"):
                os.posix_fallocate(descriptor, end, SEGMENT)
            else:
                os.ftruncate(descriptor, end + SEGMENT)
            segment = mmap.mmap(descriptor, SEGMENT, offset=end)
            if fresh:
                # Nobody sees the file before its lock says that its process lives.
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                hidden.rename(path)
        except OSError:
            if fresh:
                os.close(descriptor)
                with contextlib.suppress(OSError):
                    hidden.unlink()
            raise
        self._descriptor = descriptor
        return segment


def parse(content: bytes) -> Iterator[Series]:
    """Yield the series in a book's bytes. Skips what this version does not know."""
    for base in range(0, len(content), SEGMENT):
        segment = memoryview(content)[base : base + SEGMENT]
        if segment[: len(_MAGIC)] != _MAGIC:
            continue
        used = min(_USED.unpack_from(segment, len(_MAGIC))[0], len(segment))
        at = _FIRST
        while at + _LENGTHS.size <= used:
            length, count = _LENGTHS.unpack_from(segment, at)
            first = at + _LENGTHS.size + length
            at = first + 8 * count
            if at > used:
                break
            name, *labels = json.loads(bytes(segment[first - length : first]))
            family = FAMILIES.get(name)
            if family is not None and (family.cells, len(family.labels)) == (count, len(labels)):
                yield Series(family, tuple(labels), struct.unpack_from(f"{count}d", segment, first))
