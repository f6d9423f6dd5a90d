"""The map of an event: states, changes, what everybody may know, and trials that leave nothing behind."""

import base64
import gzip
import pickle
import random
import threading
import tracemalloc

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bms.seating.availability import CategoryCount, Snapshot, pack, unpack
from bms.seating.charting import build_chart
from bms.seating.demo import stadium
from bms.seating.numbering import number_seats, numbers_of
from bms.seating.pool import Pool
from bms.seating.seat_map import MAX_CHANGES, SeatMap
from bms.seating.terms import SeatState
from tests.seating.plans import hall, plain_row, plan, row, seat, zone
from tests.seating.rooms import ROWS, chart_of, drawn, picture

BOTH = frozenset({0, 1})


def test_states_are_packed_low_bits_first() -> None:
    # The example of the interface: seat n is bits 2(n mod 4) and 2(n mod 4) + 1 of byte n div 4.
    assert pack(bytes([1, 2, 3, 0, 2])) == bytes([0b00_11_10_01, 0b10])
    assert pack(b"") == b""


@given(st.lists(st.integers(0, 3), max_size=50).map(bytes))
@settings(deadline=None)
def test_packing_can_be_undone(states: bytes) -> None:
    packed = pack(states)
    assert len(packed) == -(-len(states) // 4)
    assert all(packed[n // 4] >> 2 * (n % 4) & 3 == state for n, state in enumerate(states))
    assert unpack(packed, len(states)) == states


def test_a_snapshot_tells_everybody_what_there_is() -> None:
    snapshot = drawn(".b.x..", "11x").snapshot()
    assert (snapshot.sequence, snapshot.seats) == (1, 9)
    assert list(unpack(snapshot.states, 9)) == [0, 3, 0, 2, 0, 0, 0, 0, 2]
    assert snapshot.categories == (
        CategoryCount("Category 0", 4, 2),
        CategoryCount("Category 1", 2, 2),
        CategoryCount("Category 2", 0, 0),
    )


def test_a_snapshot_is_made_once_until_something_changes() -> None:
    seat_map = drawn("....")
    first = seat_map.snapshot()
    assert seat_map.snapshot() is first
    seat_map.apply(2, [(1, SeatState.HELD)])
    assert seat_map.snapshot() is not first
    assert unpack(seat_map.snapshot().states, 4) == bytes([0, 1, 0, 0])
    assert unpack(first.states, 4) == bytes(4)


def test_a_reply_is_composed_and_compressed_once() -> None:
    seat_map = drawn("..", "1x")
    more = {"Category 1": {"price_from": "20.00"}, "Pit": {"free": 80, "price_from": "5.00"}}
    reply = seat_map.snapshot().render(3, more)
    assert orjson.loads(reply.identity) == {
        "plan_version": 3,
        "sequence": 1,
        "seats": 4,
        "states": base64.b64encode(bytes([0b10_00_00_00])).decode(),
        "categories": [
            {"name": "Category 0", "free": 2, "largest_together": 2},
            {"name": "Category 1", "free": 1, "largest_together": 1, "price_from": "20.00"},
            {"name": "Category 2", "free": 0, "largest_together": 0},
            {"name": "Pit", "free": 80, "price_from": "5.00"},
        ],
    }
    assert gzip.decompress(reply.compressed) == reply.identity
    assert seat_map.snapshot().render(3, more) is reply
    assert seat_map.snapshot().render(3, {}) is not reply


@pytest.mark.parametrize("seed", range(3))
def test_a_reply_of_60_000_seats_is_short(seed: int) -> None:
    states = bytes(random.Random(seed).choices(range(4), (50, 10, 35, 5), k=60_000))
    counts = tuple(CategoryCount(f"Category {n}", 10_000, 20) for n in range(6))
    reply = Snapshot(123_456, 60_000, pack(states), counts).render(1, {})
    assert len(reply.identity) <= 22_000
    assert len(reply.compressed) <= 14_000


def test_changes_are_told_one_by_one() -> None:
    seat_map = drawn("......")
    seat_map.apply(2, [(0, SeatState.HELD), (1, SeatState.HELD)])
    seat_map.apply(5, [(1, SeatState.SOLD), (3, SeatState.BLOCKED)])
    assert seat_map.changes_since(1) == [(0, 1), (1, 2), (3, 3)]
    assert seat_map.changes_since(2) == seat_map.changes_since(4) == [(1, 2), (3, 3)]
    assert seat_map.changes_since(5) == []
    assert seat_map.changes_since(0) is None  # before this process knew the event
    assert seat_map.changes_since(6) is None


def test_of_many_changes_all_is_told() -> None:
    seat_map = SeatMap(chart_of(hall(rows=3, seats=1000)), ((n, 0) for n in range(3000)), sequence=1)
    seat_map.apply(2, [(no, SeatState.HELD) for no in range(MAX_CHANGES)])
    assert len(seat_map.changes_since(1) or []) == MAX_CHANGES
    seat_map.apply(3, [(MAX_CHANGES, SeatState.HELD)])
    assert seat_map.changes_since(1) is None
    assert seat_map.changes_since(2) == [(MAX_CHANGES, 1)]
    for sequence in range(4, 10):
        seat_map.apply(sequence, [(no, sequence % 2) for no in range(1000)])
    assert seat_map.changes_since(2) is None
    assert len(seat_map.changes_since(8) or []) == 1000


def test_what_is_older_than_the_map_is_passed_over() -> None:
    seat_map = drawn("..")
    seat_map.apply(5, [(0, SeatState.HELD)])
    seat_map.apply(4, [(0, SeatState.FREE), (1, SeatState.HELD)])
    assert (seat_map.sequence, seat_map.state(0), seat_map.state(1)) == (5, SeatState.HELD, SeatState.FREE)
    seat_map.apply(5, [(0, SeatState.SOLD)])  # confirming needs no new sequence
    assert seat_map.state(0) is SeatState.SOLD
    seat_map.apply(6, [(0, SeatState.FREE), (0, SeatState.SOLD)])  # the last word counts
    assert seat_map.state(0) is SeatState.SOLD


def test_seats_that_a_version_lacks_are_blocked_for_ever() -> None:
    first = number_seats({}, plan(zone("S", [plain_row("A", 3, 0)]))).layout
    second = number_seats(numbers_of(first), plan(zone("S", [row("A", [seat("A-2", "2", 40)])])))
    seat_map = SeatMap(build_chart(second.layout), [(0, 0), (1, 0), (2, 0)], sequence=1)
    seat_map.apply(2, [(0, SeatState.FREE)])
    assert [seat_map.state(no) for no in range(3)] == [SeatState.BLOCKED, SeatState.FREE, SeatState.BLOCKED]
    assert seat_map.snapshot().seats == 3
    assert seat_map.changes_since(1) == []


def test_seats_without_a_row_are_blocked() -> None:
    seat_map = SeatMap(chart_of(hall(rows=1, seats=3)), [(1, SeatState.FREE)], sequence=0)
    assert unpack(seat_map.snapshot().states, 3) == bytes([3, 0, 3])
    assert seat_map.free(0) == 1


def test_a_trial_leaves_nothing_behind() -> None:
    seat_map = drawn(".b..x.")
    before = seat_map.snapshot(), picture(seat_map)
    with seat_map.trial() as trial:
        trial.take([0, 2])
        trial.take([1])  # blocked for others
        assert picture(seat_map) == ["xxx.x."]
        trial.give_back(1)
        assert picture(seat_map) == ["xx..x."]
        assert seat_map.snapshot() is before[0]
        assert seat_map.free(0) == 4
    assert (seat_map.snapshot(), picture(seat_map)) == before
    with pytest.raises(IndexError), seat_map.trial() as trial:
        trial.take([0, 99])
    assert picture(seat_map) == before[1]


def test_readers_do_not_wait_for_a_trial() -> None:
    seat_map = drawn("....")
    read = []

    def reader() -> None:
        read.append((seat_map.snapshot().sequence, seat_map.changes_since(1), seat_map.state(0)))

    with seat_map.trial() as trial:
        trial.take([0])
        thread = threading.Thread(target=reader)
        thread.start()
        thread.join(30)
    assert read == [(1, [], SeatState.FREE)]


def test_accessible_seats_are_in_the_general_sale_only_when_released() -> None:
    seat_map = drawn("WC..")
    assert (seat_map.free(0), seat_map.largest_together(0)) == (4, 2)
    assert not seat_map.released
    seat_map.release_accessible()
    assert (seat_map.free(0), seat_map.largest_together(0)) == (4, 4)
    assert seat_map.released
    layout = seat_map.chart
    again = SeatMap(layout, ((no, 0) for no in range(4)), sequence=1, released=True)
    assert again.largest_together(0) == 4


def index_of(pool: Pool) -> tuple[object, ...]:
    """Return all that a pool knows, in a form that can be compared."""
    asked = [
        (
            pool.best(size, reach, singles=False),
            pool.best(size, reach, singles=True),
            pool.best_pair(size, reach),
            pool.fewest_blocks(size, reach),
        )
        for size in range(1, 9)
        for reach in (None, frozenset({0}), frozenset({1}), frozenset({0, 1}))
    ]
    longest = [pool.longest(reach) for reach in (None, frozenset({0}), frozenset({1}))]
    runs = [pool.runs(at) for at in range(len(pool._chart.segments))]
    return bytes(pool.open), runs, asked, longest


CHANGES = st.lists(st.lists(st.tuples(st.integers(0, 60), st.integers(0, 3)), max_size=8), max_size=8)


@given(st.lists(ROWS, min_size=2, max_size=5), CHANGES, st.data())
@settings(max_examples=60, deadline=None)
def test_the_index_is_that_of_a_map_made_anew(
    rows: list[str], deltas: list[list[tuple[int, int]]], data: st.DataObject
) -> None:
    """It is kept up to date seat by seat, through changes and trials, asked for in between or not."""
    rows = [text.replace(".", data.draw(st.sampled_from(".1"))) for text in rows]
    seat_map = drawn(*rows, sections=2)
    states = list(unpack(seat_map.snapshot().states, seat_map.chart.next_no))
    pools = [seat_map.pool(categories) for categories in (frozenset({0}), frozenset({1}), BOTH)]
    for sequence, delta in enumerate(deltas, start=2):
        delta = [(no, state) for no, state in delta if no < len(states)]
        if data.draw(st.booleans()):
            index_of(pools[2])  # what is kept from asking must not be kept too long
        with seat_map.trial() as trial:
            free = [no for no, state in enumerate(states) if state == SeatState.FREE]
            trial.take(data.draw(st.lists(st.sampled_from(free), unique=True, max_size=4)) if free else [])
        seat_map.apply(sequence, delta)
        for no, state in delta:
            states[no] = state
    anew = SeatMap(seat_map.chart, enumerate(states), sequence=1)
    for categories, pool in zip((frozenset({0}), frozenset({1}), BOTH), pools, strict=True):
        assert index_of(pool) == index_of(anew.pool(categories))
    assert seat_map.snapshot().states == anew.snapshot().states
    assert seat_map.snapshot().categories == anew.snapshot().categories


def test_a_stadium_fits_into_its_memory() -> None:
    pickled = pickle.dumps(chart_of(stadium()))
    tracemalloc.start()
    try:
        SeatMap(pickle.loads(pickled), ((no, no % 2) for no in range(60_000)), sequence=1)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < 25_000_000
