"""The map of an event: the states of its seats as its process knows them, and what to find them by.

The map changes by what was read from the database and by nothing else. Whoever works out which seats to
write does so in a ``trial``, in which seats can be taken for the asks that follow, and which takes all of it
back at its end.

Threads: ``judging`` is held by whoever changes the map or has a trial, for as long as that takes. Readers of
``snapshot``, ``changes_since`` and ``state`` need no lock and never wait for a trial.
"""

import threading
from bisect import bisect_right
from collections import deque
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice

from bms.seating.availability import CategoryCount, Snapshot, pack
from bms.seating.chart import Chart
from bms.seating.pool import Pool
from bms.seating.terms import ACCESSIBLE, Kind, SeatState

MAX_CHANGES = 2000  # listed one by one; of more it is shorter to send all
MAX_POOLS = 64

_STATES = tuple(SeatState)  # by number: a call of SeatState takes five times as long
_FREE = int(SeatState.FREE)
_UNSOLD = (1, 1, 0, 0)  # by number: whether a seat is free or held

Change = tuple[int, int]  # the seat's number, its state


class SeatMap:
    """The states of the seats of one event, whose plan is ``chart``."""

    def __init__(
        self, chart: Chart, states: Iterable[Change], *, sequence: int, released: bool = False
    ) -> None:
        """``states`` are the event's rows. A seat without one, whose category is not for sale, is blocked.

        With ``released``, wheelchair places and companions' seats are in the general sale.
        """
        self.chart = chart
        self.judging = threading.RLock()
        self._reading = threading.Lock()  # the few fields that must be of one moment
        self._states = bytearray([SeatState.BLOCKED]) * chart.next_no
        for no, state in states:
            if chart.place_of[no] >= 0:
                self._states[no] = state
        self._usable = bytearray(self._states[no] == SeatState.FREE for no in chart.no_of)  # by place
        self._taken = bytearray(chart.count)  # in a trial, by place
        self._released = released
        self._sequence = sequence
        self._changes: deque[tuple[int, int]] = deque(maxlen=2 * MAX_CHANGES)  # sequence, seat
        self._complete_from = sequence  # every change after it is among them
        self._pools: dict[frozenset[int], Pool] = {}
        # The wheelchair places of the plan, the best first.
        wheelchairs = [p for p, kinds in enumerate(chart.kinds) if kinds & Kind.WHEELCHAIR.bit]
        self.bays = sorted(wheelchairs, key=lambda place: (chart.rank[place], place))
        self._free = [0] * len(chart.categories)
        for place, category in enumerate(chart.category_of):
            self._free[category] += self._usable[place]
        # Of the places that are not accessible: how many there are, and how many are free or held.
        others = [no for place, no in enumerate(chart.no_of) if not chart.is_accessible(place)]
        self._others = len(others)
        self._unsold = sum(_UNSOLD[self._states[no]] for no in others)
        self._snapshot: Snapshot | None = None
        self._largest = self._measure_largest()

    # Reading.

    @property
    def sequence(self) -> int:
        """The change up to which the map is true."""
        return self._sequence

    @property
    def released(self) -> bool:
        """Whether accessible seats are in the general sale."""
        return self._released

    @property
    def is_rest_sold(self) -> bool:
        """Whether there are seats that are not accessible, and none of them is free or held."""
        return self._others > 0 and not self._unsold

    def state(self, no: int) -> SeatState:
        """Return the state of the seat ``no``. One that this version of the plan lacks is blocked."""
        return _STATES[self._states[no]]

    def free(self, category: int) -> int:
        """Return how many seats of a category are free, accessible ones too."""
        return self._free[category]

    def largest_together(self, category: int) -> int:
        """Return how many seats side by side the general sale of a category has at the most."""
        return self._largest[category]

    def snapshot(self) -> Snapshot:
        """Return what everybody may know now. Between changes it is the same object."""
        with self._reading:
            if self._snapshot is None:
                counts = (
                    CategoryCount(category.name, self._free[at], self._largest[at])
                    for at, category in enumerate(self.chart.categories)
                    if category.capacity is None
                )
                self._snapshot = Snapshot(
                    self._sequence, self.chart.next_no, pack(self._states), tuple(counts)
                )
            return self._snapshot

    def changes_since(self, sequence: int) -> list[Change] | None:
        """Return the seats that changed after ``sequence``, with their states now.

        None if they are more than MAX_CHANGES, or not known: then all of the snapshot is needed.
        """
        with self._reading:
            if not self._complete_from <= sequence <= self._sequence:
                return None
            after = bisect_right(self._changes, sequence, key=lambda change: change[0])
            seats = dict.fromkeys(no for _, no in islice(self._changes, after, None))
            if len(seats) > MAX_CHANGES:
                return None
            return [(no, self._states[no]) for no in seats]

    # Changing, under ``judging``.

    def apply(self, sequence: int, changes: Iterable[Change]) -> None:
        """Take over what the database says: the seats that changed up to ``sequence``, and their states.

        What is older than the map is passed over: somebody else has read and applied it meanwhile.
        """
        with self.judging:
            if sequence < self._sequence:
                return  # read before what the map has from somebody else
            states, place_of = self._states, self.chart.place_of
            changed = [
                (no, place, state)
                for no, state in dict(changes).items()
                if (place := place_of[no]) >= 0 and states[no] != state
            ]
            # They may be all seats of a stadium, so each takes few steps.
            category_of, kinds, usable, free = (
                self.chart.category_of,
                self.chart.kinds,
                self._usable,
                self._free,
            )
            with self._reading:
                for no, place, state in changed:
                    was, states[no] = states[no], state
                    usable[place] = state == _FREE
                    free[category_of[place]] += (state == _FREE) - (was == _FREE)
                    if not kinds[place] & ACCESSIBLE:
                        self._unsold += _UNSOLD[state] - _UNSOLD[was]
                self._note(sequence, [no for no, _, _ in changed])
                self._sequence = sequence
                self._snapshot = None
            self._update_pools([place for _, place, _ in changed])
            self._largest = self._measure_largest()

    def release_accessible(self) -> None:
        """Put wheelchair places and companions' seats into the general sale."""
        with self.judging:
            self._released = True
            self._pools.clear()
            self._largest = self._measure_largest()
            with self._reading:
                self._snapshot = None

    @contextmanager
    def trial(self) -> Iterator["Trial"]:
        """Return a trial of what might be written. What is taken in it is free again at its end."""
        with self.judging:
            trial = Trial(self)
            try:
                yield trial
            finally:
                trial.give_back()

    # For the picker, under ``judging``.

    def pool(self, categories: frozenset[int]) -> Pool:
        """Return the free seats of ``categories`` that are in the general sale."""
        pool = self._pools.get(categories)
        if pool is None:
            if len(self._pools) >= MAX_POOLS:
                self._pools.pop(next(iter(self._pools)))
            pool = self._pools[categories] = Pool(self.chart, self._members(categories), self._usable)
        return pool

    def set_back(self, pool: Pool, places: Iterable[int]) -> None:
        """Make ``places``, which were closed in ``pool``, what they are on the map."""
        pool.set_open(places, self._usable)

    def is_usable(self, place: int) -> bool:
        """Return whether the seat at ``place`` is free, and not taken in a trial."""
        return bool(self._usable[place])

    def is_taken(self, place: int) -> bool:
        """Return whether the seat at ``place`` is taken in the trial that goes on."""
        return bool(self._taken[place])

    def in_general_sale(self, place: int) -> bool:
        """Return whether everybody may be given the seat at ``place``."""
        return self._released or not self.chart.is_accessible(place)

    def _members(self, categories: frozenset[int]) -> bytes:
        chart = self.chart
        return bytes(
            category in categories and segment >= 0 and self.in_general_sale(place)
            for place, (category, segment) in enumerate(zip(chart.category_of, chart.segment_of, strict=True))
        )

    def mark(self, places: Collection[int], *, usable: bool) -> None:
        """Say whether ``places`` can be given to somebody. For a trial alone."""
        states, no_of = self._states, self.chart.no_of
        for place in places:
            # Blocked seats can be taken by those who may, and are blocked again afterwards.
            self._usable[place] = usable and states[no_of[place]] == _FREE
            self._taken[place] = not usable
        self._update_pools(places)

    def _update_pools(self, places: Collection[int]) -> None:
        category_of = self.chart.category_of
        changed = {category_of[place] for place in places}
        for categories, pool in self._pools.items():
            if not changed.isdisjoint(categories):
                pool.set_open(places, self._usable)

    def _measure_largest(self) -> list[int]:
        largest = []
        for at, category in enumerate(self.chart.categories):
            pool = self.pool(frozenset({at})) if category.seats else None
            largest.append(0 if pool is None else pool.longest(None))
        return largest

    def _note(self, sequence: int, seats: Sequence[int]) -> None:
        known = len(self._changes)
        dropped = known + len(seats) - 2 * MAX_CHANGES
        if dropped > 0:
            self._complete_from = self._changes[dropped - 1][0] if dropped <= known else sequence
        self._changes.extend([(sequence, no) for no in seats])


class Trial:
    """Seats that are taken for what follows in the same trial. See ``SeatMap.trial``."""

    def __init__(self, seat_map: SeatMap) -> None:
        self.map = seat_map
        self._taken: list[int] = []

    @property
    def taken(self) -> int:
        """How many seats are taken."""
        return len(self._taken)

    def take(self, numbers: Iterable[int]) -> None:
        """Take the seats with these numbers, which are free."""
        self.take_places([self.map.chart.place_of[no] for no in numbers])

    def take_places(self, places: Iterable[int]) -> None:
        """Take the seats at ``places``, which are free, or blocked for others."""
        places = list(places)
        self._taken += places
        self.map.mark(places, usable=False)

    def give_back(self, down_to: int = 0) -> None:
        """Make the seats that were taken last free again, until ``down_to`` are left."""
        returned = self._taken[down_to:]
        del self._taken[down_to:]
        self.map.mark(returned, usable=True)
