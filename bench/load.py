"""Load by wrk, whose own work is small beside that of the server it measures."""

import itertools
import json
import os
import subprocess
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from statistics import median

from bench import procfs

SCRIPT = Path(__file__).with_name("load.lua")
TIMEOUT = 30  # seconds that wrk waits for an answer before it counts it as none
REFUSALS = frozenset({409, 503})  # sold out, and "come again": answers of a server that is well
_runs = itertools.count(1)


class LoadFailed(Exception):
    """wrk did not run."""


@dataclass(frozen=True)
class Load:
    """What is asked for: arguments of load.lua after the pause, and the status that is a good answer.

    ``pause`` is how many milliseconds each connection waits before it asks again, on the mean.
    ``refusals`` are the statuses of a server that is well, too.
    """

    name: str
    mode: str
    arguments: tuple[str, ...]
    good: int
    refusals: frozenset[int] = REFUSALS
    pause: float = 0.0


@dataclass
class Figure:
    """What one load came to. Times are in milliseconds, CPU in milliseconds a request;
    ``others`` is the share of the machine's cores that was not at work for this.

    ``rate`` counts good answers a second, or pairs of a booking and its payment. ``problems`` says why
    the figure is not to be shown, if it is not.
    """

    name: str
    processes: int
    connections: int
    rate: float
    p50: float
    p95: float
    p99: float
    statuses: dict[int, int]
    server_cpu: float = 0.0
    database_cpu: float = 0.0
    client_cpu: float = 0.0
    others: float = 0.0
    problems: list[str] = field(default_factory=list)


def run_load(
    load: Load,
    url: str,
    *,
    connections: int,
    seconds: float,
    warm_up: float = 1.0,
    processes: int = 1,
    server: int | None = None,
    database: int | None = None,
) -> Figure:
    """Put ``load`` on the server at ``url`` and return its figure.

    ``server`` and ``database`` are the roots of the process trees whose CPU seconds are counted.
    """
    if warm_up:
        _wrk(load, url, connections, warm_up)
    with procfs.metered(server, database) as usage:
        result = _wrk(load, url, connections, seconds)
    return read_result(load, result, connections=connections, processes=processes, usage=usage)


def median_figure(turns: Sequence[Figure]) -> Figure:
    """Return what several turns of one load come to: the median of each number, and of each turn the answers
    and the problems.
    """
    numbers = ("rate", "p50", "p95", "p99", "server_cpu", "database_cpu", "client_cpu", "others")
    return replace(
        turns[0],
        statuses=dict(sum((Counter(turn.statuses) for turn in turns), Counter())),
        problems=[problem for turn in turns for problem in turn.problems],
        **{name: median(getattr(turn, name) for turn in turns) for name in numbers},
    )


def _wrk(load: Load, url: str, connections: int, seconds: float) -> str:
    # wrk takes whole seconds; the last answers come after them.
    whole = max(1, round(seconds))
    run = f"{os.getpid()}-{time.time_ns():x}-{next(_runs)}-"
    command = [
        "wrk",
        "-t1",
        f"-c{connections}",
        f"-d{whole}s",
        "--timeout",
        f"{TIMEOUT}s",
        "-s",
        str(SCRIPT),
        url,
    ]
    done = subprocess.run(
        [*command, "--", load.mode, run, f"{load.pause:.3f}", *load.arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=whole + 3 * TIMEOUT,
        check=False,
    )
    if done.returncode != 0:
        raise LoadFailed(done.stdout.strip()[-500:])
    return done.stdout


def read_result(load: Load, output: str, *, connections: int, processes: int, usage: procfs.Usage) -> Figure:
    """Return the figure of what load.lua printed, and of what it took.

    Raises LoadFailed when it printed no result.
    """
    lines = [line for line in output.splitlines() if line.startswith("{")]
    if not lines:
        raise LoadFailed(output.strip()[-500:])
    found = json.loads(lines[-1])
    requests, seconds = found["requests"], found["seconds"]
    statuses = {int(status): count for status, count in found["statuses"].items()}
    if not statuses:
        statuses = {load.good: requests - found["refused"]}
        if found["refused"]:
            statuses[0] = found["refused"]
    good = found["pairs"] if load.mode == "pay" else statuses.get(load.good, 0)
    each = 1000 / max(1, requests)
    figure = Figure(
        load.name,
        processes,
        connections,
        good / seconds,
        found["p50"],
        found["p95"],
        found["p99"],
        statuses,
        server_cpu=usage.server * each,
        database_cpu=usage.database * each,
        client_cpu=usage.client * each,
        others=usage.others,
    )
    figure.problems += _problems(load, found, statuses, good)
    return figure


def _problems(load: Load, found: dict[str, int], statuses: dict[int, int], good: int) -> list[str]:
    odd = {
        status: count
        for status, count in statuses.items()
        if status != load.good and status not in load.refusals
    }
    problems = [f"{count} answers {status or 'of 400 or more'}" for status, count in sorted(odd.items())]
    if found["without_retry_after"]:
        problems.append(f"{found['without_retry_after']} answers 503 without Retry-After")
    if found["socket_errors"]:
        problems.append(f"{found['socket_errors']} connections broke")
    if found["timeouts"]:
        problems.append(f"{found['timeouts']} requests had no answer in {TIMEOUT} s")
    if not good:
        problems.append("nothing was answered well")
    return problems
