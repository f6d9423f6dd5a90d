"""Many look around while one event sells: pages at a fixed pace, beside holds at half their best."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from bench.load import Figure, Load, run_load
from bench.plan import make_load, paths_of
from bench.serving import Server
from bench.world import World
from bms.web.shop.presenting import event_path

PROCESSES = 2
CONNECTIONS = 64
PAGES_A_SECOND = 1500
PAGES_P99 = 50.0  # ms
MARGIN = 1.03  # what is aimed at beyond the pace that is to be reached
TRIALS, TRIAL_SECONDS = 2, 3
SECONDS = 10


def measure_browsing(world: World, server: Server, *, best: float) -> tuple[Figure, Figure]:
    """Return the figures of the pages and of the holds beside them. ``best`` is the holds' rate alone."""
    pages = Load("browse", "read", (world.file("browse.txt", _paths(world)),), 200)
    holds = replace(make_load(world, "hot"), name="beside")
    targets = (PAGES_A_SECOND * MARGIN, best / 2 * MARGIN)
    pauses = [1000 * CONNECTIONS / target for target in targets]
    for number in range(TRIALS + 1):
        last = number == TRIALS
        loads = [replace(load, pause=pause) for load, pause in zip((pages, holds), pauses, strict=True)]
        found = _at_once(world, server, loads, SECONDS if last else TRIAL_SECONDS)
        # A connection asks, waits for the answer, and pauses: what is not the pause stays as it is.
        pauses = [
            max(1.0, pause + 1000 * CONNECTIONS / target - 1000 * CONNECTIONS / max(1.0, figure.rate))
            for pause, target, figure in zip(pauses, targets, found, strict=True)
        ]
    return found[0], found[1]


def _paths(world: World) -> list[str]:
    """Return the home page, the page of the event that sells, and those of the others, in turn."""
    hot = event_path(world.hot.event_id, "The hot one")
    return [path for page in paths_of(world, "page") for path in ("/", page, hot, page)]


def _at_once(world: World, server: Server, loads: list[Load], seconds: float) -> list[Figure]:
    with ThreadPoolExecutor(len(loads)) as threads:
        asked = [
            threads.submit(
                run_load,
                load,
                server.url,
                connections=CONNECTIONS,
                seconds=seconds,
                warm_up=0,
                processes=server.processes,
                server=server.pid,
                database=world.postmaster,
            )
            for load in loads
        ]
        return [one.result() for one in asked]
