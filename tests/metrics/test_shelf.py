"""The figures of several processes as one, whatever becomes of each."""

import errno
import math
import multiprocessing
import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bms.metrics import book, families, shelf
from bms.metrics.book import SEGMENT, Book, parse
from bms.metrics.families import Family
from bms.metrics.process import Metrics
from bms.metrics.shelf import Shelf


@pytest.fixture
def on_disk(tmp_path: Path) -> Shelf:
    return Shelf(tmp_path / "figures")


def value(of: Shelf, family: Family, *labels: str) -> float | None:
    """Return the only number of a series, None if there is none."""
    found = of.totals().get(family, {}).get(labels)
    return None if found is None else found[0]


def wrote(on: Shelf, number: float, family: Family, *labels: str) -> Book:
    """Return a new book in which the series has this number."""
    written = on.new_book()
    written.cells(family, labels)[0] = number
    return written


@pytest.mark.parametrize(
    ("family", "labels", "together", "after_the_first"),
    [
        (families.TASK_ERRORS, ("outbox",), 12, 12),
        (families.TASK_SUCCESS, ("outbox",), 7, 7),
        (families.POOL_WAITING, ("write",), 12, 5),
        (families.LAG, (), 7, 5),
        (families.REPLICA_UP, (), 5, 5),
    ],
)
def test_figures_add_up_by_their_nature(
    on_disk: Shelf, family: Family, labels: tuple[str, ...], together: int, after_the_first: int
) -> None:
    first, second = (wrote(on_disk, number, family, *labels) for number in (7, 5))
    assert value(on_disk, family, *labels) == together
    first.close()
    assert value(on_disk, family, *labels) == after_the_first
    on_disk.put_away()
    assert value(on_disk, family, *labels) == after_the_first
    second.close()
    for _ in range(2):
        assert value(on_disk, family, *labels) == (together if family.kind.is_kept else None)
        on_disk.put_away()


def test_what_one_does_not_know_another_may(on_disk: Shelf) -> None:
    books = [wrote(on_disk, number, families.REPLICA_UP) for number in (math.nan, 1, math.nan)]
    assert value(on_disk, families.REPLICA_UP) == 1
    books[1].close()
    assert math.isnan(value(on_disk, families.REPLICA_UP) or 0)


def test_histograms_add_up(on_disk: Shelf) -> None:
    both = [Metrics(on_disk) for _ in range(2)]
    for one, seconds in zip(both, (0.003, 20.0), strict=True):
        one.observe_request("GET", "/api/events/", 200, seconds)
    (numbers,) = both[0].totals()[families.REQUEST_SECONDS].values()
    assert numbers == [0, 1, *[0] * 10, 1, 20.003]


def test_ended_books_become_one(on_disk: Shelf, tmp_path: Path) -> None:
    for _ in range(5):
        wrote(on_disk, 2, families.REPLACED).close()
    assert value(on_disk, families.REPLACED) == 10
    assert sorted(path.name for path in (tmp_path / "figures").iterdir()) == ["lock", "past"]
    assert value(on_disk, families.REPLACED) == 10


def test_an_interruption_counts_nothing_twice(
    on_disk: Shelf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The ended books are in the past, and are still there."""
    wrote(on_disk, 3, families.REPLACED).close()
    with monkeypatch.context() as patch:
        patch.setattr(Path, "unlink", _interrupt)
        on_disk.put_away()
    assert len(list((tmp_path / "figures").glob("*.book"))) == 1
    assert value(on_disk, families.REPLACED) == 3
    wrote(on_disk, 4, families.REPLACED).close()
    for _ in range(2):
        on_disk.put_away()
        assert value(on_disk, families.REPLACED) == 7


def _interrupt(*_: Any, **__: Any) -> None:
    raise OSError(errno.EIO, "interrupted")


def beside_a_reader(on: Shelf, monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Have an ended book put away between a reader's look at the past and its look at the books."""
    wrote(on, 3, families.REPLACED).close()
    look = Shelf._books
    waiting = [True]

    def put_away_first(self: Shelf) -> list[Path]:
        if waiting:
            waiting.clear()
            Shelf(self._directory).put_away()
        return look(self)

    monkeypatch.setattr(Shelf, "_books", put_away_first)
    return lambda: waiting.append(True)


def test_a_reader_beside_who_puts_away(on_disk: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    beside_a_reader(on_disk, monkeypatch)
    assert value(on_disk, families.REPLACED) == 3


def test_a_reader_that_does_not_look_again_misses_it(on_disk: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    """The twin."""
    beside_a_reader(on_disk, monkeypatch)
    monkeypatch.setattr(shelf, "ATTEMPTS", 1)
    assert value(on_disk, families.REPLACED) is None


def _count_and_wait(directory: Path, counted: Any) -> None:
    metrics = Metrics(Shelf(directory))
    for _ in range(1000):
        metrics.observe_task("outbox", succeeded=False)
    metrics.sample()
    counted.send(True)
    signal.pause()


def test_what_a_killed_process_counted_stays(on_disk: Shelf, tmp_path: Path) -> None:
    spawn = multiprocessing.get_context("spawn")
    here, there = spawn.Pipe()
    process = spawn.Process(target=_count_and_wait, args=(tmp_path / "figures", there))
    process.start()
    try:
        assert here.recv()
        assert value(on_disk, families.PROCESSES, "server") == 1
        os.kill(process.pid or 0, signal.SIGSTOP)  # Who reads does not wait for it.
        assert value(on_disk, families.TASK_ERRORS, "outbox") == 1000
    finally:
        process.kill()
        process.join()
    for _ in range(2):
        assert value(on_disk, families.TASK_ERRORS, "outbox") == 1000
        assert value(on_disk, families.PROCESSES, "server") is None


def test_a_book_grows(on_disk: Shelf, tmp_path: Path) -> None:
    counting = Metrics(on_disk)
    for number in range(2000):
        counting.observe_request("GET", f"/route/{number}", 200, 0.1)
    assert len(on_disk.totals()[families.REQUESTS]) == 2000
    (path,) = (tmp_path / "figures").glob("*.book")
    assert path.stat().st_size > SEGMENT


def test_a_half_written_record_is_not_there() -> None:
    written = Book()
    written.cells(families.REPLACED)[0] = 1
    content = bytearray(written.content())
    whole = int.from_bytes(content[8:16], "little")
    written.cells(families.RESTARTS)[0] = 1
    torn = bytes(content[:8]) + whole.to_bytes(8, "little") + written.content()[16:]
    assert [series.family for series in parse(torn)] == [families.REPLACED]
    assert list(parse(b"")) == list(parse(b"\0" * SEGMENT)) == list(parse(torn[:20])) == []


def test_what_another_version_wrote_is_skipped() -> None:
    written = Book()
    written.cells(Family("of_tomorrow", families.Kind.SUM, ""))
    written.cells(Family("bms_build_info", families.Kind.MAX, "", ()), ("1.0", "and more"))
    written.cells(families.REPLACED)[0] = 1
    assert [series.family for series in written.read()] == [families.REPLACED]


def test_on_a_full_disk_each_process_has_its_own(
    on_disk: Shelf, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def full(*_: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(book.os, "posix_fallocate", full)
    counting = Metrics(on_disk)
    counting.observe_replaced()
    assert counting.totals()[families.REPLACED][()] == [1]
    assert on_disk.totals() == {}
    assert "No space left" in caplog.text
