"""A picker that looks at everything, to hold the real one against. It shares no code with it."""

from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import NamedTuple

from bms.seating.seat_map import SeatMap

Places = tuple[int, ...]


class Choice(NamedTuple):
    """What there is best: the step of the ladder, and by what its candidates compare."""

    step: int
    key: tuple[int, ...]


def free_runs(seat_map: SeatMap, categories: frozenset[int], reach: frozenset[int] | None) -> list[Places]:
    """Return the free runs of the general sale, each as its places."""
    chart = seat_map.chart
    found = []
    for segment in chart.segments:
        if reach is not None and segment.section not in reach:
            continue
        run: list[int] = []
        for place in range(segment.first, segment.end + 1):
            if (
                place < segment.end
                and seat_map.is_usable(place)
                and chart.category_of[place] in categories
                and (seat_map.released or not chart.kinds[place] & 3)
            ):
                run.append(place)
            elif run:
                found.append(tuple(run))
                run = []
    return found


def singles(run: Places, block: Places) -> int:
    return [block[0] - run[0], run[-1] - block[-1]].count(1)


def windows(runs: Iterable[Places], size: int) -> Iterator[tuple[Places, Places]]:
    for run in runs:
        for at in range(len(run) - size + 1):
            yield run, run[at : at + size]


def block_key(seat_map: SeatMap, run: Places, block: Places) -> tuple[int, ...]:
    chart = seat_map.chart
    return sum(chart.rank[place] for place in block), len(run) - len(block), chart.no_of[block[0]]


def choose(
    seat_map: SeatMap, categories: frozenset[int], size: int, reach: frozenset[int] | None, *, must: bool
) -> Choice | None:
    """Return the best that there is, None: nothing."""
    chart = seat_map.chart
    runs = free_runs(seat_map, categories, reach)
    together = list(windows(runs, size))
    neat = [block_key(seat_map, run, block) for run, block in together if not singles(run, block)]
    if neat:
        return Choice(1, min(neat))
    if together:
        return Choice(2, min(block_key(seat_map, run, block) for run, block in together))
    if must:
        return None
    pairs = [pair_key(seat_map, *pair) for pair in _pairs(seat_map, runs, size)]
    if pairs:
        return Choice(3, min(pairs))
    sections: dict[int, list[int]] = {}
    for run in runs:
        sections.setdefault(chart.rows[chart.row_of[run[0]]].section, []).append(len(run))
    counts = [count for lengths in sections.values() if (count := fewest(lengths, size)) is not None]
    if counts:
        return Choice(4, (min(counts),))
    count = fewest([len(run) for run in runs], size)
    return None if count is None else Choice(5, (count,))


def _pairs(
    seat_map: SeatMap, runs: list[Places], size: int
) -> Iterator[tuple[Places, Places, Places, Places]]:
    chart = seat_map.chart
    for part in range(2, size - 1):
        for run, block in windows(runs, part):
            for other_run, other in windows(runs, size - part):
                row, other_row = chart.row_of[block[0]], chart.row_of[other[0]]
                if other_row != row + 1 or chart.rows[row].section != chart.rows[other_row].section:
                    continue
                here, there = ([chart.along[place] for place in places] for places in (block, other))
                if min(here) <= max(there) and min(there) <= max(here):
                    yield run, block, other_run, other


def pair_key(
    seat_map: SeatMap, run: Places, block: Places, other_run: Places, other: Places
) -> tuple[int, ...]:
    one, two = block_key(seat_map, run, block), block_key(seat_map, other_run, other)
    lonely = singles(run, block) + singles(other_run, other)
    return lonely, one[0] + two[0], one[1] + two[1], min(one[2], two[2])


def fewest(lengths: list[int], size: int) -> int | None:
    """Return the fewest blocks of two or more in runs of ``lengths``, trying every way."""
    counts = {0: 0}
    for length in lengths:
        for sum_, count in list(counts.items()):
            for part in range(2, length + 1):
                total = sum_ + part
                if total <= size:
                    counts[total] = min(counts.get(total, size), count + 1)
    return counts.get(size)


def blocks_of(seat_map: SeatMap, numbers: Iterable[int]) -> list[Places]:
    """Return seats as blocks: places that follow each other in one segment."""
    chart = seat_map.chart
    places = sorted(chart.place_of[no] for no in numbers)
    keyed = groupby(enumerate(places), key=lambda pair: (chart.segment_of[pair[1]], pair[1] - pair[0]))
    return [tuple(place for _, place in group) for _, group in keyed]


def count_singles(seat_map: SeatMap, categories: frozenset[int]) -> int:
    """Return how many free seats have no free neighbour."""
    return sum(len(run) == 1 for run in free_runs(seat_map, categories, None))
