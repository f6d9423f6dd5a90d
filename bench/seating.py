"""Measures the picker of seats without a server or a database.

    .venv/bin/python -m bench.seating [--asks N] [--plan stadium|arena|theatre]

Half of a stadium of 60,000 seats is sold, once by the picker and by people's own picks as on the day of a
sale, once at random, which is the worst for whoever wants to sit together. Then come asks, each followed by
what the database would say of it. Times are of the thread's own CPU, so that other programs count less.
"""

import argparse
import contextlib
import gc
import pickle
import random
import sys
import time
import tracemalloc
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import orjson

from bms.errors import BMSError, NoBlock
from bms.seating.asks import Ask, Best, Together
from bms.seating.chart import Chart
from bms.seating.charting import build_chart
from bms.seating.check import check
from bms.seating.demo import arena, stadium, theatre
from bms.seating.ladder import find_best
from bms.seating.numbering import number_seats
from bms.seating.orphans import DAY, OrphanRule
from bms.seating.picks import Picks, judge_picks
from bms.seating.seat_map import SeatMap
from bms.seating.terms import SeatState
from bms.seating.walk import Layout

Sell = Callable[[SeatMap, random.Random], None]

PLANS: dict[str, Callable[[], Layout]] = {"stadium": stadium, "arena": arena, "theatre": theatre}
USUAL = (1, 2, 2, 2, 3, 4, 4, 5, 6)
LARGE = (8, 10, 12, 20, 30, 60)
ASKS = 4000
BEST, REFUSED, OWN, CHANGES = "best available", "of them refusals", "own picks", "changes"
MEDIAN, P99 = 200, 2000  # microseconds, the aims at 60,000 seats


def main(arguments: list[str] | None = None) -> int:
    """Print the figures. Return 1 if an aim is missed."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--asks", type=int, default=ASKS)
    parser.add_argument("--plan", choices=PLANS, default="stadium")
    wish = parser.parse_args(arguments)
    chart = _show_plan(PLANS[wish.plan]())
    missed = False
    for title, sell in SALES:
        for sizes_title, sizes in (("1 to 6", USUAL), ("1 to 60", (*USUAL, *LARGE))):
            picked = pick(chart, sell, sizes, wish.asks)
            missed |= _show_picker(f"half sold {title}, parties of {sizes_title}", picked)
    return int(missed)


def _show_plan(layout: Layout) -> Chart:
    layout = number_seats({}, layout).layout
    raw = orjson.dumps(layout)
    print(f"layout              {len(raw) / 1e6:8.1f} MB as JSON")
    _show("read and check", lambda: check(orjson.loads(raw)))
    _show("build the chart", lambda: build_chart(layout))
    pickled = pickle.dumps(build_chart(layout))
    gc.collect()
    tracemalloc.start()
    chart: Chart = pickle.loads(pickled)
    seat_map = SeatMap(chart, ((no, 0) for no in range(chart.next_no)), sequence=0)
    print(f"chart and map       {tracemalloc.get_traced_memory()[0] / 1e6:8.1f} MB")
    tracemalloc.stop()
    _show("make the map", lambda: SeatMap(chart, ((no, 0) for no in range(chart.next_no)), sequence=0))
    _show("pack and compress", lambda: seat_map.snapshot().render(1, {}))
    reply = seat_map.snapshot().render(1, {})
    print(f"availability        {len(reply.identity):8} bytes, {len(reply.compressed)} compressed\n")
    return chart


def _show(title: str, work: Callable[[], object]) -> None:
    began = time.thread_time()
    work()
    print(f"{title:20}{1000 * (time.thread_time() - began):8.1f} ms")


def sell_as_people_do(seat_map: SeatMap, rnd: random.Random) -> None:
    """Sell half of the seats, every other party by the picker."""
    chart, sold = seat_map.chart, 0
    while sold < chart.count // 2:
        size = rnd.choice(USUAL)
        category = frozenset({rnd.choice([at for at, one in enumerate(chart.categories) if one.seats])})
        with seat_map.trial() as trial:
            try:
                if rnd.random() < 0.5:
                    numbers = find_best(trial, Ask(size, category)).seats
                else:
                    (numbers,) = judge_picks(trial, [_picks(chart, rnd, size)], **RULE).seats
            except BMSError:
                continue
        seat_map.apply(seat_map.sequence + 1, [(no, SeatState.SOLD) for no in numbers])
        sold += len(numbers)


def sell_at_random(seat_map: SeatMap, rnd: random.Random) -> None:
    """Sell half of the seats, each one by itself."""
    numbers = rnd.sample(list(seat_map.chart.no_of), seat_map.chart.count // 2)
    seat_map.apply(1, [(no, SeatState.SOLD) for no in numbers])


SALES: tuple[tuple[str, Sell], ...] = (("as on a sale", sell_as_people_do), ("at random", sell_at_random))
RULE: dict[str, Any] = {"rule": OrphanRule.REFUSE, "seconds_to_start": 9.0 * DAY}


def _picks(chart: Chart, rnd: random.Random, size: int) -> Picks:
    """Return adjacent seats anywhere, free or not."""
    segment = rnd.choice(chart.segments)
    first = rnd.randrange(segment.first, max(segment.first + 1, segment.end - size))
    places = range(first, min(first + size, segment.end))
    return Picks([chart.guids[place] for place in places], frozenset(range(len(chart.categories))))


@dataclass(frozen=True)
class Picked:
    """How long asks took, in seconds, by what was done; and by which step of the ladder seats were found."""

    times: dict[str, list[float]]
    steps: Counter[int]

    @property
    def asks(self) -> list[float]:
        """All that somebody asked for, own picks too."""
        return self.times[BEST] + self.times[OWN]


def pick(chart: Chart, sell: Sell, sizes: tuple[int, ...], asks: int) -> Picked:
    """Return what ``asks`` for the best available and as many own picks take, of what ``sell`` leaves."""
    rnd = random.Random(4)
    seat_map = SeatMap(chart, ((no, 0) for no in range(chart.next_no)), sequence=0)
    sell(seat_map, rnd)
    seated = [at for at, one in enumerate(chart.categories) if one.seats]
    wanted = [*(frozenset({at}) for at in seated), frozenset(seated)]
    picked = Picked({BEST: [], REFUSED: [], OWN: [], CHANGES: []}, Counter())
    for _ in range(asks):
        best = Best(together=rnd.choice(list(Together)))
        if rnd.random() < 0.2:
            best = Best(best.together, frozenset(rnd.sample(chart.sections, min(3, len(chart.sections)))))
        ask = Ask(rnd.choice(sizes), rnd.choice(wanted), best)
        numbers: tuple[int, ...] = ()
        began = time.thread_time()
        with seat_map.trial() as trial:
            try:
                found = find_best(trial, ask)
                numbers, step = found.seats, found.step
            except NoBlock:
                step = 7
        took = time.thread_time() - began
        picked.times[BEST].append(took)
        if step == 7:
            picked.times[REFUSED].append(took)
        picked.steps[step] += 1
        own = _picks(chart, rnd, rnd.choice(USUAL))
        began = time.thread_time()
        with seat_map.trial() as trial, contextlib.suppress(BMSError):
            judge_picks(trial, [own], **RULE)
        picked.times[OWN].append(time.thread_time() - began)
        # As many seats come back elsewhere, so that half stays sold.
        sample = rnd.sample(list(chart.no_of), min(chart.count, 4 * len(numbers)))
        back = [no for no in sample if seat_map.state(no)][: len(numbers)]
        changes = [*((no, SeatState.SOLD) for no in numbers), *((no, SeatState.FREE) for no in back)]
        began = time.thread_time()
        seat_map.apply(seat_map.sequence + 1, changes)
        picked.times[CHANGES].append(time.thread_time() - began)
    return picked


def picker_figures(asks: int = ASKS) -> dict[str, tuple[float, float]]:
    """Return the median and the p99, in milliseconds, of asks in half a stadium sold, refusals apart."""
    chart = build_chart(number_seats({}, stadium()).layout)
    found = [pick(chart, sell, USUAL, asks) for _, sell in SALES]
    by_name = {
        "asks": [took for one in found for took in one.asks],
        "refusals": [took for one in found for took in one.times[REFUSED]],
    }
    return {
        name: (1000 * _part(times, 0.5), 1000 * _part(times, 0.99))
        for name, times in by_name.items()
        if times
    }


def _show_picker(title: str, picked: Picked) -> bool:
    """Print how long asks took. Return whether an aim is missed."""
    print(title)
    for name, measured in picked.times.items():
        if measured:
            median, p99, most = (1e6 * _part(measured, part) for part in (0.5, 0.99, 1.0))
            figures = f"median {median:6.0f} µs, p99 {p99:7.0f} µs, most {most:7.0f} µs"
            print(f"  {name:18}{len(measured):6} {figures}")
    steps = ", ".join(f"{step}: {count}" for step, count in sorted(picked.steps.items()))
    print(f"  steps of the ladder: {steps}\n")
    return 1e6 * _part(picked.asks, 0.5) > MEDIAN or 1e6 * _part(picked.asks, 0.99) > P99


def _part(measured: list[float], part: float) -> float:
    return sorted(measured)[min(len(measured) - 1, int(part * len(measured)))]


if __name__ == "__main__":
    sys.exit(main())
