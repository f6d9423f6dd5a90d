"""The best available seats, step by step, and against a picker that looks at everything."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bms.errors import NoBlock
from bms.seating.asks import Ask, Best, Fit, Found, Together
from bms.seating.ladder import find_best
from bms.seating.seat_map import SeatMap
from bms.seating.terms import SeatState
from tests.seating.brute import block_key, blocks_of, choose, count_singles, free_runs, pair_key
from tests.seating.plans import hall, plain_row, plan, zone
from tests.seating.rooms import ROWS, chart_of, drawn, names

C0 = frozenset({0})
PREFER, MUST = Best(), Best(together=Together.MUST)


def found(seat_map: SeatMap, quantity: int, best: Best = PREFER, categories: frozenset[int] = C0) -> Found:
    with seat_map.trial() as trial:
        return find_best(trial, Ask(quantity, categories, best))


def seats(
    seat_map: SeatMap, quantity: int, best: Best = PREFER, categories: frozenset[int] = C0
) -> list[str]:
    return names(seat_map, found(seat_map, quantity, best, categories).seats)


@pytest.mark.parametrize(
    ("rows", "quantity", "step", "expected"),
    [
        (["........."], 3, 1, ["A-4", "A-5", "A-6"]),
        (["....", "........."], 2, 1, ["A-3", "A-4"]),
        ([".........", "........."], 1, 1, ["A-5"]),
        (["....."], 4, 2, ["A-2", "A-3", "A-4", "A-5"]),
        # A row further back rather than a single in front.
        (["xxx...xxx", "xxx..xxxx"], 2, 1, ["B-4", "B-5"]),
        (["xxx...xxx", "xxxxx.xxx"], 2, 2, ["A-5", "A-6"]),
        # Of equal ranks the tighter fit.
        (["...xxx...."], 3, 1, ["A-1", "A-2", "A-3"]),
        # An aisle ends what is together.
        (["xx.. ..xx", "........."], 4, 1, ["B-4", "B-5", "B-6", "B-7"]),
        # Two rows, the one behind the other.
        (["...xx....", "xx..xxxxx"], 5, 3, ["A-1", "A-2", "A-3", "B-3", "B-4"]),
        (["xxx..xxxx", "xxx..xxxx"], 4, 3, ["A-4", "A-5", "B-4", "B-5"]),
        # Not behind each other, yet in one section.
        (["..xxxxxxx", "xxxxxxx.."], 4, 4, ["B-8", "B-9", "A-1", "A-2"]),
        (["..xxxxx..", "xxxxxxxxx", "..xxxxx.."], 6, 4, ["A-8", "A-9", "A-1", "A-2", "C-8", "C-9"]),
    ],
)
def test_each_step(rows: list[str], quantity: int, step: int, expected: list[str]) -> None:
    seat_map = drawn(*rows)
    got = found(seat_map, quantity)
    assert got.step == step
    assert sorted(names(seat_map, got.seats)) == sorted(expected)
    assert got.fit is (Fit.TOGETHER if step < 3 else Fit.SPLIT)


@pytest.mark.parametrize("rows", [["xx...xx", "xx..xxx"], ["..xxxxx", "xxxxx.."], ["..x..x.."]])
def test_whoever_must_be_together_is_not_split(rows: list[str]) -> None:
    seat_map = drawn(*rows)
    assert found(seat_map, 4).fit is Fit.SPLIT
    with pytest.raises(NoBlock) as caught:
        found(seat_map, 4, MUST)
    (category,) = caught.value.extra["categories"]
    assert category["name"] == "Category 0"
    assert category["largest_together"] == max(len(run) for run in free_runs(seat_map, C0, None))
    assert category["free"] == seat_map.free(0)


def test_other_sections_come_last() -> None:
    seat_map = drawn("x..xxxx", "xxxxxxx", "xx..xxx", "xxxxxxx", sections=2)
    got = found(seat_map, 4)
    assert (got.step, got.fit) == (5, Fit.SPLIT)
    assert sorted(names(seat_map, got.seats)) == ["A-2", "A-3", "C-3", "C-4"]


@pytest.mark.parametrize(("rows", "quantity"), [([".x.x.x."], 2), (["..x..x.."], 3), (["..x..x.."], 5)])
def test_nobody_sits_alone(rows: list[str], quantity: int) -> None:
    with pytest.raises(NoBlock):
        found(drawn(*rows), quantity)


def test_sections_are_all_that_is_in_reach() -> None:
    seat_map = drawn("....", "xx..", "....", sections=3)
    only = Best(sections=frozenset({"S2", "S3"}))
    assert seats(seat_map, 2, only) == ["B-3", "B-4"]
    assert seats(seat_map, 3, only) == ["C-1", "C-2", "C-3"] or len(seats(seat_map, 3, only)) == 3
    with pytest.raises(NoBlock):
        found(seat_map, 7, only)
    with pytest.raises(NoBlock) as caught:
        found(seat_map, 1, Best(sections=frozenset({"Nowhere"})))
    assert caught.value.extra["categories"][0]["largest_together"] == 0


def test_a_block_lies_in_the_categories_of_its_type() -> None:
    seat_map = drawn("00011100")
    assert seats(seat_map, 3) == ["A-1", "A-2", "A-3"]
    assert seats(seat_map, 3, categories=frozenset({1})) == ["A-4", "A-5", "A-6"]
    assert seats(seat_map, 8, categories=frozenset({0, 1})) == [f"A-{n}" for n in range(1, 9)]
    with pytest.raises(NoBlock):
        found(seat_map, 4, MUST)


def test_accessible_seats_are_for_those_who_ask() -> None:
    seat_map = drawn("..WC..")
    with pytest.raises(NoBlock):
        found(seat_map, 6, MUST)
    assert seats(seat_map, 4) == ["A-5", "A-6", "A-1", "A-2"]
    seat_map.release_accessible()
    assert len(seats(seat_map, 6, MUST)) == 6


def test_a_standing_area_is_the_last_step() -> None:
    area = {"position": {"x": 0, "y": 0}, "sell": {"category": "Pit", "capacity": 80}}
    layout = plan(zone("S", [plain_row("A", 2, 0)], areas=[area]), categories=("Stalls", "Pit"))
    seat_map = SeatMap(chart_of(layout), [(0, 0), (1, 0)], sequence=1)
    both = frozenset({0, 1})
    with seat_map.trial() as trial:
        assert find_best(trial, Ask(2, both), {1: 80}).fit is Fit.TOGETHER
        standing = find_best(trial, Ask(3, both, MUST), {1: 3})
        assert standing == Found((), Fit.STANDING, 6, 1)
        for room in (None, {1: 2}):
            with pytest.raises(NoBlock):
                find_best(trial, Ask(3, both), room)
        with pytest.raises(NoBlock):
            find_best(trial, Ask(3, frozenset({0})), {1: 80})


def test_a_table_that_is_sold_whole_is_given_whole() -> None:
    table = {"guid": "T", "name": "T", "seats": ["A-1", "A-2", "A-3"], "book": "whole"}
    layout = hall(rows=2, seats=3, tables=[table])
    seat_map = SeatMap(chart_of(layout), ((no, 0) for no in range(6)), sequence=1)
    assert seats(seat_map, 2)[0].startswith("B")
    assert seats(seat_map, 3) == ["A-1", "A-2", "A-3"]
    assert seat_map.largest_together(0) == 3
    with pytest.raises(NoBlock):
        found(seat_map, 5)
    seat_map.apply(2, [(1, SeatState.HELD)])
    assert seats(seat_map, 3) == ["B-1", "B-2", "B-3"]


@pytest.mark.parametrize("quantity", [0, 101, -1])
def test_asks_are_bounded(quantity: int) -> None:
    with pytest.raises(ValueError):
        Ask(quantity, C0)
    with pytest.raises(ValueError):
        Ask(2, C0, Best(wheelchairs=2, companions=1))


def test_long_rows_serve_the_largest_party() -> None:
    seat_map = SeatMap(chart_of(hall(rows=1, seats=300)), ((no, 0) for no in range(300)), sequence=1)
    got = found(seat_map, 100, MUST)
    assert (got.step, len(got.seats)) == (1, 100)
    assert len(blocks_of(seat_map, got.seats)) == 1


ROOMS = st.lists(ROWS, min_size=1, max_size=6)


@given(
    ROOMS, st.integers(1, 3), st.integers(1, 9), st.booleans(), st.sampled_from([None, (0,), (0, 1), (1, 2)])
)
@settings(max_examples=300, deadline=None)
def test_it_is_never_worse_than_looking_at_everything(
    rows: list[str], sections: int, size: int, must: bool, only: tuple[int, ...] | None
) -> None:
    seat_map = drawn(*rows, sections=sections)
    reach = None if only is None else frozenset(only)
    section_names = None if only is None else frozenset(f"S{at + 1}" for at in only)
    expected = choose(seat_map, C0, size, reach, must=must)
    best = Best(Together.MUST if must else Together.PREFER, section_names)
    if expected is None:
        with pytest.raises(NoBlock):
            found(seat_map, size, best)
        return
    got = found(seat_map, size, best)
    assert got.step == expected.step
    _assert_as_good(seat_map, got, expected.key, reach)
    assert len(set(got.seats)) == len(got.seats) == size


def _assert_as_good(
    seat_map: SeatMap, got: Found, key: tuple[int, ...], reach: frozenset[int] | None
) -> None:
    chart = seat_map.chart
    runs = free_runs(seat_map, C0, reach)
    blocks = blocks_of(seat_map, got.seats)
    in_runs = [next(run for run in runs if set(block) <= set(run)) for block in blocks]
    if got.step in (1, 2):
        assert block_key(seat_map, in_runs[0], blocks[0]) == key
    elif got.step == 3:
        assert pair_key(seat_map, in_runs[0], blocks[0], in_runs[1], blocks[1]) == key
    else:
        assert len(blocks) <= key[0]
        assert min(len(block) for block in blocks) >= 2
        sections = {chart.rows[chart.row_of[block[0]]].section for block in blocks}
        assert got.step == 5 or len(sections) == 1


def sell_out(seat_map: SeatMap, parties: list[int], *, neat: bool = True) -> list[int]:
    """Sell to each party what the picker finds, and return how many singles there are after each.

    Without ``neat`` it takes the best block whatever is left beside it: the twin that lacks the rule.
    """
    left = []
    for sequence, size in enumerate(parties, start=2):
        try:
            with seat_map.trial() as trial:
                if neat:
                    numbers = find_best(trial, Ask(size, C0, MUST)).seats
                else:
                    block = seat_map.pool(C0).best(size, None, singles=True)
                    places = range(block.first, block.end) if block else ()
                    numbers = tuple(seat_map.chart.no_of[place] for place in places)
        except NoBlock:
            numbers = ()
        seat_map.apply(sequence, [(no, SeatState.SOLD) for no in numbers])
        left.append(count_singles(seat_map, C0))
    return left


def sell_out_by_hand(seat_map: SeatMap, parties: list[int]) -> list[int]:
    """The same by looking at everything."""
    left = []
    for sequence, size in enumerate(parties, start=2):
        choice = choose(seat_map, C0, size, None, must=True)
        if choice is not None:
            first = seat_map.chart.place_of[choice.key[2]]
            numbers = [seat_map.chart.no_of[place] for place in range(first, first + size)]
            seat_map.apply(sequence, [(no, SeatState.SOLD) for no in numbers])
        left.append(count_singles(seat_map, C0))
    return left


@given(st.lists(st.integers(1, 6), min_size=1, max_size=40))
@settings(max_examples=60, deadline=None)
def test_parties_leave_no_more_singles_than_they_must(parties: list[int]) -> None:
    rooms = [drawn(*["." * 10] * 6) for _ in range(2)]
    ours, by_hand = sell_out(rooms[0], parties), sell_out_by_hand(rooms[1], parties)
    assert all(mine <= theirs for mine, theirs in zip(ours, by_hand, strict=True))


def test_without_the_rule_there_would_be_singles() -> None:
    ours = theirs = 0
    for seed in range(20):
        parties = random.Random(seed).choices(range(1, 7), k=40)
        ours += max(sell_out(drawn(*["." * 10] * 6), parties))
        theirs += max(sell_out(drawn(*["." * 10] * 6), parties, neat=False))
    assert ours < theirs / 2
