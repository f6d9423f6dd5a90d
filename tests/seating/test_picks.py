"""The seats that people pick themselves."""

from itertools import combinations

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from bms.errors import CompanionSeat, OrphanSeat, OtherCategory, SeatsTaken, TableWhole, ValidationFailed
from bms.seating.orphans import DAY, OrphanRule, rule_now
from bms.seating.picks import Judged, Picks, judge_picks
from bms.seating.seat_map import SeatMap
from tests.seating.plans import hall
from tests.seating.rooms import chart_of, drawn, picture

C0, C1 = frozenset({0}), frozenset({1})
REFUSE, WARN, OFF = OrphanRule.REFUSE, OrphanRule.WARN, OrphanRule.OFF


def judged(
    seat_map: SeatMap,
    *lines: Picks,
    rule: OrphanRule = OFF,
    seconds: float = 9 * DAY,
    allow_blocked: bool = False,
) -> Judged:
    with seat_map.trial() as trial:
        return judge_picks(trial, lines, rule=rule, seconds_to_start=seconds, allow_blocked=allow_blocked)


def picks(*guids: str, categories: frozenset[int] = C0, line: int = 0) -> Picks:
    return Picks(guids, categories, f"/tickets/{line}/seats")


def test_good_picks_are_numbers_in_the_order_of_their_lines() -> None:
    seat_map = drawn("....", "11")
    lines = picks("A-3", "A-1"), picks("B-2", categories=C1, line=1)
    assert judged(seat_map, *lines) == Judged([(2, 0), (5,)], [])
    assert picture(seat_map) == ["....", ".."]


def test_unknown_and_doubled_seats_are_pointed_at() -> None:
    lines = picks("A-1", "Z-9", "A-1"), picks("a-2", "A-1", line=1)
    with pytest.raises(ValidationFailed) as caught:
        judged(drawn("...."), *lines)
    assert [error["pointer"] for error in caught.value.extra["errors"]] == [
        *("/tickets/0/seats/1", "/tickets/0/seats/2", "/tickets/1/seats/0", "/tickets/1/seats/1"),
    ]


def test_taken_seats_are_named_and_nothing_else() -> None:
    with pytest.raises(SeatsTaken) as caught:
        judged(drawn(".xb."), picks("A-1", "A-2", "A-3"))
    assert caught.value.extra == {"seats": ["A-2", "A-3"]}
    assert (caught.value.code, caught.value.status) == ("seats_taken", 409)


def test_seats_that_others_take_in_the_same_trial_are_taken() -> None:
    seat_map = drawn("..b.")
    with seat_map.trial() as trial:
        trial.take([0, 2])
        for guid in ("A-1", "A-3"):
            with pytest.raises(SeatsTaken):
                judge_picks(trial, [picks(guid)], rule=OFF, seconds_to_start=0, allow_blocked=True)


def test_blocked_seats_are_for_those_who_may() -> None:
    assert judged(drawn("bx."), picks("A-1"), allow_blocked=True).seats == [(0,)]
    with pytest.raises(SeatsTaken) as caught:
        judged(drawn("bx."), picks("A-1", "A-2"), allow_blocked=True)
    assert caught.value.extra == {"seats": ["A-2"]}


def test_a_type_sells_its_own_categories() -> None:
    with pytest.raises(OtherCategory) as caught:
        judged(drawn("0011"), picks("A-2", "A-3"))
    assert caught.value.extra == {"seats": ["A-3"]}
    assert judged(drawn("0011"), picks("A-2", "A-3", categories=C0 | C1)).seats == [(1, 2)]


def test_a_table_that_is_sold_whole_is_picked_whole_and_in_one_line() -> None:
    table = {"guid": "T", "name": "T", "seats": ["A-1", "A-2", "B-1"], "book": "whole"}
    seat_map = SeatMap(
        chart_of(hall(rows=2, seats=3, tables=[table])), ((n, 0) for n in range(6)), sequence=1
    )
    whole = picks("A-1", "B-1", "A-2")
    assert judged(seat_map, whole, picks("A-3", line=1), rule=REFUSE).seats == [(0, 3, 1), (2,)]
    for lines in ([picks("A-1", "A-3")], [picks("A-1", "A-2"), picks("B-1", line=1)]):
        with pytest.raises(TableWhole) as caught:
            judged(seat_map, *lines)
        assert caught.value.extra == {"seats": ["A-1", "A-2", "B-1"]}
        assert (caught.value.code, caught.value.status) == ("table_whole", 422)


@pytest.mark.parametrize(
    ("row", "picked", "single", "instead"),
    [
        ("..........", ["A-2"], ["A-1"], ["A-3"]),
        ("..........", ["A-2", "A-3"], ["A-1"], ["A-3", "A-4"]),
        ("..........", ["A-8", "A-9"], ["A-10"], ["A-7", "A-8"]),
        ("xx...xx...", ["A-4"], ["A-3", "A-5"], ["A-5"]),
        ("..... ....", ["A-2", "A-4"], ["A-1", "A-3", "A-5"], ["A-4", "A-5"]),
        ("...x......", ["A-6", "A-7", "A-8"], ["A-5"], ["A-5", "A-6", "A-7"]),
        ("....", ["A-1", "A-3"], ["A-2", "A-4"], ["A-1", "A-2"]),
    ],
)
def test_a_single_seat_is_refused_where_another_pick_leaves_none(
    row: str, picked: list[str], single: list[str], instead: list[str]
) -> None:
    seat_map = drawn(row)
    with pytest.raises(OrphanSeat) as caught:
        judged(seat_map, picks(*picked), rule=REFUSE)
    assert caught.value.extra == {"seats": single, "instead": instead}
    assert (caught.value.code, caught.value.status) == ("orphan_seat", 422)
    assert judged(seat_map, picks(*picked), rule=WARN).orphans == single
    assert judged(seat_map, picks(*picked), rule=OFF).orphans == []


@pytest.mark.parametrize(
    ("row", "picked"),
    [
        ("..........", ["A-1", "A-2"]),
        ("..........", ["A-3", "A-4"]),
        ("...", ["A-1", "A-2"]),  # every pick of two leaves one
        ("..", ["A-1"]),
        ("x.x...", ["A-4", "A-5"]),  # A-2 is single already
        (".. ..", ["A-2"]),
        ("WC..", ["A-4"]),  # A-3 is beside a companion's seat
        ("..W..", ["A-1"]),  # A-2 is beside a wheelchair place
        ("WC...", ["A-1", "A-2"]),
    ],
)
def test_picks_that_are_in_order(row: str, picked: list[str]) -> None:
    assert judged(drawn(row), picks(*picked), rule=REFUSE).orphans == []


def test_lines_of_one_booking_are_judged_as_one() -> None:
    seat_map = drawn("....")
    both = picks("A-1"), picks("A-2", line=1)
    assert judged(seat_map, *both, rule=REFUSE).orphans == []
    with pytest.raises(OrphanSeat):
        judged(seat_map, picks("A-2"), rule=REFUSE)
    with pytest.raises(OrphanSeat) as caught:
        judged(drawn("00001"), picks("A-2", "A-3"), picks("A-5", categories=C1, line=1), rule=REFUSE)
    assert caught.value.extra["instead"] == ["A-3", "A-4"]


@pytest.mark.parametrize(
    ("rule", "free", "hours", "now"),
    [
        (REFUSE, 11, 25, REFUSE),
        (REFUSE, 10, 25, WARN),
        (REFUSE, 11, 23, WARN),
        (REFUSE, 11, -1, WARN),
        (WARN, 99, 99, WARN),
        (OFF, 1, 1, OFF),
    ],
)
def test_the_rule_only_warns_in_the_end(rule: OrphanRule, free: int, hours: float, now: OrphanRule) -> None:
    assert rule_now(rule, free=free, seats=100, seconds_to_start=hours * 3600) is now


def test_the_last_tenth_and_the_last_day_only_warn() -> None:
    assert judged(drawn(".." + "x" * 18 + " ..." + "x" * 40), picks("A-22"), rule=REFUSE).orphans == [
        "A-21",
        "A-23",
    ]
    assert judged(drawn("..."), picks("A-2"), rule=REFUSE, seconds=DAY - 1).orphans == ["A-1", "A-3"]


def _singles(row: str, taken: set[int]) -> set[int]:
    after = "".join("x" if at in taken else mark for at, mark in enumerate(row))
    padded = f"x{after}x"
    return {at for at in range(len(row)) if padded[at : at + 3] == "x.x"}


@given(st.text("..x", min_size=2, max_size=11), st.data())
@settings(max_examples=200, deadline=None)
def test_it_refuses_just_what_looking_at_everything_refuses(row: str, data: st.DataObject) -> None:
    free = [at for at, mark in enumerate(row) if mark == "."]
    assume(free and 10 * len(free) > len(row))
    picked = set(data.draw(st.lists(st.sampled_from(free), min_size=1, max_size=4, unique=True)))
    before = _singles(row, set())
    new = _singles(row, picked) - before
    blocks = [set(c) for c in combinations(free, len(picked)) if max(c) - min(c) == len(c) - 1]
    better = [block for block in blocks if not _singles(row, block) - before]
    seat_map = drawn(row)
    guids = [f"A-{at + 1}" for at in sorted(picked)]
    if not new or not better:
        assert judged(seat_map, picks(*guids), rule=REFUSE).orphans == []
        return
    with pytest.raises(OrphanSeat) as caught:
        judged(seat_map, picks(*guids), rule=REFUSE)
    assert caught.value.extra["seats"] == [f"A-{at + 1}" for at in sorted(new)]
    instead = {int(guid.removeprefix("A-")) - 1 for guid in caught.value.extra["instead"]}
    assert instead in better
    middle = min(picked) + max(picked)
    assert abs(min(instead) + max(instead) - middle) == min(abs(min(b) + max(b) - middle) for b in better)


@pytest.mark.parametrize(
    ("row", "picked", "lonely"),
    [
        ("WC..", ["A-2"], ["A-2"]),
        ("WC..", ["A-2", "A-3"], ["A-2"]),
        ("WC.WC", ["A-1", "A-2", "A-5"], ["A-5"]),
        ("WC..", ["A-1", "A-2"], []),
        ("WC..", ["A-1"], []),
    ],
)
def test_a_companions_seat_goes_with_its_free_wheelchair_place(
    row: str, picked: list[str], lonely: list[str]
) -> None:
    seat_map = drawn(row)
    if lonely:
        with pytest.raises(CompanionSeat) as caught:
            judged(seat_map, picks(*picked))
        assert caught.value.extra["seats"] == lonely
        seat_map.release_accessible()
    judged(seat_map, picks(*picked))
