"""What is wrong with a plan, all of it: the bounds first, then the form, then the texts and the rules."""

from typing import Any

from bms.seating.faults import MAX_FAULTS, Fault, Faults, TooMany
from bms.seating.rules import find_broken_rules
from bms.seating.structure import find_structural_faults, out_of_bounds
from bms.seating.terms import MAX_SEATS
from bms.seating.texts import find_faults_of_texts
from bms.seating.walk import count_seats


def check(layout: Any) -> list[Fault]:
    """Return every fault of ``layout``, a parsed document, or an empty list.

    A layout that is far too large or too deep has that fault alone. Of more than MAX_FAULTS faults the first
    are listed, and one that says so. It takes about a second for 60,000 seats: call it by ``Worker``.
    """
    if problem := out_of_bounds(layout):
        return [Fault("", problem)]
    if isinstance(layout, dict) and count_seats(layout) > MAX_SEATS:
        return [Fault("", f"More than {MAX_SEATS} seats.")]
    faults = Faults()
    try:
        find_structural_faults(layout, faults)
        if isinstance(layout, dict):
            find_faults_of_texts(layout, faults)
            find_broken_rules(layout, faults)
    except TooMany:
        return [*faults, Fault("", f"There are more than {MAX_FAULTS} faults; these are the first.")]
    return list(faults)
