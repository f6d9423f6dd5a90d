"""The hot event on another database server, in turns with the embedded one: ``script/bench --beside``.

It is a run of its own. The other database is one that its URL names: empty, on a server of this machine that
waits for its disk as the embedded one does.
"""

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from bench import machine, procfs
from bench.load import Figure, Load, median_figure, run_load
from bench.other import ask_other
from bench.plan import make_load
from bench.run import Results, say
from bench.serving import Server, bms_server, check_books
from bench.world import BUYERS, NotDurable, Site, World, make_accounts, make_events
from bms.sql.odbc.target import parse_url
from bms.sql.yoyo.apply import apply_migrations

PROCESSES = (1, 2)
CONNECTIONS = 64
WARM_UP_SECONDS = 10  # all connections of a pool have run each statement by then
EMBEDDED = "embedded PostgreSQL"
SECRET = "what the tokens of a benchmark are signed with"


class NotLocal(Exception):
    """No process of this machine listens on the port that the other database's URL names."""


@dataclass(frozen=True)
class Elsewhere(Site):
    """A data directory, and a database that ``address`` names."""

    address: str
    root: int

    @property
    def postmaster(self) -> int:
        """The process that the other database's server consists of, with all below it."""
        return self.root

    @property
    def url(self) -> str:
        return self.address

    @property
    def serving(self) -> Mapping[str, str]:
        # What is chosen for who runs BMS with the embedded database alone.
        return {
            "BMS_DATABASE_URL": self.address,
            "BMS_SECRET_KEY": SECRET,
            "BMS_GATEWAY": "simulated",
            "BMS_PUBLIC_URL": "http://127.0.0.1",
        }


@dataclass(frozen=True)
class _Place:
    name: str
    site: Site
    load: Load
    server: Server


def measure_beside(world: World, address: str, *, seconds: float, rounds: int) -> Results:
    """Return a run that holds by server's name a figure of the hot event for each of ``PROCESSES``.

    All the server processes run at once, and take turns of so many ``seconds``. Raises NotLocal, NoAnswer
    for a database that cannot be asked, and NotDurable for one that does not wait for a disk.
    """
    target = parse_url(address)
    root = procfs.listener(target.port or 0)
    if not root:
        raise NotLocal(f"nothing that can be measured listens at {target.label}")
    said = ask_other(target)
    if not said.is_durable:
        raise NotDurable(f"{target.label} does not wait for a disk: {said.settings}")
    results = Results(machine.describe(world))
    results.machine |= {
        "other server": said.version,
        "its settings": said.settings,
        "its driver": said.driver,
        "turns": f"{rounds} of {seconds:g} s",
    }
    other = Elsewhere(world.data_dir / "beside", world.postgres, address, root)
    sites: list[tuple[str, Site, Load]] = [
        (EMBEDDED, world, make_load(world, "hot")),
        (said.name, other, _load_of(other)),
    ]
    with contextlib.ExitStack() as stack:
        places = [
            _Place(name, site, load, stack.enter_context(_serve(site, processes)))
            for processes in PROCESSES
            for name, site, load in sites
        ]
        results.uvloop = all(place.server.has_uvloop for place in places)
        results.beside = _in_turns(places, seconds=seconds, rounds=rounds)
    return results


def _serve(site: Site, processes: int) -> contextlib.AbstractContextManager[Server]:
    return bms_server(site.data_dir, processes, **site.serving)


def _load_of(site: Elsewhere) -> Load:
    """Migrate the database, and make in it what is made in a world. Return the load on its hot event."""
    site.data_dir.mkdir()
    apply_migrations(site.url)
    with _serve(site, 1) as server:
        admin, *buyers = make_accounts(site, BUYERS)
        hot, events, free = make_events(server, admin[1])
    return make_load(World(site.data_dir, site.postgres, buyers, hot, events, free), "hot")


def _in_turns(places: Sequence[_Place], *, seconds: float, rounds: int) -> dict[str, list[Figure]]:
    turns: list[list[Figure]] = [[] for _ in places]
    order = list(range(len(places)))
    for turn in range(rounds):
        for number in order:
            turns[number].append(_turn(places[number], seconds, 1 if turn else WARM_UP_SECONDS))
        order.reverse()
        say(f"turn {turn + 1} of {rounds}")
    found: dict[str, list[Figure]] = {}
    for place, figures in zip(places, turns, strict=True):
        figure = median_figure(figures)
        broken = check_books(place.site.data_dir, **place.site.serving)
        problems = [*figure.problems, *([f"bms check: {broken}"] if broken else [])]
        found.setdefault(place.name, []).append(replace(figure, problems=problems))
    return found


def _turn(place: _Place, seconds: float, warm_up: float) -> Figure:
    return run_load(
        place.load,
        place.server.url,
        connections=CONNECTIONS,
        seconds=seconds,
        warm_up=warm_up,
        processes=place.server.processes,
        server=place.server.pid,
        database=place.site.postmaster,
    )
