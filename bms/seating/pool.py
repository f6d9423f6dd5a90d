"""The free seats of some categories, by segment, so that nobody ever looks at all seats.

Of each segment it knows the runs of free seats. Whoever asks for the best block goes through the segments in
the order of their best seat and stops at the first whose best possible block is worse than the best found.
What was found is kept: the next ask of that size looks again only at the segments that have changed since.

A change is noted and no more. The segment is measured when somebody asks: most seats are taken in a trial,
given back at its end, and then read from the database as taken, all before anybody asks again.
"""

import enum
import re
from array import array
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from heapq import heapify, heappop, heappush
from typing import Any, NamedTuple

from bms.seating.blocks import LONGEST, Block, Pair, Run, best_in, best_pair, fewest_blocks
from bms.seating.chart import Chart, Segment

MAX_RANKINGS = 4096  # kept of (section, kind, size)
MAX_FOUND = 4000  # best blocks kept of (segment, kind, size): one takes 300 bytes
SPARE = 100  # blocks that a ranking may keep although they are no longer true
MAX_LOG = 10_000  # changes of segments that some ranking may not have heard of

Reach = frozenset[int] | None  # sections; None: all of them

_RUN = re.compile(b"\x01+")


@cache
def _at_least(size: int) -> re.Pattern[bytes]:
    return re.compile(b"[%b-\xff]" % re.escape(bytes([size])), re.DOTALL)


class _Kind(enum.IntEnum):
    NEAT = 0  # a block that leaves no single
    ANY = 1
    PAIR = 2  # two blocks in neighbouring rows


class _Order:
    """Segments of one reach in the order of the least rank that a seat of theirs can have.

    ``room`` has a byte for each: the size of the largest block, or pair, that it may have.
    """

    __slots__ = ("at", "floors", "room", "segments")

    def __init__(self, floors: dict[int, int], rooms: Callable[[int], int]) -> None:
        self.segments = sorted(floors, key=lambda segment: (floors[segment], segment))
        self.floors = array("i", (floors[segment] for segment in self.segments))
        self.at = {segment: at for at, segment in enumerate(self.segments)}
        self.room = bytearray(map(rooms, self.segments))

    def next(self, size: int, after: int) -> int | None:
        """Return the first place from ``after`` on whose segment may have a block of ``size``, or None."""
        found = _at_least(size).search(self.room, after)
        return None if found is None else found.start()


class _Ranking:
    """The best block, or pair, of one size that each segment has.

    It has looked at the segments before ``seen`` in the order. ``entries`` are what it knows of them, and
    ``heap`` has the same with the least first, and some that are no longer true. ``heard`` is how many
    changes of its reach it has heard of.
    """

    __slots__ = ("entries", "heap", "heard", "kind", "order", "seen", "size")

    def __init__(self, order: _Order, kind: _Kind, size: int, heard: int) -> None:
        self.order, self.kind, self.size, self.heard = order, kind, size, heard
        self.entries: dict[int, _Entry] = {}
        self.heap: list[_Entry] = []
        self.seen = 0

    def bound(self, at: int) -> tuple[int, ...]:
        """Return what compares as no worse than what the segment at a place of the order can have."""
        rank = self.size * self.order.floors[at]
        return (0, rank) if self.kind is _Kind.PAIR else (rank,)

    def put(self, segment: int, best: Block | Pair | None) -> None:
        """Note what a segment has."""
        if best is None:
            self.entries.pop(segment, None)
        else:
            # Of blocks all leave as many singles, see ``Pool.best``.
            self._push(_Entry(best if self.kind is _Kind.PAIR else best[1:], segment, best))

    def doubt(self, segment: int) -> None:
        """Note that a segment has changed. It is looked at again when it may be the best."""
        at, known = self.order.at[segment], self.entries.get(segment)
        if self.order.room[at] < self.size:
            self.entries.pop(segment, None)
        elif known is None or known.best is not None:
            self._push(_Entry(self.bound(at), segment, None))

    def first(self) -> "_Entry | None":
        """Return the least entry, or None."""
        heap, entries = self.heap, self.entries
        while heap and entries.get(heap[0].segment) is not heap[0]:
            heappop(heap)
        return heap[0] if heap else None

    def _push(self, entry: "_Entry") -> None:
        self.entries[entry.segment] = entry
        heappush(self.heap, entry)
        if len(self.heap) > 2 * len(self.entries) + SPARE:
            self.heap = list(self.entries.values())
            heapify(self.heap)


class _Entry(NamedTuple):
    """The best block or pair of a segment, None if that is not known, and by what it compares."""

    key: tuple[Any, ...]
    segment: int
    best: Block | Pair | None


class Pool:
    """The free seats of some categories. Places that are not for everybody do not belong to it."""

    def __init__(self, chart: Chart, member: bytes, usable: bytes | bytearray) -> None:
        """``member`` has 1 for each place that belongs here, ``usable`` for each that is free now."""
        self._chart = chart
        self.member = member
        both = int.from_bytes(member, "little") & int.from_bytes(usable, "little")
        self.open = bytearray(both.to_bytes(chart.count, "little"))
        # By segment. Only those with a member are in here.
        self._floors = _floors(chart, member)
        self._runs: dict[int, tuple[Run, ...]] = dict.fromkeys(self._floors, ())
        self._longest = dict.fromkeys(self._floors, 0)  # the longest of them, LONGEST at the most
        self._before: dict[int, list[int]] = {}  # the segments of the row before that overlap it
        for at in self._floors:
            for behind in chart.segments[at].behind:
                self._before.setdefault(behind, []).append(at)
        self._in_section: dict[int, list[int]] = {}  # the one with the best seat first
        for at in sorted(self._floors, key=lambda at: (self._floors[at], at)):
            self._in_section.setdefault(chart.segments[at].section, []).append(at)
        # How many runs of each length a section has, without tables that are sold whole.
        self._lengths = {section: [0] * (LONGEST + 1) for section in self._in_section}
        self._all_lengths = [0] * (LONGEST + 1)
        self._fewest: dict[int, dict[int, int | None]] = {}
        self._orders: dict[int | None, _Order] = {}  # by section, None: of all
        self._orders_of_pairs: dict[int | None, _Order] = {}
        self._rankings: dict[tuple[int | None, _Kind, int], _Ranking] = {}
        self._kept = 0
        self._stale = set(self._floors)  # segments that may have changed since they were measured
        # The segments that had, one after the other, by section. None: all of them.
        self._logs: dict[int | None, list[int]] = {section: [] for section in (None, *self._in_section)}
        self._measure()

    # What changes.

    def set_open(self, places: Iterable[int], usable: bytes | bytearray) -> None:
        """Take over whether each of ``places`` is free from ``usable``."""
        member, now, segment_of = self.member, self.open, self._chart.segment_of
        for place in places:
            if member[place] and now[place] != usable[place]:
                now[place] = usable[place]
                self._stale.add(segment_of[place])

    def close(self, places: Iterable[int]) -> None:
        """Take ``places`` out, until ``set_open`` brings them back."""
        self.set_open(places, bytes(self._chart.count))

    def _measure(self) -> None:
        """Measure the segments that may have changed."""
        stale = self._stale
        if stale:
            self._stale = set()
            for at in stale:
                self._measure_one(at)
            if len(self._logs[None]) > MAX_LOG:
                self._forget()

    def _measure_one(self, at: int) -> None:
        segment = self._chart.segments[at]
        runs = tuple([run.span() for run in _RUN.finditer(self.open, segment.first, segment.end)])
        if segment.whole and runs != ((segment.first, segment.end),):
            runs = ()  # Part of it is not for sale, so it holds a block only if all of it is free.
        before = self._runs.get(at)
        if before is None or runs == before:
            return
        self._runs[at] = runs
        self._logs[None].append(at)
        self._logs[segment.section].append(at)
        lengths = [min(end - first, LONGEST) for first, end in runs]
        longest = self._longest[at] = max(lengths, default=0)
        _set_room(self._orders, segment.section, at, longest)
        if self._orders_of_pairs:  # Hardly anybody has to ask for pairs.
            for front in at, *self._before.get(at, ()):
                _set_room(self._orders_of_pairs, segment.section, front, self._room_of_pair(front))
        if not segment.whole:
            self._fewest.pop(segment.section, None)
            table, of_all = self._lengths[segment.section], self._all_lengths
            for first, end in before:
                length = min(end - first, LONGEST)
                table[length] -= 1
                of_all[length] -= 1
            for length in lengths:
                table[length] += 1
                of_all[length] += 1

    # What is asked.

    def runs(self, segment: int) -> tuple[Run, ...]:
        """Return the free runs of a segment, none of one that does not belong here."""
        if segment in self._stale:
            self._stale.remove(segment)
            self._measure_one(segment)
        return self._runs.get(segment, ())

    def best(self, size: int, reach: Reach, *, singles: bool) -> Block | None:
        """Return the best block of ``size``. Only with ``singles`` it may leave some.

        Ask so only if there is none without: then each leaves as many, and they compare by rank.
        """
        found: Block | None = self._search(_Kind.ANY if singles else _Kind.NEAT, size, reach)
        return found

    def best_pair(self, size: int, reach: Reach) -> Pair | None:
        """Return the best two blocks, together ``size``, in neighbouring rows."""
        found: Pair | None = self._search(_Kind.PAIR, size, reach)
        return found

    def best_among(self, size: int, segments: Iterable[int]) -> Block | None:
        """Return the best block of ``size`` in one of ``segments``, one without singles if there is any."""
        self._measure()
        known = [at for at in segments if at in self._floors]
        for kind in (_Kind.NEAT, _Kind.ANY):
            blocks = [self._best_block(at, kind, size) for at in known]
            if best := min((block for block in blocks if block is not None), default=None):
                return best
        return None

    def within(self, reach: Reach) -> list[int]:
        """Return the sections of ``reach`` that have seats here, the one with the best seat first."""
        return [section for section in self._in_section if reach is None or section in reach]

    def longest(self, reach: Reach) -> int:
        """Return the length of the longest run, LONGEST at the most."""
        lengths = self._table(reach)
        return next((length for length in range(LONGEST, 0, -1) if lengths[length]), 0)

    def fewest_blocks(self, size: int, reach: Reach) -> int | None:
        """Return in how few blocks of two or more ``size`` seats can be had, None if they cannot."""
        return fewest_blocks(self._table(reach), size)

    def fewest_in(self, section: int, size: int) -> int | None:
        """Return the same of one section."""
        self._measure()
        known = self._fewest.setdefault(section, {})
        if size not in known:
            known[size] = fewest_blocks(self._lengths[section], size)
        return known[size]

    def _table(self, reach: Reach) -> Sequence[int]:
        """Return how many runs of each length there are."""
        self._measure()
        if reach is None:
            return self._all_lengths
        tables = [self._lengths[section] for section in self.within(reach)]
        return [sum(column) for column in zip(*tables, strict=True)] or [0] * (LONGEST + 1)

    def _search(self, kind: _Kind, size: int, reach: Reach) -> Any:
        self._measure()
        sections = [None] if reach is None else self.within(reach)
        firsts = [self._first(section, kind, size) for section in sections]
        first = min((entry for entry in firsts if entry is not None), default=None)
        return None if first is None else first.best

    def _first(self, section: int | None, kind: _Kind, size: int) -> _Entry | None:
        """Return the best of a section, None: of all."""
        ranking = self._ranking(section, kind, size)
        known = len(ranking.entries)
        self._tell(ranking, self._logs[section])
        order = ranking.order
        at = order.next(size, ranking.seen)
        while True:
            first = ranking.first()
            if at is not None and (first is None or ranking.bound(at) < first.key):
                segment = order.segments[at]
                ranking.seen = at + 1
                at = order.next(size, ranking.seen)
            elif first is None or first.best is not None:
                break  # All others are worse.
            else:
                segment = first.segment
            ranking.put(segment, self._look(segment, kind, size))
        self._kept += len(ranking.entries) - known
        if self._kept > MAX_FOUND:
            self._forget()
        return first

    def _tell(self, ranking: _Ranking, log: Sequence[int]) -> None:
        """Tell a ranking of the segments that have changed since it heard of any."""
        if ranking.heard == len(log):
            return
        changed = set(log[ranking.heard :])
        ranking.heard = len(log)
        if ranking.kind is _Kind.PAIR:
            changed.update(*(self._before.get(segment, ()) for segment in changed))
        at, seen = ranking.order.at, ranking.seen
        for segment in changed:
            if at.get(segment, seen) < seen:
                ranking.doubt(segment)

    def _forget(self) -> None:
        """Forget all rankings: they are made anew for whoever asks."""
        self._rankings.clear()
        for log in self._logs.values():
            log.clear()
        self._kept = 0

    def _look(self, at: int, kind: _Kind, size: int) -> Any:
        return self._best_pair(at, size) if kind is _Kind.PAIR else self._best_block(at, kind, size)

    def _best_block(self, at: int, kind: _Kind, size: int) -> Block | None:
        segment, runs = self._chart.segments[at], self._runs[at]
        if size > self._longest[at] or (segment.whole and size != segment.end - segment.first):
            return None
        return best_in(self._chart, runs, size, singles=kind is _Kind.ANY)

    def _best_pair(self, at: int, size: int) -> Pair | None:
        behind = [other for other in self._chart.segments[at].behind if self._fits(at, other) >= size]
        pairs = [best_pair(self._chart, self._runs[at], self._runs[other], size) for other in behind]
        return min((pair for pair in pairs if pair is not None), default=None)

    def _room_of_pair(self, at: int) -> int:
        """Return how many seats a pair may have at the most whose front block is in the segment ``at``."""
        return max([self._fits(at, other) for other in self._chart.segments[at].behind], default=0)

    def _fits(self, front: int, back: int) -> int:
        """Return the same where the other block is in the segment ``back``."""
        segments = self._chart.segments
        rooms = self._longest[front], self._longest.get(back, 0)
        return 0 if min(rooms) < 2 or segments[front].whole or segments[back].whole else sum(rooms)

    def _ranking(self, section: int | None, kind: _Kind, size: int) -> _Ranking:
        ranking = self._rankings.get((section, kind, size))
        if ranking is None:
            if len(self._rankings) >= MAX_RANKINGS:
                self._forget()
            order = self._order_of_pairs(section) if kind is _Kind.PAIR else self._order(section)
            heard = len(self._logs[section])
            ranking = self._rankings[section, kind, size] = _Ranking(order, kind, size, heard)
        return ranking

    def _order(self, section: int | None) -> _Order:
        order = self._orders.get(section)
        if order is None:
            known = self._floors if section is None else self._in_section[section]
            floors = {at: self._floors[at] for at in known}
            order = self._orders[section] = _Order(floors, self._longest.__getitem__)
        return order

    def _order_of_pairs(self, section: int | None) -> _Order:
        order = self._orders_of_pairs.get(section)
        if order is None:
            known = self._floors if section is None else self._in_section[section]
            floors = {at: self._floor_of_pairs(at) for at in known if self._chart.segments[at].behind}
            order = self._orders_of_pairs[section] = _Order(floors, self._room_of_pair)
        return order

    def _floor_of_pairs(self, at: int) -> int:
        behind = self._chart.segments[at].behind
        return min([self._floors[at], *(self._floors[other] for other in behind if other in self._floors)])


def _set_room(orders: Mapping[int | None, _Order], section: int, at: int, room: int) -> None:
    for order in (orders.get(None), orders.get(section)):
        if order is not None and at in order.at:
            order.room[order.at[at]] = room


def _floors(chart: Chart, member: bytes) -> dict[int, int]:
    """Return of each segment with members the least rank of them."""
    floors = {}
    for at, segment in enumerate(chart.segments):
        found = _least_rank(chart, member, segment)
        if found is not None:
            floors[at] = found
    return floors


def _least_rank(chart: Chart, member: bytes, segment: Segment) -> int | None:
    if segment.whole and not all(member[segment.first : segment.end]):
        return None
    places = range(segment.first, segment.end)
    return min((chart.rank[place] for place in places if member[place]), default=None)
