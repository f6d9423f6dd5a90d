"""What differs between two versions of a plan."""

from typing import Any, NamedTuple

from bms.seating.drafts import Label, label_of
from bms.seating.walk import Layout, items, seats_of, text

SHOWN = 200  # seats that are named of each kind of difference


class Differences(NamedTuple):
    """How many seats were added, removed and changed, and the first of them.

    A seat is the same in both versions by its guid. It is changed if its category, label or kinds are.
    """

    added: int
    removed: int
    recategorised: int
    relabelled: int
    rekinded: int
    names: dict[str, list[Label]]  # by the name of the number above, at most SHOWN


def compare(before: Layout, after: Layout) -> Differences:
    """Return what differs in ``after``. Both layouts are checked."""
    old, new = _seats(before), _seats(after)
    found: dict[str, list[Label]] = {
        "added": [label for guid, (label, _) in new.items() if guid not in old],
        "removed": [label for guid, (label, _) in old.items() if guid not in new],
        "recategorised": [],
        "relabelled": [],
        "rekinded": [],
    }
    for guid, (label, seat) in new.items():
        if guid not in old:
            continue
        was, data = old[guid]
        if text(data, "category") != text(seat, "category"):
            found["recategorised"].append(label)
        if was[1:] != label[1:]:
            found["relabelled"].append(label)
        if set(items(data, "kind")) != set(items(seat, "kind")):
            found["rekinded"].append(label)
    counts = {name: len(labels) for name, labels in found.items()}
    return Differences(**counts, names={name: labels[:SHOWN] for name, labels in found.items()})


def _seats(layout: Layout) -> dict[str, tuple[Label, dict[str, Any]]]:
    return {
        spot.data["seat_guid"].casefold(): (label_of(no, spot), spot.data)
        for no, spot in enumerate(seats_of(layout))
    }
