"""The lines of one booking that leave the choice to the picker."""

from collections.abc import Sequence

from bms.errors import NotTogether
from bms.seating.asks import Ask, Found, Standing, Together
from bms.seating.ladder import find_best
from bms.seating.seat_map import Trial


def find_for_lines(trial: Trial, asks: Sequence[Ask], standing: Standing | None = None) -> list[Found]:
    """Return the seats of each line. They are taken in ``trial``, for whoever asks after it.

    Lines with equal ``best`` get one block of their total, dealt to them in order, so that two adults and two
    children sit together. Lines of different categories cannot: they get a block each, or NotTogether if
    they insist on being together. Raises NoBlock, with nothing taken.
    """
    if len(asks) == 1:
        block = find_best(trial, asks[0], standing)
        trial.take(block.seats)
        return [block]
    before = trial.taken
    groups: dict[object, list[int]] = {}
    for at, ask in enumerate(asks):
        groups.setdefault((ask.best, ask.categories), []).append(at)
    insisting = [best for best, _ in {(a.best, a.categories) for a in asks} if best.together is Together.MUST]
    if len(set(insisting)) < len(insisting):
        raise NotTogether()
    room = dict(standing or {})
    found: dict[int, Found] = {}
    try:
        for members in groups.values():
            one = asks[members[0]]
            total = sum(asks[at].quantity for at in members)
            block = find_best(trial, Ask(total, one.categories, one.best), room)
            trial.take(block.seats)
            if block.standing is not None:
                room[block.standing] -= total
            dealt = iter(block.seats)
            for at in members:
                part = (
                    () if block.standing is not None else tuple(next(dealt) for _ in range(asks[at].quantity))
                )
                found[at] = block._replace(seats=part)
    except BaseException:
        trial.give_back(before)
        raise
    return [found[at] for at in range(len(asks))]
