"""One run of the benchmark: the limits, the loads, the books after each."""

import math
import os
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass, field, replace
from functools import partial
from statistics import median

from bench import machine, procfs
from bench.browsing import PROCESSES, measure_browsing
from bench.confirming import Mailing, with_mail
from bench.limit import Limit, best, measure_limit
from bench.load import Figure, Load, median_figure, run_load
from bench.plan import BOOKINGS, CONFIRMING, READS, SEATS, connections_of, hashes_a_second, make_load
from bench.reads import measure_reads
from bench.seating import picker_figures
from bench.serving import WIDE_LIMITS, Server, bms_server, check_books
from bench.tape import tape_booking
from bench.world import World

TRIAL = (("hot", 64), ("hot", 256), ("spread", 64), ("event", 64))
TRIAL_SECONDS = 3
SOAK_CONNECTIONS = 64
SAMPLE_SECONDS = 10
MEMORY_SECONDS = 5
PICKER_ASKS = 2000
FIRST_SEATS_SECONDS = 8  # a process that has not sold a stadium's seats yet loads its chart first
QUIET = 0.1  # of the cores: more than this of other work and no figure is worth keeping
LOGIN_SECONDS = 5  # at the least: one takes a good part of a second


@dataclass
class Results:
    """All that a run found. ``limits`` of bookings, ``bare`` by load and event loop, in answers a second.

    ``pinned`` is how long the seats of a stadium took to be written, in seconds; ``picked`` has the median
    and the p99 of picking in milliseconds; ``memory_of_seats`` is what a process takes more, in MB.
    ``of_hot`` has for the loads that confirm bookings their share of the hot event's rate, in turns with it.
    ``beside`` has the hot event's figures by database server, the embedded one first, for some numbers of
    server processes; a run has those or the others. ``mail`` says of the loads that confirm bookings whether
    it kept up, and ``browsing`` has the figures of pages and of the holds beside them.
    """

    machine: dict[str, str]
    processes: int = 1
    uvloop: bool = False
    trials: dict[int, list[Figure]] = field(default_factory=dict)
    limits: list[Limit] = field(default_factory=list)
    round_trips: int = 0
    figures: list[Figure] = field(default_factory=list)
    bare: dict[str, dict[str, Figure]] = field(default_factory=dict)
    hashes: float | None = None
    memory: dict[int, float] = field(default_factory=dict)
    soak: list[tuple[float, float]] = field(default_factory=list)
    soak_figure: Figure | None = None
    pinned: float | None = None
    picked: dict[str, tuple[float, float]] = field(default_factory=dict)
    memory_of_seats: float | None = None
    beside: dict[str, list[Figure]] = field(default_factory=dict)
    of_hot: dict[str, float] = field(default_factory=dict)
    mail: dict[str, Mailing] = field(default_factory=dict)
    browsing: list[Figure] = field(default_factory=list)

    def limit_of(self, figure: Figure) -> float | None:
        """Return what the figure's rate is a share of; None where that was not measured."""
        if figure.name in BOOKINGS:
            return best(self.limits, spread=figure.name != "hot")
        if figure.name == "login":
            return self.hashes
        if figure.name in SEATS:
            hot = self.find("hot", figure.connections)
            return None if hot is None else hot.rate
        bare = self.bare.get(figure.name, {}).get("uvloop" if self.uvloop else "asyncio")
        if bare is None or bare.problems or bare.connections != figure.connections:
            return None
        return bare.rate

    def ratio_of(self, figure: Figure) -> float | None:
        """Return the figure's rate as a share of its limit."""
        limit = self.limit_of(figure)
        return None if not limit or figure.problems else figure.rate / limit

    def find(self, name: str, connections: int) -> Figure | None:
        """Return a figure that may be shown, or None."""
        for figure in self.figures:
            if (figure.name, figure.connections) == (name, connections) and not figure.problems:
                return figure
        return None

    @property
    def problems(self) -> list[str]:
        """What could not be measured, and why."""
        every = self._every_figure()
        found = [f"{f.name}, {f.connections} connections: {p}" for f in every for p in f.problems]
        if self.others > QUIET:
            found.append(
                f"the machine was not quiet: other work took {self.others:.0%} of its cores, on the mean"
            )
        return found

    @property
    def others(self) -> float:
        """The mean share of the machine's cores that was not at work for what was measured."""
        shares = [figure.others for figure in self._every_figure()]
        shares += [limit.others for limit in self.limits]
        return sum(shares) / len(shares) if shares else 0.0

    def _every_figure(self) -> list[Figure]:
        every = [*self.figures, *(f for figures in self.trials.values() for f in figures)]
        every += [f for loops in self.bare.values() for f in loops.values()]
        every += [f for figures in self.beside.values() for f in figures]
        every += self.browsing
        every += [self.soak_figure] if self.soak_figure else []
        return every


@dataclass(frozen=True)
class Wish:
    """What a run is to measure; ``processes`` holds the numbers of server processes to choose from,
    ``seconds`` is how long a turn takes, and ``rounds`` how many turns each load has.
    """

    names: Sequence[str]
    connections: Sequence[int] | None
    processes: Sequence[int]
    seconds: float
    quick: bool = False
    rounds: int = 1
    with_limits: bool = True
    soak: int = 0

    @property
    def needs_seats(self) -> bool:
        """Whether a stadium is needed."""
        return bool({*SEATS, "availability"} & set(self.names))


def run(world: World, wish: Wish) -> Results:
    """Measure what is wished and return it. Raises what the parts raise when one of them does not run."""
    results = Results(machine.describe(world))
    kinds = [
        spread
        for spread in (True, False)
        if any((name != "hot") == spread for name in wish.names if name in BOOKINGS)
    ]
    if kinds and wish.with_limits:
        script = tape_booking(world)
        results.round_trips = script.round_trips
        for limit in measure_limit(
            world, script, kinds=kinds, seconds=min(4, wish.seconds), quick=wish.quick
        ):
            results.limits.append(limit)
            row = "100 ticket types" if limit.spread else "one hot row"
            say(f"pgbench, {limit.statements}, {row}, {limit.clients} clients: {limit.rate:,.0f}/s")
    results.processes = _choose_processes(world, wish, results)
    # First: a quarter of an hour later the holds of the other loads run out, as fast as they were made.
    if "hot" in wish.names and "page" in wish.names:
        results.browsing = _measure_browsing(world)
    limited: list[Figure] = []
    if "hot" in wish.names:
        with bms_server(world.data_dir, results.processes, **WIDE_LIMITS) as server:
            limited = [replace(one, name="limited") for one in _measure_in_turns(world, server, "hot", wish)]
    with bms_server(world.data_dir, results.processes) as server:
        results.uvloop = server.has_uvloop
        for name in wish.names:
            if name in READS:
                results.figures += _measure_reads(world, server, results, name, wish)
            elif name in CONFIRMING:
                figures, results.mail[name] = with_mail(
                    world, partial(_measure_beside_hot, world, server, results, name, wish)
                )
                results.figures += figures
                mail = results.mail[name]
                say(f"{name}: {mail.rate:,.0f} mails/s meanwhile, the last one {mail.seconds:.0f} s after it")
            else:
                results.figures += _measure_in_turns(world, server, name, wish)
        if wish.soak:
            _soak(world, server, results, wish.soak)
        results.memory = procfs.memory(server.pid)
    results.figures += limited
    if world.stadium is not None and set(SEATS) & set(wish.names):
        results.pinned = world.stadium.seconds
        results.memory_of_seats = _memory_of_seats(world)
        results.picked = picker_figures(PICKER_ASKS)
    if "login" in wish.names:
        results.hashes = hashes_a_second(os.cpu_count() or 1)
    return results


def _memory_of_seats(world: World) -> float:
    """Return how much more memory a process takes that sells a stadium too, in MB."""
    assert world.stadium is not None
    world.stadium.empty(world)
    with bms_server(world.data_dir) as server:
        taken = []
        for name in ("hot", "seats"):
            for _ in range(2):  # the second time nothing is new
                _load(world, server, make_load(world, name), 64, MEMORY_SECONDS, warm_up=0)
            taken.append(procfs.memory(server.pid)[server.pid])
    before, after = taken
    say(f"memory of a process: {before:.0f} MB, with a stadium on sale {after:.0f} MB")
    return after - before


def say(line: str) -> None:
    """Tell who waits at the terminal how far it is."""
    print(line, file=sys.stderr, flush=True)


def _choose_processes(world: World, wish: Wish, results: Results) -> int:
    """Return the number of server processes that does best: by the mean of the trial loads' rates, each as a
    share of that load's best.
    """
    if len(wish.processes) == 1:
        return wish.processes[0]
    turns: dict[int, list[list[Figure]]] = {processes: [] for processes in wish.processes}
    # There and back, so that a machine that gets slower or faster in the meantime favours none of them.
    for processes in [*wish.processes, *reversed(wish.processes)]:
        with bms_server(world.data_dir, processes) as server:
            turns[processes].append(
                [
                    _judge(world, _load(world, server, make_load(world, name), connections, TRIAL_SECONDS))
                    for name, connections in TRIAL
                ]
            )
    for processes, found in turns.items():
        results.trials[processes] = [median_figure(of_one) for of_one in zip(*found, strict=True)]
    return best_processes(results.trials)


def best_processes(trials: dict[int, list[Figure]]) -> int:
    """Return the key of the best trial: the highest geometric mean, and of equals the fewest processes."""
    tops = [max(figure.rate for figure in of_one) for of_one in zip(*trials.values(), strict=True)]

    def score(processes: int) -> float:
        shares = [
            figure.rate / top if top else 0.0 for figure, top in zip(trials[processes], tops, strict=True)
        ]
        return math.prod(shares)

    return max(sorted(trials), key=score)


def _measure_in_turns(world: World, server: Server, name: str, wish: Wish) -> list[Figure]:
    """Return a figure of the load for each of its numbers of connections, which take turns."""
    load = make_load(world, name)
    is_login = name == "login"
    turns: dict[int, list[Figure]] = {number: [] for number in connections_of(name, wish.connections)}
    order = list(turns)
    for turn in range(1 if is_login else wish.rounds):
        for connections in order:
            # Nothing of a login gets warm, and those of a warm-up would still be hashed afterwards.
            warm_up = 0 if turn or is_login else 1
            if name in SEATS and world.stadium is not None:
                if not turn:
                    _load(world, server, load, connections, FIRST_SEATS_SECONDS, warm_up=0)
                warm_up = 0
                # Last: what a warm-up took would be asked for again. Who reads the seats takes none, and the
                # processes hear of those that were freed: on no day of a sale are tens of thousands at once.
                world.stadium.empty(world)
                _load(world, server, make_load(world, "availability"), connections, 1, warm_up=0)
            seconds = max(wish.seconds, LOGIN_SECONDS) if is_login else wish.seconds
            turns[connections].append(_load(world, server, load, connections, seconds, warm_up=warm_up))
        order.reverse()
    return [_judge(world, median_figure(of_one)) for of_one in turns.values()]


def _measure_beside_hot(
    world: World, server: Server, results: Results, name: str, wish: Wish
) -> list[Figure]:
    """Return a figure of the load for each of its numbers of connections, in turns with as many for the hot
    event. Notes the median of the shares of that event's rate that its turns with 64 had: those are required.
    """
    loads = {one: make_load(world, one) for one in (name, "hot")}
    figures = []
    for connections in connections_of(name, wish.connections):
        rounds: list[dict[str, Figure]] = []
        for number in range(wish.rounds):
            warm_up = 0 if number else 1
            rounds.append(
                {
                    one: _load(world, server, load, connections, wish.seconds, warm_up=warm_up)
                    for one, load in loads.items()
                }
            )
            loads = dict(reversed(loads.items()))  # so that neither always comes after the other
        hot = median_figure([turns["hot"] for turns in rounds])
        figure = _judge(world, median_figure([turns[name] for turns in rounds]))
        figure.problems += [f"the hot event beside it: {problem}" for problem in hot.problems]
        if connections == 64 and not figure.problems:
            results.of_hot[name] = median(turns[name].rate / turns["hot"].rate for turns in rounds)
        figures.append(figure)
    return figures


def _measure_reads(world: World, server: Server, results: Results, name: str, wish: Wish) -> list[Figure]:
    figures = []
    for connections in connections_of(name, wish.connections):
        figure, results.bare[name] = measure_reads(
            world, server, name, connections=connections, rounds=wish.rounds
        )
        for loop, bare in results.bare[name].items():
            say(f"bare aiohttp on {loop}, {name}: {'; '.join(bare.problems) or f'{bare.rate:,.0f}/s'}")
        figures.append(_judge(world, figure))
    return figures


def _load(
    world: World, server: Server, load: Load, connections: int, seconds: float, *, warm_up: float = 1
) -> Figure:
    return run_load(
        load,
        server.url,
        connections=connections,
        seconds=seconds,
        warm_up=warm_up,
        processes=server.processes,
        server=server.pid,
        database=world.postmaster,
    )


def _judge(world: World, figure: Figure) -> Figure:
    """Return ``figure``, with what is wrong with the books among its problems."""
    broken = check_books(world.data_dir)
    if broken:
        figure.problems.append(f"bms check: {broken}")
    verdict = (
        "; ".join(figure.problems)
        or f"{figure.rate:,.0f}/s, p50 {figure.p50:.1f} ms, p99 {figure.p99:.1f} ms"
    )
    say(f"{figure.name}, server processes {figure.processes}, connections {figure.connections}: {verdict}")
    return figure


def _measure_browsing(world: World) -> list[Figure]:
    """Return the figures of pages and of the hot event's holds beside them, with two server processes."""
    with bms_server(world.data_dir, PROCESSES) as server:
        alone = _load(world, server, make_load(world, "hot"), 64, TRIAL_SECONDS)
        return [_judge(world, figure) for figure in measure_browsing(world, server, best=alone.rate)]


def _soak(world: World, server: Server, results: Results, seconds: int) -> None:
    """Book for ``seconds`` and note the largest server process's memory every ten of them."""
    load, began = make_load(world, "spread"), time.monotonic()
    with ThreadPoolExecutor(1) as aside:
        running = aside.submit(_load, world, server, load, SOAK_CONNECTIONS, seconds)
        while not running.done():
            results.soak.append((time.monotonic() - began, max(procfs.memory(server.pid).values())))
            wait([running], timeout=SAMPLE_SECONDS)
        figure = _judge(world, running.result())
    results.soak_figure = replace(figure, name="soak")
