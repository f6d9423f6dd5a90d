"""The best seats for an ask, by a ladder: the first step that succeeds.

1. Together in one segment, with no single seat left over.
2. Together, leaving a single.
3. In two neighbouring rows, in blocks of two or more that overlap.
4. In one section, in as few blocks as there can be, each of two or more.
5. In several sections, likewise.
6. In one standing area.

Steps 3 to 5 only serve an ask that does not insist on being together. Within steps 1 to 3 the lowest sum of
ranks wins, then the tightest fit, then the lowest seat number; in step 3 fewer singles come first. In steps 4
and 5 the blocks are chosen one after the other, the largest first, each by steps 1 and 2; the section is that
with the fewest blocks, then that with the best seat. A block lies in the categories of its ask, and crosses
from one to another where they meet.
"""

from bms.errors import NoBlock
from bms.seating.asks import Ask, Fit, Found, Standing, Together
from bms.seating.bays import find_accessible
from bms.seating.blocks import Block
from bms.seating.pool import Pool, Reach
from bms.seating.seat_map import SeatMap, Trial


def find_best(trial: Trial, ask: Ask, standing: Standing | None = None) -> Found:
    """Return the best seats for ``ask``, none of which is taken by this. Raises NoBlock."""
    seat_map = trial.map
    chart = seat_map.chart
    reach: Reach = None if ask.best.sections is None else chart.section_numbers(ask.best.sections)
    seated = chart.seated(ask.categories)
    if ask.best.wheelchairs or ask.best.companions:
        accessible = find_accessible(trial, ask, seated, reach)
        if accessible is None:
            raise refusal(seat_map, ask, reach)
        return accessible
    found = _seats(seat_map, seat_map.pool(seated), ask, reach) if seated else None
    if found is not None:
        places, fit, step = found
        return Found(tuple(chart.no_of[place] for place in places), fit, step)
    for category in sorted(ask.categories):
        if chart.categories[category].capacity and (standing or {}).get(category, 0) >= ask.quantity:
            return Found((), Fit.STANDING, 6, category)
    raise refusal(seat_map, ask, reach)


def _seats(seat_map: SeatMap, pool: Pool, ask: Ask, reach: Reach) -> tuple[list[int], Fit, int] | None:
    size = ask.quantity
    for step, singles in ((1, False), (2, True)):
        block = pool.best(size, reach, singles=singles)
        if block is not None:
            return list(range(block.first, block.end)), Fit.TOGETHER, step
    if ask.best.together is Together.MUST or size < 4:  # two blocks of two are the least
        return None
    pair = pool.best_pair(size, reach)
    if pair is not None:
        return [*_places(pair.front), *_places(pair.back)], Fit.SPLIT, 3
    counts = {section: pool.fewest_in(section, size) for section in pool.within(reach)}
    possible = {section: count for section, count in counts.items() if count is not None}
    if possible:
        best = min(possible, key=possible.__getitem__)  # of equals the first, which has the best seat
        return _split(seat_map, pool, size, frozenset({best})), Fit.SPLIT, 4
    if pool.fewest_blocks(size, reach) is not None:
        return _split(seat_map, pool, size, reach), Fit.SPLIT, 5
    return None


def _split(seat_map: SeatMap, pool: Pool, size: int, reach: Reach) -> list[int]:
    """Return the places of the fewest blocks, which are known to exist."""
    blocks = pool.fewest_blocks(size, reach) or 0
    places: list[int] = []
    for others in range(blocks - 1, -1, -1):
        part = min(size - len(places) - 2 * others, pool.longest(reach))
        block = pool.best(part, reach, singles=False) or pool.best(part, reach, singles=True)
        assert block is not None
        places += _places(block)
        pool.close(_places(block))  # so that the next block is another
    seat_map.set_back(pool, places)
    return places


def _places(block: Block) -> list[int]:
    return list(range(block.first, block.end))


def refusal(seat_map: SeatMap, ask: Ask, reach: Reach) -> NoBlock:
    """Return why there is nothing for ``ask``: what each of its categories has."""
    categories = []
    for at in sorted(ask.categories):
        category = seat_map.chart.categories[at]
        if category.seats:
            pool = seat_map.pool(frozenset({at}))
            largest = pool.longest(reach)
            categories.append({"name": category.name, "free": seat_map.free(at), "largest_together": largest})
    return NoBlock(categories=categories)
