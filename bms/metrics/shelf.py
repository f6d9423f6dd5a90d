"""The books of a host's processes, added up.

A counter never goes back: what ended processes counted is added to the book ``past``, which names the books
that are in it, so that none is counted twice or left out whenever this is interrupted. Nobody waits: without
the lock, the ended books are left for the next reader.
"""

import contextlib
import itertools
import json
import math
import os
import secrets
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from bms.metrics.book import Book, Series, parse
from bms.metrics.families import Family, Kind

try:
    import fcntl
except ImportError:  # Windows, where one process serves
    fcntl = None  # type: ignore[assignment]

ATTEMPTS = 5  # readings while others keep adding ended books to the past
HALF_MADE_SECONDS = 60.0  # after which a book that nobody finished is removed

_numbers = itertools.count(1)

Totals = dict[Family, dict[tuple[str, ...], list[float]]]


class _Past(NamedTuple):
    """The book of what has ended: its series, the names of the books in it, and which file this was."""

    series: tuple[Series, ...]
    names: frozenset[str]
    identity: tuple[int, int] | None


class Shelf:
    """The books in ``directory``, which is made with the first."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._past = directory / "past"

    def new_book(self) -> Book:
        """Return a book for this process, made when it is first written to."""
        self.put_away()
        return Book(self._directory / f"{os.getpid()}-{next(_numbers)}-{secrets.token_hex(4)}.book")

    def totals(self, own: Book | None = None) -> Totals:
        """Return the figures of all processes, and of ``own`` even if it is in no file."""
        for _ in range(ATTEMPTS):
            past = self._read_past()
            totals: Totals = {}
            _add(totals, past.series, lives=False)
            has_ended = False
            for path in self._books():
                if path.name in past.names or (own is not None and path == own.path):
                    continue
                with contextlib.suppress(FileNotFoundError):
                    lives, content = _read(path)
                    has_ended = has_ended or not lives
                    _add(totals, parse(content), lives=lives)
            if self._read_past().identity == past.identity:
                break
        if own is not None:
            _add(totals, own.read(), lives=True)
        if has_ended:
            self.put_away()
        return totals

    def put_away(self) -> None:
        """Add the books of processes that have ended to the past."""
        with contextlib.suppress(OSError), self._locked():
            past = self._read_past()
            totals: Totals = {}
            _add(totals, past.series, lives=False)
            ended: list[Path] = []
            for path in self._books():
                if path.name in past.names:
                    path.unlink(missing_ok=True)
                    continue
                lives, content = _read(path)
                if not lives:
                    _add(totals, parse(content), lives=False)
                    ended.append(path)
            if ended:
                self._write_past(totals, [path.name for path in ended])
            for path in ended:
                path.unlink(missing_ok=True)
            for half_made in self._directory.glob("*.new"):
                if half_made.stat().st_mtime < time.time() - HALF_MADE_SECONDS:
                    half_made.unlink(missing_ok=True)

    def _books(self) -> list[Path]:
        return sorted(self._directory.glob("*.book")) if fcntl is not None else []

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        """Hold the lock of the shelf. Raises OSError if another process has it, or if there is no shelf."""
        if fcntl is None:
            raise OSError("this system has no such locks")
        descriptor = os.open(self._directory / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            yield
        finally:
            os.close(descriptor)

    def _read_past(self) -> _Past:
        try:
            with self._past.open("rb") as file:
                found = os.fstat(file.fileno())
                names, _, content = file.read().partition(b"\n")
            listed = json.loads(names)
        except (
            FileNotFoundError,
            NotADirectoryError,
            ValueError,
        ):  # a machine that lost its power may leave it empty
            return _Past((), frozenset(), None)
        return _Past(tuple(parse(content)), frozenset(listed), (found.st_ino, found.st_mtime_ns))

    def _write_past(self, totals: Totals, names: list[str]) -> None:
        book = Book()
        for family, by_labels in totals.items():
            for labels, numbers in by_labels.items():
                cells = book.cells(family, labels)
                for index, number in enumerate(numbers):
                    cells[index] = number
        fresh = self._past.with_suffix(".new")
        fresh.write_bytes(json.dumps(names).encode() + b"\n" + book.content())
        fresh.replace(self._past)


NO_SHELF = Shelf(Path(os.devnull))


def _read(path: Path) -> tuple[bool, bytes]:
    """Return whether a book's process lives, and the book."""
    descriptor = os.open(path, os.O_RDONLY)
    with os.fdopen(descriptor, "rb") as file:
        try:
            # Shared, so that two readers do not take each other for the process.
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
            lives = False
        except BlockingIOError:
            lives = True
        return lives, file.read()


def _add(totals: Totals, series: Iterable[Series], *, lives: bool) -> None:
    for family, labels, numbers in series:
        if not lives and not family.kind.is_kept:
            continue
        known = totals.setdefault(family, {}).get(labels)
        totals[family][labels] = list(numbers) if known is None else _joined(family.kind, known, numbers)


def _joined(kind: Kind, known: list[float], numbers: tuple[float, ...]) -> list[float]:
    if kind in (Kind.COUNTER, Kind.HISTOGRAM, Kind.SUM):
        return [one + other for one, other in zip(known, numbers, strict=True)]
    # What is unknown here may be known there.
    numbers_known = [number for number in (known[0], numbers[0]) if not math.isnan(number)]
    return [(min if kind is Kind.MIN else max)(numbers_known, default=math.nan)]
