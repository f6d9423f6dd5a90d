"""What somebody has chosen on the seat map or in its list: read from the form, and what to offer instead.

The field ``s.NUMBER`` is a seat: its value is the ticket type, or anything else while none is chosen for it.
``q.TYPE`` is how many tickets of a type, of those who stand or of seats that the service chooses.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from bms.commands.sales.pricing import Wanted
from bms.commands.sales.seat_reading import LiveSeats, Suggestion, suggest_seats
from bms.errors import BMSError, OrphanSeat, SeatsTaken
from bms.queries.for_sale import OfferedType
from bms.schemas.bookings import Hold
from bms.seating.asks import Best, Together
from bms.seating.chart import Seat
from bms.seating.terms import MAX_PICKED, Kind
from bms.web.kit.forms import Form
from bms.web.kit.visit import Visit

_HOLD = Hold()


class Pick(NamedTuple):
    """A seat, the ticket types that sell it, and the one that is chosen, None while none is."""

    seat: Seat
    types: Sequence[OfferedType]
    chosen: OfferedType | None


class Choice(NamedTuple):
    """The seats that are chosen, and how many tickets of types without seats."""

    picks: Sequence[Pick]
    counted: Mapping[int, int]

    @property
    def is_settled(self) -> bool:
        """Whether a ticket type is chosen for each seat."""
        return all(pick.chosen is not None for pick in self.picks)


def sellers(live: LiveSeats, category: int) -> list[OfferedType]:
    """Return the ticket types that sell a category now, in the organiser's order."""
    return [
        kind
        for kind in live.offered.types.values()
        if kind.on_sale and category in live.seating.types.get(kind.ticket_type_id, ())
    ]


def pick(live: LiveSeats, no: int, kind: str | int | None) -> Pick | None:
    """Return the seat ``no`` with the ticket type ``kind``, or its only one. None: there is no such seat."""
    chart = live.seat_map.chart
    seat = chart.seat(no)
    if seat is None:
        return None
    types = sellers(live, chart.category_of[chart.place_of[no]])
    chosen = types[0] if len(types) == 1 else next((t for t in types if str(t[0]) == str(kind)), None)
    return Pick(seat, types, chosen)


def read_choice(visit: Visit, form: Form, live: LiveSeats) -> Choice:
    """Return what was chosen. Notes a number that is none."""
    picks = []
    for name, value in form.typed.items():
        no = name.removeprefix("s.")
        if name.startswith("s.") and no.isascii() and no.isdigit() and len(no) < 7 and value:
            found = pick(live, int(no), value)
            if found is not None and found.types:
                picks.append(found)
    picks.sort(key=lambda one: live.seat_map.chart.place_of[one.seat.no])
    return Choice(picks, read_counts(visit, form))


def read_counts(visit: Visit, form: Form) -> dict[int, int]:
    """Return how many tickets of which type were asked for. Notes a number that is none."""
    counted = {}
    for name in form.labels:
        text = form.typed.get(name, "").strip()
        if not name.startswith("q.") or text.strip("0") == "":
            continue
        if text.isascii() and text.isdigit() and len(text) < 5:
            counted[int(name[2:])] = int(text)
        else:
            form.add(name, visit.gettext("Please give a whole number."))
    return counted


def wanted_of(visit: Visit, form: Form, event_id: int, choice: Choice) -> list[Wanted]:
    """Return what a choice asks for. Notes what is wrong with it."""
    seats: dict[int, list[str]] = {}
    for one in choice.picks:
        if one.chosen is not None:
            seats.setdefault(one.chosen.ticket_type_id, []).append(one.seat.guid)
    lines: list[dict[str, Any]] = [{"ticket_type": kind, "seats": guids} for kind, guids in seats.items()]
    lines += [{"ticket_type": kind, "quantity": count} for kind, count in choice.counted.items()]
    return _checked(visit, form, event_id, lines)


def wanted_best(
    visit: Visit, form: Form, live: LiveSeats, event_id: int, sections: Sequence[str]
) -> list[Wanted]:
    """Return what somebody asks for who leaves the choice of seats to us. Notes what is wrong with it."""
    best: dict[str, Any] = {"together": "must" if form.typed.get("together") else "prefer"}
    if sections:
        best["sections"] = list(sections)
    places = form.typed.get("wheelchairs", "").strip()
    if places.isascii() and places.isdigit() and len(places) < 4:
        best["wheelchairs"] = int(places)
    lines = []
    for kind, count in read_counts(visit, form).items():
        seated = live.offered.types[kind].seated
        lines.append({"ticket_type": kind, "quantity": count, **({"best": best} if seated else {})})
    return _checked(visit, form, event_id, lines)


def _checked(visit: Visit, form: Form, event_id: int, lines: list[dict[str, Any]]) -> list[Wanted]:
    """Return ``lines`` as the schema of a booking loads them."""
    if form.is_faulty:
        return []
    if not lines:
        form.refusal = visit.gettext("Please choose at least one seat.")
        return []
    errors: Any = _HOLD.validate({"event": event_id, "tickets": lines}).get("tickets")
    if errors:
        by_line = errors.values() if isinstance(errors, dict) else ()
        places = any("best" in one for one in by_line if isinstance(one, dict))
        form.refusal = (
            visit.gettext("There are more wheelchair places than tickets. Please ask for more tickets.")
            if places
            else visit.gettext("At most %(number)s tickets fit into one booking.", number=MAX_PICKED)
        )
        return []
    return [Wanted(*line) for line in _HOLD.load({"event": event_id, "tickets": lines})["wanted"]]


async def offer_instead(
    visit: Visit, event_id: int, live: LiveSeats, choice: Choice, error: BMSError
) -> list[Pick]:
    """Return seats that would do where ``choice`` is refused with ``error``, or none."""
    if not choice.picks or not choice.is_settled:
        return []
    if isinstance(error, OrphanSeat):
        return _without_orphan(live, choice, error.extra["instead"])
    if isinstance(error, SeatsTaken):
        sections = frozenset(one.seat.section for one in choice.picks)
        for only in (sections, None):
            found = await _suggested(visit, event_id, live, choice, only)
            if found:
                return found
    return []


def _without_orphan(live: LiveSeats, choice: Choice, instead: Sequence[str]) -> list[Pick]:
    """Return the choice with ``instead`` in the place of those of its seats that are beside them."""
    chart = live.seat_map.chart
    places = [place for guid in instead if (place := chart.place(guid)) is not None]
    if not places:
        return []
    segment = chart.segment_of[places[0]]
    old = [one for one in choice.picks if chart.segment_of[chart.place_of[one.seat.no]] == segment]
    kept = [one for one in choice.picks if one not in old]
    if len(old) != len(places):
        return []
    new = [Pick(chart.seat_at(place), one.types, one.chosen) for place, one in zip(places, old, strict=True)]
    return kept + new


async def _suggested(
    visit: Visit, event_id: int, live: LiveSeats, choice: Choice, sections: Collection[str] | None
) -> list[Pick]:
    wanted = list(_alike(live, choice, None if sections is None else frozenset(sections)))
    try:
        return picks_of(live, await suggest(visit, event_id, wanted))
    except BMSError:
        return []


def _alike(live: LiveSeats, choice: Choice, sections: frozenset[str] | None) -> Iterator[Wanted]:
    """Yield an ask for as many of the best seats as were chosen, of each type, with as many bays."""
    counts: dict[int, int] = {}
    of_pool: dict[frozenset[int], list[Pick]] = {}
    for one in choice.picks:
        assert one.chosen is not None
        kind = one.chosen.ticket_type_id
        counts[kind] = counts.get(kind, 0) + 1
        of_pool.setdefault(live.seating.types[kind], []).append(one)
    for kind, count in counts.items():
        picks = of_pool[live.seating.types[kind]]
        best = Best(Together.PREFER, sections, _count(picks, Kind.WHEELCHAIR), _count(picks, Kind.COMPANION))
        yield Wanted(kind, count, best=best)


def _count(picks: Iterable[Pick], kind: Kind) -> int:
    return sum(kind.value in one.seat.kinds for one in picks)


async def suggest(visit: Visit, event_id: int, wanted: Sequence[Wanted]) -> Suggestion:
    """Return the seats that a booking of ``wanted`` would be given. Holds nothing. Raises as a hold does."""
    return await visit.charts.run(
        lambda: visit.db.read_primary(suggest_seats, event_id=event_id, wanted=wanted, maps=visit.charts.maps)
    )


def picks_of(live: LiveSeats, found: Suggestion) -> list[Pick]:
    """Return the seats that were suggested."""
    return [
        one
        for kind, seats in found.lines.items()
        for seat in seats
        if (one := pick(live, seat.no, kind)) is not None
    ]
