"""The seats that people pick themselves: are they there, free, theirs to buy, and is nobody left alone."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from bms.errors import CompanionSeat, OrphanSeat, OtherCategory, SeatsTaken, TableWhole, ValidationFailed
from bms.seating.orphans import OrphanRule, Orphans, find_orphans, rule_now
from bms.seating.seat_map import SeatMap, Trial
from bms.seating.terms import SeatState


class Picks(NamedTuple):
    """The seats of one line, by guid, and the categories that its ticket type sells."""

    guids: Sequence[str]
    categories: frozenset[int]
    pointer: str = "/tickets/0/seats"  # of the list in the request


class Judged(NamedTuple):
    """The numbers of each line's seats; the guids of seats left single where another pick leaves none."""

    seats: list[tuple[int, ...]]
    orphans: list[str]


def judge_picks(
    trial: Trial,
    lines: Sequence[Picks],
    *,
    rule: OrphanRule,
    seconds_to_start: float,
    allow_blocked: bool = False,
    any_companions: bool = False,
) -> Judged:
    """Return the seats of ``lines``, which this does not take in ``trial``.

    Raises ValidationFailed for a seat that there is not or that is named twice, OtherCategory, TableWhole,
    SeatsTaken, CompanionSeat, and OrphanSeat where ``rule`` is to refuse. With ``allow_blocked`` blocked
    seats are free, and with ``any_companions`` companions' seats are anybody's.
    """
    seat_map = trial.map
    chart = seat_map.chart
    places = _places(seat_map, lines)
    everything = [place for line in places for place in line]
    strange = [
        place
        for line, picks in zip(places, lines, strict=True)
        for place in line
        if chart.category_of[place] not in picks.categories
    ]
    if strange:
        raise OtherCategory(seats=_guids(seat_map, strange))
    parts = [place for line in places for place in _rest_of_tables(seat_map, line)] if chart.tables else []
    if parts:
        tables = dict.fromkeys(chart.table_of[place] for place in parts)
        raise TableWhole(seats=_guids(seat_map, [place for table in tables for place in chart.tables[table]]))
    taken = [place for place in everything if not _is_free(seat_map, place, allow_blocked=allow_blocked)]
    if taken:
        raise SeatsTaken(seats=_guids(seat_map, taken))
    lonely = [] if any_companions or seat_map.released else _without_bays(seat_map, everything)
    if lonely:
        bays = dict.fromkeys(chart.bay_of[place] for place in lonely)
        raise CompanionSeat(seats=_guids(seat_map, lonely), wheelchairs=_guids(seat_map, list(bays)))
    orphans: list[str] = []
    if rule is not OrphanRule.OFF:
        for now, found in _orphans(seat_map, lines, places, rule, seconds_to_start):
            singles = _guids(seat_map, found.singles)
            if now is OrphanRule.REFUSE:
                raise OrphanSeat(seats=singles, instead=_guids(seat_map, found.instead))
            orphans += singles
    return Judged(
        [tuple(chart.no_of[place] for place in line) for line in places], list(dict.fromkeys(orphans))
    )


def _places(seat_map: SeatMap, lines: Sequence[Picks]) -> list[list[int]]:
    errors: list[dict[str, str]] = []
    seen: set[int] = set()
    found: list[list[int]] = []
    for line in lines:
        found.append([])
        for at, guid in enumerate(line.guids):
            place = seat_map.chart.place(guid)
            if place is None:
                errors.append({"pointer": f"{line.pointer}/{at}", "message": "There is no such seat."})
            elif place in seen:
                errors.append({"pointer": f"{line.pointer}/{at}", "message": "The seat is named twice."})
            else:
                seen.add(place)
                found[-1].append(place)
    if errors:
        raise ValidationFailed(errors)
    return found


def _is_free(seat_map: SeatMap, place: int, *, allow_blocked: bool) -> bool:
    if seat_map.is_usable(place):
        return True
    blocked = seat_map.state(seat_map.chart.no_of[place]) is SeatState.BLOCKED
    return allow_blocked and blocked and not seat_map.is_taken(place)


def _without_bays(seat_map: SeatMap, picked: Sequence[int]) -> list[int]:
    """Return the companions' seats among ``picked`` whose wheelchair place is free, and not picked too."""
    bay_of, together = seat_map.chart.bay_of, set(picked)
    return [
        place
        for place in picked
        if (bay := bay_of.get(place)) is not None and bay not in together and seat_map.is_usable(bay)
    ]


def _rest_of_tables(seat_map: SeatMap, line: Sequence[int]) -> Iterator[int]:
    """Yield the seats of ``line`` at tables that are sold whole, of which it lacks some."""
    chart = seat_map.chart
    picked = set(line)
    for place in line:
        table = chart.table_of.get(place)
        if table is not None and not picked.issuperset(chart.tables[table]):
            yield place


def _orphans(
    seat_map: SeatMap,
    lines: Sequence[Picks],
    places: Sequence[Sequence[int]],
    rule: OrphanRule,
    seconds_to_start: float,
) -> Iterator[tuple[OrphanRule, Orphans]]:
    """Yield what the picks would leave in each segment. Lines that sell the same are judged as one."""
    chart = seat_map.chart
    by_categories: dict[frozenset[int], set[int]] = {}
    for line, picks in zip(places, lines, strict=True):
        by_categories.setdefault(picks.categories, set()).update(line)
    for categories, picked in by_categories.items():
        seated = chart.seated(categories)
        pool = seat_map.pool(seated)
        beside = {place for line in places for place in line} - picked
        segments: dict[int, set[int]] = {}
        for place in sorted(picked):
            if pool.open[place]:
                segments.setdefault(chart.segment_of[place], set()).add(place)
        for segment, here in segments.items():
            if not chart.segments[segment].whole:
                found = find_orphans(chart, pool, segment, here, beside)
                if found is not None:
                    free = sum(seat_map.free(at) for at in seated)
                    seats = sum(chart.categories[at].seats for at in seated)
                    yield rule_now(rule, free=free, seats=seats, seconds_to_start=seconds_to_start), found


def _guids(seat_map: SeatMap, places: Sequence[int]) -> list[str]:
    return [seat_map.chart.guids[place] for place in places]
