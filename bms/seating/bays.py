"""Wheelchair places, the seats of those who come along, and seats near them for the rest of the party."""

from collections.abc import Callable, Sequence
from itertools import zip_longest

from bms.seating.asks import Ask, Fit, Found, Together
from bms.seating.pool import Pool, Reach
from bms.seating.seat_map import SeatMap, Trial

NEAR = 2  # rows before and behind in which the rest of a party is near


def find_accessible(trial: Trial, ask: Ask, categories: frozenset[int], reach: Reach) -> Found | None:
    """Return wheelchair places with their companions' seats, then seats for the rest, or None.

    The places are in one row, unless the ask does not insist on being together: then in one section, or else
    anywhere. The rest sits in the same row, or near it, or in the same section, or else anywhere.
    """
    seat_map = trial.map
    if not ask.best.wheelchairs:
        return None  # a companion's seat goes with its wheelchair place
    most = ask.quantity - ask.best.wheelchairs
    bays = _free_bays(seat_map, categories, reach)
    there = sum(len(others) for _, others in bays)
    wished = range(min(most, there), -1, -1) if ask.best.companions is None else [ask.best.companions]
    insists = ask.best.together is Together.MUST
    for companions in wished:
        found = _choose(seat_map, bays, ask.best.wheelchairs, companions, insists=insists)
        if found is None:
            continue
        rest = _rest(trial, categories, found, most - companions, reach, insists=insists)
        if rest is not None:
            places = [*found, *rest]
            rows = {seat_map.chart.row_of[place] for place in places}
            fit = Fit.TOGETHER if len(rows) == 1 else Fit.SPLIT
            return Found(
                tuple(seat_map.chart.no_of[place] for place in places), fit, 1 if len(rows) == 1 else 4
            )
    return None


_Bay = tuple[int, list[int]]  # a place, and the free seats of its companions


def _free_bays(seat_map: SeatMap, categories: frozenset[int], reach: Reach) -> list[_Bay]:
    chart = seat_map.chart
    found = []
    for place in seat_map.bays:
        section = chart.rows[chart.row_of[place]].section
        if not seat_map.is_usable(place) or chart.category_of[place] not in categories:
            continue
        if reach is None or section in reach:
            companions = [
                other
                for other in chart.companions.get(place, ())
                if seat_map.is_usable(other) and chart.category_of[other] in categories
            ]
            found.append((place, companions))
    return found


def _choose(
    seat_map: SeatMap, bays: Sequence[_Bay], count: int, companions: int, *, insists: bool
) -> list[int] | None:
    """Return ``count`` of ``bays`` with ``companions``: in one row, else in one section, else anywhere."""
    chart = seat_map.chart

    def by_row(place: int) -> int:
        return chart.row_of[place]

    def by_section(place: int) -> int:
        return chart.rows[chart.row_of[place]].section

    levels = [_grouped(bays, by_row)]
    if not insists:
        levels += [_grouped(bays, by_section), [list(bays)]]
    for groups in levels:
        chosen = [party for group in groups if (party := _party(group, count, companions)) is not None]
        if chosen:
            return min(chosen, key=lambda places: (chart.sum_of_ranks(places), chart.no_of[places[0]]))
    return None


def _grouped(bays: Sequence[_Bay], key: Callable[[int], int]) -> list[list[_Bay]]:
    groups: dict[int, list[_Bay]] = {}
    for bay in bays:
        groups.setdefault(key(bay[0]), []).append(bay)
    return list(groups.values())


def _party(group: Sequence[_Bay], count: int, companions: int) -> list[int] | None:
    """Return the places of the best ``count`` of ``group``, the best first, that have enough companions."""
    if len(group) < count:
        return None
    chosen = list(group[:count])
    for bay in group[count:]:
        if sum(len(others) for _, others in chosen) >= companions:
            break
        # The one with the fewest companions, the worst of several, makes room for one with more.
        poorest = min(range(count), key=lambda at: (len(chosen[at][1]), -at))
        if len(bay[1]) > len(chosen[poorest][1]):
            chosen[poorest] = bay
    # One companion for each before any has a second.
    in_turn = [
        seat for turn in zip_longest(*(others for _, others in chosen)) for seat in turn if seat is not None
    ]
    if len(in_turn) < companions:
        return None
    return sorted([*(place for place, _ in chosen), *in_turn[:companions]])


def _rest(
    trial: Trial,
    categories: frozenset[int],
    party: Sequence[int],
    size: int,
    reach: Reach,
    *,
    insists: bool,
) -> list[int] | None:
    """Return ``size`` seats of the general sale that are near ``party``, or None."""
    if not size:
        return []
    before = trial.taken
    trial.take_places(party)  # where accessible seats are in the general sale, they are in the pool
    pool = trial.map.pool(categories)
    rows = {trial.map.chart.row_of[place] for place in party}
    section = frozenset(trial.map.chart.rows[row].section for row in rows)
    try:
        for away in range(NEAR + 1):
            near = {row + way for row in rows for way in (-away, away)}
            block = pool.best_among(size, _segments(trial.map, near, section))
            if block is not None:
                return list(range(block.first, block.end))
        for where in (section,) if insists else (section, reach):
            found = _anywhere(pool, size, where)
            if found is not None:
                return found
    finally:
        trial.give_back(before)
    return None


def _segments(seat_map: SeatMap, rows: set[int], sections: frozenset[int]) -> list[int]:
    chart = seat_map.chart
    found: list[int] = []
    for row in sorted(rows):
        if 0 <= row < len(chart.rows) and chart.rows[row].section in sections:
            first, end = chart.rows[row].first, chart.rows[row].end
            found += dict.fromkeys(chart.segment_of[first:end])
    return found


def _anywhere(pool: Pool, size: int, reach: Reach) -> list[int] | None:
    block = pool.best(size, reach, singles=False) or pool.best(size, reach, singles=True)
    return None if block is None else list(range(block.first, block.end))
