"""Reads, in turns with a bare handler that repeats their answers: what slows the machine slows both."""

import importlib.util
import json
import urllib.request
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from bench.load import Figure, run_load
from bench.plan import make_load, paths_of
from bench.serving import Server, bare_server
from bench.world import World

BMS = "BMS"
SECONDS = 2  # of a turn: short, so that the machine is the same for both


def measure_reads(
    world: World, server: Server, name: str, *, connections: int, rounds: int
) -> tuple[Figure, dict[str, Figure]]:
    """Return the figure of a load of ``bench.plan.READS``, and the bare handler's by its event loop.

    All are of one round: the one whose share of the bare handler's rate is the median.
    """
    load = make_load(world, name)
    answers = _store_answers(world, server, name)
    with ExitStack() as stack:
        servers = {BMS: server}
        for loop in ("asyncio", "uvloop") if has_uvloop() else ("asyncio",):
            bare = bare_server(world.data_dir, answers, server.processes, uvloop=loop == "uvloop")
            servers[loop] = stack.enter_context(bare)
        found = []
        turns = list(servers.items())
        for number in range(rounds):
            figures = {
                key: run_load(
                    load,
                    one.url,
                    connections=connections,
                    seconds=SECONDS,
                    warm_up=0 if number else 1,
                    processes=one.processes,
                    server=one.pid,
                    # The database works for BMS alone.
                    database=world.postmaster if key == BMS else None,
                )
                for key, one in turns
            }
            found.append(figures)
            turns.reverse()  # so that neither always comes after the other
    middle = median_round(found, "uvloop" if server.has_uvloop else "asyncio")
    return middle.pop(BMS), middle


def median_round(rounds: Sequence[dict[str, Figure]], loop: str) -> dict[str, Figure]:
    """Return the round in which BMS has its median share of what the bare handler does on ``loop``. Its
    figures have the problems of every round.
    """

    def share(figures: dict[str, Figure]) -> float:
        return figures[BMS].rate / figures[loop].rate if figures[loop].rate else 0.0

    middle = sorted(rounds, key=share)[len(rounds) // 2]
    return {
        key: replace(figure, problems=[problem for figures in rounds for problem in figures[key].problems])
        for key, figure in middle.items()
    }


def has_uvloop() -> bool:
    """Return whether uvloop is installed here."""
    return importlib.util.find_spec("uvloop") is not None


def _store_answers(world: World, server: Server, name: str) -> Path:
    """Keep the answers of BMS for the bare handler to repeat: the body, and the headers that describe it."""
    stored = {}
    for path in paths_of(world, name):
        with urllib.request.urlopen(server.url + path, timeout=30) as answer:
            kept = ("Content-Type", "ETag", "Cache-Control", "Link")
            headers = {header: answer.headers[header] for header in kept if answer.headers[header]}
            stored[path] = {"body": answer.read().decode(), "headers": headers}
    file = world.data_dir / "answers.json"
    file.write_text(json.dumps(stored))
    return file
