"""The free seats of some categories, by segment, so that nobody ever looks at all seats.

Of each segment it knows the runs of free seats. Whoever asks for the best block goes through the segments in
the order of their best seat and stops at the first whose best possible block is worse than the best found.
Which segments may hold a block at all is one byte each, so that those that cannot are passed over by one
search for a byte. The byte is kept up to date whenever a segment changes.
"""

import enum
import re
from array import array
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar

from bms.seating.blocks import LONGEST, Block, Pair, Run, best_in, best_pair, fewest_blocks
from bms.seating.chart import Chart, Segment

MAX_LINES = 4096  # kept of (section, kind, size)
MAX_FOUND = 4000  # best blocks kept of (segment, kind, size): one takes 300 bytes
USUAL = 8  # sizes up to this are asked for all the time, so they are prepared

Reach = frozenset[int] | None  # sections; None: all of them

_RUN = re.compile(b"\x01+")
_T = TypeVar("_T", Block, Pair)


class _Kind(enum.IntEnum):
    NEAT = 0  # a block that leaves no single
    ANY = 1
    PAIR = 2  # two blocks in neighbouring rows


_KINDS = tuple(_Kind)


class _Order:
    """Segments of one reach in the order of the least rank that a seat of theirs can have."""

    __slots__ = ("at", "floors", "lines", "segments")

    def __init__(self, floors: dict[int, int]) -> None:
        self.segments = sorted(floors, key=lambda segment: (floors[segment], segment))
        self.floors = array("i", (floors[segment] for segment in self.segments))
        self.at = {segment: at for at, segment in enumerate(self.segments)}
        self.lines: dict[int, bytearray] = {}  # by size: 1 for each segment that has such a block


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
        self.runs: dict[int, tuple[Run, ...]] = dict.fromkeys(self._floors, ())
        self._longest = dict.fromkeys(self._floors, 0)
        # Bit n: there is a block of n.
        self._sizes = {kind: dict.fromkeys(self._floors, 0) for kind in _KINDS}
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
        self._orders: dict[tuple[int | None, _Kind], _Order] = {}
        self._lines = 0
        self._asked = 0  # bit n: some line is of size n
        self._found: dict[int, dict[int, Any]] = {}  # Block or Pair, None if there is none
        self._kept = 0
        for at in self._floors:
            self._measure(at)
        for at in self._floors:
            self._measure_pairs(at)
        for kind in _KINDS:
            for size in range(1, USUAL + 1):
                self._line(self._order(None, kind), kind, size)

    # What changes.

    def set_open(self, places: Iterable[int], usable: bytes | bytearray) -> None:
        """Take over whether each of ``places`` is free from ``usable``, and bring the index up to date."""
        member, now, segment_of = self.member, self.open, self._chart.segment_of
        changed = set()
        for place in places:
            if member[place] and now[place] != usable[place]:
                now[place] = usable[place]
                changed.add(segment_of[place])
        if changed:
            self._index(changed)

    def close(self, places: Iterable[int]) -> None:
        """Take ``places`` out, until ``set_open`` brings them back."""
        self.set_open(places, bytes(self._chart.count))

    def _index(self, changed: set[int]) -> None:
        """Bring the index up to date with segments that have changed."""
        touched = changed.union(*(self._before.get(at, ()) for at in changed))
        before = [(kind, at, self._sizes[kind][at]) for kind in _KINDS for at in touched]
        for at in changed:
            self._measure(at)
        for at in touched:
            self._measure_pairs(at)
            self._found.pop(at, None)
        for kind, at, sizes in before:
            # Mostly a long run has become another long run, which no line tells apart.
            differing = (sizes ^ self._sizes[kind][at]) & self._asked
            if differing:
                self._mark(at, kind, differing)

    def _measure(self, at: int) -> None:
        segment = self._chart.segments[at]
        runs = tuple([run.span() for run in _RUN.finditer(self.open, segment.first, segment.end)])
        if segment.whole:
            # Part of it is not for sale, so it holds a block only if all of it is free.
            self.runs[at] = runs = runs if runs == ((segment.first, segment.end),) else ()
            sizes = sum(1 << (end - first) for first, end in runs)
            self._sizes[_Kind.NEAT][at] = self._sizes[_Kind.ANY][at] = sizes
            return
        self._fewest.pop(segment.section, None)
        tables = self._lengths[segment.section], self._all_lengths
        for first, end in self.runs[at]:
            for table in tables:
                table[min(end - first, LONGEST)] -= 1
        neat = longest = 0
        for first, end in runs:
            length = min(end - first, LONGEST)
            for table in tables:
                table[length] += 1
            neat |= 1 << length | (1 << (length - 1)) - 2 if length > 1 else 2
            longest = max(longest, length)
        self.runs[at], self._longest[at] = runs, longest
        self._sizes[_Kind.NEAT][at] = neat
        self._sizes[_Kind.ANY][at] = (2 << longest) - 2

    def _measure_pairs(self, at: int) -> None:
        longest, room = self._longest[at], 0
        if longest > 1:
            for behind in self._chart.segments[at].behind:
                other = self._longest.get(behind, 0)
                if other > 1:
                    room = max(room, longest + other)
        self._sizes[_Kind.PAIR][at] = (2 << room) - 16 if room > 3 else 0

    def _mark(self, at: int, kind: _Kind, differing: int) -> None:
        """Bring the bytes of a segment up to date, for the sizes whose bits are in ``differing``."""
        now = self._sizes[kind][at]
        for key in (None, kind), (self._chart.segments[at].section, kind):
            order = self._orders.get(key)
            if order is not None and at in order.at:
                place, left = order.at[at], differing
                while left:
                    size = left.bit_length() - 1
                    left ^= 1 << size
                    if size in order.lines:
                        order.lines[size][place] = now >> size & 1

    # What is asked.

    def best(self, size: int, reach: Reach, *, singles: bool) -> Block | None:
        """Return the best block of ``size``. Only with ``singles`` it may leave some.

        Ask so only if there is none without: then each leaves as many, and they compare by rank.
        """
        return self._search(_Kind.ANY if singles else _Kind.NEAT, size, reach, self._best_block)

    def best_pair(self, size: int, reach: Reach) -> Pair | None:
        """Return the best two blocks, together ``size``, in neighbouring rows."""
        return self._search(_Kind.PAIR, size, reach, self._best_pair)

    def best_among(self, size: int, segments: Iterable[int]) -> Block | None:
        """Return the best block of ``size`` in one of ``segments``, one without singles if there is any."""
        known = [at for at in segments if at in self._floors]
        for kind in (_Kind.NEAT, _Kind.ANY):
            blocks = [self._best_block(at, kind, size) for at in known if self._sizes[kind][at] >> size & 1]
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
        known = self._fewest.setdefault(section, {})
        if size not in known:
            known[size] = fewest_blocks(self._lengths[section], size)
        return known[size]

    def _table(self, reach: Reach) -> Sequence[int]:
        """Return how many runs of each length there are."""
        if reach is None:
            return self._all_lengths
        tables = [self._lengths[section] for section in self.within(reach)]
        return [sum(column) for column in zip(*tables, strict=True)] or [0] * (LONGEST + 1)

    def _search(
        self, kind: _Kind, size: int, reach: Reach, evaluate: Callable[[int, _Kind, int], _T | None]
    ) -> _T | None:
        best: _T | None = None
        # Dozens of segments are looked at, and most have not changed since the last look.
        key = 4 * size + kind
        for section in [None] if reach is None else self.within(reach):
            order = self._order(section, kind)
            line = self._line(order, kind, size)
            at = line.find(1)
            while at >= 0:
                if best is not None and size * order.floors[at] > best.rank and self._is_last(best):
                    break  # those after it are worse
                segment = order.segments[at]
                known = self._found.get(segment)
                found: _T | None = known[key] if known and key in known else evaluate(segment, kind, size)
                if found is not None and (best is None or found < best):
                    best = found
                at = line.find(1, at + 1)
        return best

    @staticmethod
    def _is_last(best: Block | Pair) -> bool:
        """Return whether rank alone decides from here on: a pair without singles may still come."""
        return isinstance(best, Block) or not best.singles

    def _best_block(self, at: int, kind: _Kind, size: int) -> Block | None:
        known, key = self._known(at), 4 * size + kind
        if key not in known:
            self._kept += 1
            known[key] = best_in(self._chart, self.runs[at], size, singles=kind is _Kind.ANY)
        found: Block | None = known[key]
        return found

    def _best_pair(self, at: int, kind: _Kind, size: int) -> Pair | None:
        known, key = self._known(at), 4 * size + kind
        if key not in known:
            self._kept += 1
            behind = [other for other in self._chart.segments[at].behind if other in self._floors]
            pairs = [best_pair(self._chart, self.runs[at], self.runs[other], size) for other in behind]
            known[key] = min((pair for pair in pairs if pair is not None), default=None)
        found: Pair | None = known[key]
        return found

    def _known(self, at: int) -> dict[int, Any]:
        """Return the best blocks of a segment that are known since it last changed."""
        if self._kept >= MAX_FOUND:
            self._kept = 0
            self._found.clear()
        known = self._found.get(at)
        if known is None:
            known = self._found[at] = {}
        return known

    def _order(self, section: int | None, kind: _Kind) -> _Order:
        order = self._orders.get((section, kind))
        if order is None:
            known = self._floors if section is None else self._in_section[section]
            if kind is _Kind.PAIR:
                floors = {at: self._floor_of_pairs(at) for at in known if self._chart.segments[at].behind}
            else:
                floors = {at: self._floors[at] for at in known}
            order = self._orders[section, kind] = _Order(floors)
        return order

    def _floor_of_pairs(self, at: int) -> int:
        behind = self._chart.segments[at].behind
        return min([self._floors[at], *(self._floors[other] for other in behind if other in self._floors)])

    def _line(self, order: _Order, kind: _Kind, size: int) -> bytearray:
        line = order.lines.get(size)
        if line is not None:
            return line
        if self._lines >= MAX_LINES:
            self._lines = 0
            for one in self._orders.values():
                one.lines.clear()
        self._lines += 1
        self._asked |= 1 << size
        sizes = self._sizes[kind]
        line = order.lines[size] = bytearray([sizes[at] >> size & 1 for at in order.segments])
        return line


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
