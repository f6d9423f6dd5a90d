"""The benchmark's parts that read, judge and tell: what they make of good runs and of bad ones."""

import asyncio
import os
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from bench import procfs, store
from bench.__main__ import _parser, _wish
from bench.confirming import Mailing
from bench.limit import AS_SENT, LEAN, Limit, LimitFailed, read_pgbench
from bench.load import Figure, Load, LoadFailed, median_figure, read_result
from bench.plan import NAMES, READS, TITLES
from bench.procfs import Usage
from bench.reads import BMS, median_round
from bench.report import bars, render, slope
from bench.run import Results, best_processes
from bench.serving import bare_server

BOOK = Load("hot", "book", (), 201)
READ = Load("event", "read", (), 200)
RESULT = (
    "Running 2s test @ http://127.0.0.1:1\n"
    '{"requests":1000,"seconds":2.000000,"p50":10.500,"p95":20.000,"p99":30.000,"longest":40.000,'
    '"statuses":{STATUSES},"refused":REFUSED,"without_retry_after":BARE,"pairs":300,"socket_errors":0,'
    '"timeouts":LATE}\n'
)
BARS = 23
PGBENCH = """\
transaction type: pgbench.sql
number of failed transactions: 0 (0.000%)
latency average = 3.437 ms
initial connection time = 4.501 ms
tps = 2330.711232 (without initial connection time)
"""


def printed(statuses: str = "", refused: int = 0, without_retry_after: int = 0, timeouts: int = 0) -> str:
    text = RESULT.replace("STATUSES", statuses).replace("REFUSED", str(refused))
    return text.replace("BARE", str(without_retry_after)).replace("LATE", str(timeouts))


def read(load: Load, output: str) -> Figure:
    return read_result(load, output, connections=64, processes=2, usage=Usage(1.5, 0.5, 0.1, 0.02))


def test_the_rate_is_that_of_good_answers_and_cpu_is_a_share_of_all() -> None:
    figure = read(BOOK, printed('"201":800,"409":150,"503":50', refused=200))
    assert figure.problems == []
    assert (figure.rate, figure.p50, figure.p99) == (400.0, 10.5, 30.0)
    assert (figure.server_cpu, figure.database_cpu) == (1.5, 0.5)
    assert figure.statuses == {201: 800, 409: 150, 503: 50}


def test_payments_count_in_pairs_and_reads_by_what_wrk_counts() -> None:
    assert read(Load("pay", "pay", (), 201), printed('"201":1000')).rate == 150.0
    assert read(READ, printed()).rate == 500.0


@pytest.mark.parametrize(
    ("load", "output", "problem"),
    [
        (BOOK, printed('"201":990,"500":10'), "10 answers 500"),
        (BOOK, printed('"201":990,"401":10'), "10 answers 401"),
        (BOOK, printed('"201":990,"503":10', without_retry_after=4), "4 answers 503 without Retry-After"),
        (BOOK, printed('"201":1000', timeouts=3), "3 requests had no answer in 30 s"),
        (BOOK, printed('"503":1000'), "nothing was answered well"),
        (READ, printed(refused=7), "7 answers of 400 or more"),
    ],
)
def test_a_load_that_went_wrong_says_so(load: Load, output: str, problem: str) -> None:
    assert read(load, output).problems == [problem]


def test_no_result_is_a_failure() -> None:
    with pytest.raises(LoadFailed, match="unable to connect"):
        read(BOOK, "unable to connect to 127.0.0.1:1 Connection refused\n")


def test_several_turns_come_to_their_medians_and_hide_nothing() -> None:
    turns = [
        figure("hot", rate, p50=p50, p99=p99) for rate, p50, p99 in ((300, 9, 30), (100, 8, 90), (200, 7, 40))
    ]
    turns[1].statuses = {201: 5, 503: 2}
    turns[1].problems.append("1 answers 500")
    middle = median_figure(turns)
    assert (middle.rate, middle.p50, middle.p99) == (200, 8, 40)
    assert (middle.statuses, middle.problems) == ({201: 25, 503: 2}, ["1 answers 500"])


def test_pgbench_is_read_and_its_failed_transactions_are_no_limit() -> None:
    assert read_pgbench(PGBENCH) == (2330.711232, 3.437)
    for bad in (PGBENCH.replace("transactions: 0", "transactions: 2"), "connection refused"):
        with pytest.raises(LimitFailed):
            read_pgbench(bad)


def figure(name: str, rate: float, connections: int = 64, p50: float = 10.0, p99: float = 20.0) -> Figure:
    return Figure(name, 2, connections, rate, p50, p50, p99, {201: 10})


def results() -> Results:
    """Return a run in which every bar is met, most of them barely."""
    found = Results({"CPU": "a fast one"}, processes=2, uvloop=True, round_trips=9, hashes=8.0)
    found.limits = [
        Limit(AS_SENT, True, 8, 900.0, 1.0),
        Limit(LEAN, True, 64, 1000.0, 1.0),
        Limit(AS_SENT, False, 8, 1000.0, 1.0),
        Limit(LEAN, False, 64, 5000.0, 1.0),
    ]
    found.figures = [figure("hot", 700), figure("spread", 300), figure("hot", 600, 256, p50=20, p99=49)]
    found.figures += [
        figure(name, 6000 if name in ("event", "events", "filtered") else 5000) for name in READS
    ]
    found.bare = {name: {"asyncio": figure(name, 4000), "uvloop": figure(name, 10_000)} for name in READS}
    found.figures += [figure("seats", 300), figure("seats", 210, 256, p50=20, p99=49)]
    found.figures[-2:-2] = [figure("pay", 175), figure("free", 245)]
    pay = found.find("pay", 64)
    assert pay is not None
    pay.server_cpu, pay.database_cpu, pay.client_cpu = 0.75, 0.25, 0.25
    found.of_hot = {"pay": 0.25, "free": 0.35}
    found.mail = {"pay": Mailing(90.0, 60.0), "free": Mailing(90.0, 60.0)}
    found.browsing = [figure("browse", 1500, p99=49.9), figure("beside", 350)]
    found.pinned, found.memory_of_seats = 20.0, 25.0
    found.picked = {"asks": (0.19, 1.99), "refusals": (0.1, 0.2)}
    found.memory = {1: 30.0, 2: 174.0}
    found.soak = [(float(second), 100 + second / 1000) for second in range(0, 600, 10)]
    found.soak_figure = figure("soak", 300)
    return found


def test_the_bars_are_met_barely() -> None:
    assert [bar.verdict for bar in bars(results())] == ["met"] * BARS


def test_each_bar_can_be_missed() -> None:
    found = results()
    found.limits += [Limit(LEAN, False, 16, 1001.0, 1.0), Limit(LEAN, True, 8, 1001.0, 1.0)]
    for loops in found.bare.values():
        loops["uvloop"].rate = 10_001
    found.figures[2].p99 = 50
    found.memory[2] = 175.0
    for name in ("pay", "free"):
        one = next(one for one in found.figures if one.name == name)
        one.client_cpu += 0.01
        found.of_hot[name] -= 0.001
    found.mail = {"pay": Mailing(90.0, 60.1), "free": Mailing(90.0, 10.0, left=1)}
    found.browsing[0].rate = 1499
    found.soak = [(time, memory + time / 100) for time, memory in found.soak]
    found.figures[-1].rate, found.figures[-1].p99 = 209.0, 50
    found.pinned, found.memory_of_seats = 20.1, 25.1
    found.picked = {"asks": (0.2, 1.0), "refusals": (0.1, 2.0)}
    assert [bar.verdict for bar in bars(found)] == ["**not met**"] * BARS


def test_without_a_stadium_a_process_may_take_less() -> None:
    found = Results({}, memory={1: 150.0})
    (bar,) = [bar for bar in bars(found) if bar.measure == "memory after the run"]
    assert (bar.bar, bar.verdict) == ("under 150 MB per process", "**not met**")


def test_pages_must_be_quick_beside_a_sale() -> None:
    found = results()
    (bar,) = [bar for bar in bars(found) if bar.measure.startswith("pages while")]
    assert bar.found == "1,500 a second, p99 49.9 ms, beside 350 holds"
    found.browsing[0].p99 = 50.0
    (bar,) = [bar for bar in bars(found) if bar.measure.startswith("pages while")]
    assert bar.verdict == "**not met**"
    found.browsing[1].problems.append("3 answers 500")
    (bar,) = [bar for bar in bars(found) if bar.measure.startswith("pages while")]
    assert bar.verdict == "not measured"


def test_what_was_not_measured_is_not_judged() -> None:
    found = Results({})
    assert {bar.verdict for bar in bars(found)} == {"not measured"}
    short = results()
    short.soak = short.soak[:30]
    assert bars(short)[-1].verdict == "not measured"


def test_a_figure_with_a_problem_is_not_shown_and_its_reason_is() -> None:
    found = results()
    found.figures[0].rate = 123_456
    found.figures[0].problems.append("bms check: BROKEN  tickets sold")
    text = render(found)
    assert "123,456" not in text
    assert "- hot, 64 connections: bms check: BROKEN  tickets sold" in text
    assert found.problems == ["hot, 64 connections: bms check: BROKEN  tickets sold"]
    assert next(bar.verdict for bar in bars(found)) == "not measured"
    # Without its p50 there is nothing to hold the p99 against; with a problem of its own it is not met.
    found = results()
    found.figures[2].problems.append("3 answers 500")
    (bar,) = [bar for bar in bars(found) if bar.measure == "hot, 256 connections"]
    assert (bar.found, bar.verdict) == ("3 answers 500", "**not met**")


def test_other_work_on_the_machine_spoils_a_run() -> None:
    found = results()
    for one in found.figures:
        one.others = 0.1
    assert found.problems == []
    for one in found.figures:
        one.others = 0.5
    assert found.problems == [
        f"the machine was not quiet: other work took {found.others:.0%} of its cores, on the mean"
    ]


def test_the_report_has_every_figure_beside_its_limit_and_that_of_another_run(tmp_path: Path) -> None:
    found = results()
    found.trials = {1: [figure("hot", 400), figure("spread", 300), figure("event", 900)]}
    store.save(found, tmp_path / "run.json")
    kept = store.load(tmp_path / "run.json")
    assert kept == found
    kept.figures[0].rate = 654.0
    text = render(found, kept)
    assert f"| {TITLES['hot']} | 64 | 700 | 0.70 | 10.0 | 10.0 | 20.0 | 0.00 | 0.00 | 10 201 | 654 |" in text
    assert "| five statements (7 round trips) | 64 | 1,000 (1.0 ms) | 5,000 (1.0 ms) |" in text
    assert f"| {TITLES['event']} | 4,000 | 10,000 |" in text
    tables = [line.count("|") for line in text.splitlines() if line.startswith("|")]
    assert all(columns > 2 for columns in tables)


def test_another_file_is_no_run(tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text('{"figures": []}')
    with pytest.raises(ValueError, match="holds no run"):
        store.load(tmp_path / "x.json")


def test_the_best_number_of_processes_is_best_on_the_whole() -> None:
    def trial(*rates: float) -> list[Figure]:
        return [figure(name, rate) for name, rate in zip(("hot", "spread", "event"), rates, strict=True)]

    assert best_processes({1: trial(100, 100, 100), 2: trial(90, 150, 190), 3: trial(110, 100, 100)}) == 2
    assert best_processes({2: trial(100, 100, 100), 1: trial(100, 100, 100)}) == 1


def test_a_line_through_samples() -> None:
    assert slope([(0, 5), (10, 7), (20, 9)]) == pytest.approx(0.2)
    assert slope([(10, 5)]) == 0.0


def test_names_groups_and_defaults() -> None:
    full = _wish(_parser().parse_args([]))
    assert (tuple(full.names), full.processes[0], full.quick, full.with_limits) == (NAMES, 1, False, True)
    some = _wish(_parser().parse_args(["get", "hot", "--connections", "16,64", "--no-limit"]))
    assert (some.names, some.connections, some.processes) == (["hot", *READS], [16, 64], [1])
    assert not some.with_limits
    with pytest.raises(SystemExit):
        _parser().parse_args(["lukewarm"])


def test_the_kernel_counts_a_process_and_its_children() -> None:
    # It ends by itself once its standard input does.
    program = "import sys; sum(range(3_000_000)); print(flush=True); sys.stdin.read()"
    child = subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert child.stdin is not None
    assert child.stdout is not None
    child.stdout.readline()
    assert child.pid in procfs.tree(os.getpid())
    assert 1 < procfs.memory(child.pid)[child.pid] < 1000
    used = procfs.cpu_seconds(child.pid)
    assert used > 0
    assert procfs.has_loaded(child.pid, "/libc") or procfs.has_loaded(child.pid, "/ld-")
    assert not procfs.has_loaded(child.pid, "/no such library/")
    with procfs.metered(os.getpid(), None) as usage:
        before = procfs.cpu_seconds(os.getpid())
        child.communicate()
        while procfs.cpu_seconds(os.getpid()) < before + 0.1:
            sum(range(100_000))
    assert usage.server > 0.09  # sums of ticks of 0.01 s, which are not exact in binary
    assert usage.database == 0.0
    assert procfs.cpu_seconds(child.pid) == 0.0
    assert procfs.cpu_seconds(os.getpid()) >= before  # an ended child is still counted, by its parent


def test_of_several_rounds_the_one_of_the_median_share_counts() -> None:
    rounds = [
        {BMS: figure("event", mine), "asyncio": figure("event", 10_000), "uvloop": figure("event", bare)}
        for mine, bare in ((9000, 10_000), (4000, 8000), (6000, 9000))
    ]
    rounds[0][BMS].problems.append("it broke")
    middle = median_round(rounds, "uvloop")
    assert {key: one.rate for key, one in middle.items()} == {BMS: 6000, "asyncio": 10_000, "uvloop": 9000}
    assert middle[BMS].problems == ["it broke"]


async def test_the_bare_handler_repeats_the_bytes(tmp_path: Path) -> None:
    answers = tmp_path / "answers.json"
    answers.write_text('{"/events?limit=2": {"body": "[\\u00e9]", "headers": {"ETag": "\\"v1\\""}}}')

    def ask() -> tuple[bytes, str]:
        with (
            bare_server(tmp_path, answers, 2, uvloop=False) as server,
            urllib.request.urlopen(f"{server.url}/events?limit=2") as answer,
        ):
            return answer.read(), answer.headers["ETag"]

    assert await asyncio.to_thread(ask) == ("[é]".encode(), '"v1"')
