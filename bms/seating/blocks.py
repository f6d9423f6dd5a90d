"""The best block of adjacent seats within a segment, or within two segments of neighbouring rows.

A run is a stretch of free seats in a segment, as long as it can be: its places from ``first`` up to, not
including, ``end``. A block leaves a single where exactly one seat of its run is left over on a side.
"""

from collections.abc import Sequence
from typing import NamedTuple

from bms.seating.chart import Chart
from bms.seating.terms import MAX_PICKED

LONGEST = MAX_PICKED + 3  # runs are counted up to this length; a longer one serves every ask as well

Run = tuple[int, int]


class Block(NamedTuple):
    """Adjacent places, compared as the picker prefers them: the least is the best.

    ``left_over`` is how many seats of its run it does not take: the fewer, the tighter it fits.
    """

    singles: int
    rank: int  # the sum of its seats' ranks
    left_over: int
    no: int  # of its first seat
    first: int
    end: int


class Pair(NamedTuple):
    """Two blocks in neighbouring rows that overlap, compared in the same way."""

    singles: int
    rank: int
    left_over: int
    no: int
    front: Block
    back: Block


def windows(chart: Chart, run: Run, size: int, *, singles: bool) -> list[Block]:
    """Return the blocks of ``size`` in ``run``; without ``singles`` those that leave none."""
    first, end = run
    left_over = end - first - size
    before, no_of = chart.rank_before, chart.no_of
    found = []
    for at in range(first, end - size + 1):
        single = (at == first + 1) + (end - at - size == 1)
        if singles or not single:
            found.append(Block(single, before[at + size] - before[at], left_over, no_of[at], at, at + size))
    return found


def best_in(chart: Chart, runs: tuple[Run, ...], size: int, *, singles: bool) -> Block | None:
    """Return the best block of ``size`` in ``runs``, or None. With ``singles`` it may leave some."""
    best: Block | None = None
    before, no_of = chart.rank_before, chart.no_of
    for first, end in runs:
        left_over = end - first - size
        if left_over < 0 or (left_over == 1 and not singles):
            continue
        for at in range(first, first + left_over + 1):
            aside = at - first
            if not singles and (aside == 1 or left_over - aside == 1):
                continue
            rank = before[at + size] - before[at]
            if best is None or (rank, left_over, no_of[at]) < best[1:4]:
                best = Block(0, rank, left_over, no_of[at], at, at + size)
    if best is not None and singles:
        first, end = next(run for run in runs if run[0] <= best.first < run[1])
        best = best._replace(singles=(best.first - first == 1) + (end - best.end == 1))
    return best


def best_pair(chart: Chart, front: tuple[Run, ...], back: tuple[Run, ...], size: int) -> Pair | None:
    """Return the best two blocks of two or more, together ``size``, that overlap along their rows."""
    best: Pair | None = None
    for one in front:
        for other in back:
            room, other_room = one[1] - one[0], other[1] - other[0]
            if min(room, other_room) < 2 or room + other_room < size or not _overlap(chart, one, other):
                continue
            for part in range(max(2, size - other_room), min(room, size - 2) + 1):
                found = _best_of_parts(
                    chart,
                    sorted(windows(chart, one, part, singles=True)),
                    sorted(windows(chart, other, size - part, singles=True)),
                )
                if found is not None and (best is None or found < best):
                    best = found
    return best


def _best_of_parts(chart: Chart, fronts: list[Block], backs: list[Block]) -> Pair | None:
    """Return the best that overlap. Both lists are sorted, so that the search ends early."""
    best: Pair | None = None
    for front in fronts:
        if best is not None and _sum(front, backs[0]) > best[:2]:
            break
        for back in backs:
            if best is not None and _sum(front, back) > best[:2]:
                break
            if _overlap(chart, (front.first, front.end), (back.first, back.end)):
                left_over = front.left_over + back.left_over
                found = Pair(*_sum(front, back), left_over, min(front.no, back.no), front, back)
                if best is None or found < best:
                    best = found
                break
    return best


def _sum(front: Block, back: Block) -> tuple[int, int]:
    return front.singles + back.singles, front.rank + back.rank


def _overlap(chart: Chart, one: Run, other: Run) -> bool:
    along = chart.along
    low, high = sorted((along[one[0]], along[one[1] - 1]))
    other_low, other_high = sorted((along[other[0]], along[other[1] - 1]))
    return low <= other_high and other_low <= high


def fewest_blocks(lengths: Sequence[int], size: int) -> int | None:
    """Return in how few blocks of two or more ``size`` seats can be had, None if they cannot.

    ``lengths`` has how many runs there are of each length.
    """
    left, blocks = size, 0
    for length in range(LONGEST, 1, -1):
        if lengths[length]:
            taken = min(lengths[length], -(-left // length))
            blocks += taken
            left -= taken * length
            if left <= 0:
                # An odd one out has nobody to sit with where all runs are of two.
                return blocks if size >= 2 * blocks else None
    return None
