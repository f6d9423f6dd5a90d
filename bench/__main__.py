"""``python -m bench``, which ``script/bench`` runs."""

import argparse
import os
import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from urllib.error import URLError

from bench import store
from bench.beside import NotLocal, measure_beside
from bench.beside_page import render_beside
from bench.limit import LimitFailed
from bench.load import LoadFailed
from bench.other import NoAnswer
from bench.people import REPORTS, run_people
from bench.plan import GROUPS, NAMES, TITLES
from bench.report import render
from bench.run import Results, Wish, run, say
from bench.serving import ServerFailed
from bench.tape import NotTaped
from bench.world import NotDurable, World, make_world, scratch_parent
from bms.errors import ConfigurationError

DOCS = Path(__file__).resolve().parents[1] / "docs"
DOCUMENT = DOCS / "benchmarks.md"
BESIDE_DOCUMENT = DOCS / "another-database-server.md"
MOST_PROCESSES = 4
ROUNDS = 9
SECONDS = 3
PEOPLE_SECONDS = 60
# The hot event is all that is sold beside, by as many processes and connections as its page says.
_NOT_BESIDE = ("names", "connections", "processes", "no_limit", "soak", "locust")
_FAILURES = (
    LimitFailed,
    LoadFailed,
    ServerFailed,
    NotTaped,
    NotDurable,
    NotLocal,
    NoAnswer,
    ConfigurationError,
    URLError,
)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the benchmark and return the exit status: 1 when something could not be measured honestly."""
    arguments = _parse(argv)
    if not sys.platform.startswith("linux"):
        print("script/bench: it reads /proc, which Linux alone has.", file=sys.stderr)
        return 1
    before = store.load(arguments.baseline) if arguments.baseline else None
    data_dir = Path(tempfile.mkdtemp(prefix="bms-bench-", dir=scratch_parent()))
    try:
        wish = _wish(arguments)
        with make_world(data_dir, seats=wish.needs_seats) as world:
            if arguments.locust:
                return _run_people(world, arguments)
            results = _run(world, wish, arguments.beside)
    except _FAILURES as error:
        print(f"script/bench: {error}", file=sys.stderr)
        return 1
    finally:
        if arguments.keep:
            say(f"The data directory is {data_dir}")
        else:
            shutil.rmtree(data_dir, ignore_errors=True)
    text = render_beside(results, before) if arguments.beside else render(results, before)
    print(text)
    if arguments.json:
        store.save(results, arguments.json)
    document = None if results.problems else _document(arguments)
    if document:
        document.write_text(text)
        say(f"Written to {document}")
    return 1 if results.problems else 0


def _run(world: World, wish: Wish, beside: str | None) -> Results:
    if beside is None:
        return run(world, wish)
    return measure_beside(world, beside, seconds=wish.seconds, rounds=wish.rounds)


def _document(arguments: argparse.Namespace) -> Path | None:
    """Return the page that a whole run writes, None for a run that is a part of one."""
    if arguments.beside:
        return None if arguments.quick else BESIDE_DOCUMENT
    partial = arguments.names or arguments.quick or arguments.no_limit or arguments.connections
    return None if partial else DOCUMENT


def _run_people(world: World, arguments: argparse.Namespace) -> int:
    processes = arguments.processes[0] if arguments.processes else 1
    seconds = round(arguments.seconds or PEOPLE_SECONDS)
    problem = run_people(world, processes=processes, people=arguments.people, seconds=seconds)
    print(f"The report is in {REPORTS}. {problem or 'bms check: all holds.'}")
    return 1 if problem else 0


def _parse(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = _parser()
    arguments = parser.parse_args(argv)
    if arguments.beside and any(getattr(arguments, name) for name in _NOT_BESIDE):
        parser.error(
            "--beside is a run of its own: no names, and of the options --seconds, --quick, --json, "
            "--baseline and --keep alone"
        )
    return arguments


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="script/bench",
        description="Measures BMS over HTTP beside the limits of this machine. Without names: all of it, "
        "and the report goes to docs/benchmarks.md too. With --beside: another database server, and "
        "the report goes to docs/another-database-server.md.",
        epilog="names: "
        + "; ".join(f"{name} ({TITLES[name]})" for name in NAMES)
        + "; get (all GETs), pages",
    )
    parser.add_argument("names", nargs="*", choices=[*NAMES, *GROUPS, []], metavar="NAME")
    parser.add_argument("--quick", action="store_true", help="everything, in short runs; writes no document")
    parser.add_argument(
        "--seconds",
        type=float,
        help=f"of each turn but those of the GETs, which have 2 ({SECONDS}; quick: 2; locust: 60)",
    )
    parser.add_argument("--connections", type=_numbers, help="for example 16,64")
    parser.add_argument(
        "--processes",
        type=_numbers,
        help="server processes; of several the best is found first (1; in a full run 1 to 4)",
    )
    parser.add_argument("--no-limit", action="store_true", help="leave pgbench out")
    parser.add_argument("--soak", type=int, default=0, metavar="SECONDS", help="at the end, watch the memory")
    parser.add_argument(
        "--beside",
        metavar="URL",
        help="an empty database on another server of this machine, to sell the hot event from in turns with "
        "the embedded one; nothing else is measured",
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="keep the run")
    parser.add_argument(
        "--baseline", type=Path, metavar="FILE", help="show the rates of a kept run beside these"
    )
    parser.add_argument("--locust", action="store_true", help="people in place of load: bench/locustfile.py")
    parser.add_argument("--people", type=int, default=40, help="with --locust: how many (40)")
    parser.add_argument("--keep", action="store_true", help="do not remove the data directory")
    return parser


def _numbers(text: str) -> list[int]:
    numbers = [int(number) for number in text.split(",")]
    if min(numbers) < 1:
        raise argparse.ArgumentTypeError("numbers from 1 are needed")
    return numbers


def _wish(arguments: argparse.Namespace) -> Wish:
    wanted = {one for name in arguments.names or ["all"] for one in GROUPS.get(name, (name,))}
    most = 2 if arguments.quick else min(MOST_PROCESSES, 2 * (os.cpu_count() or 1))
    return Wish(
        names=[name for name in NAMES if name in wanted and not arguments.beside],
        connections=arguments.connections,
        processes=arguments.processes or ([1] if arguments.names else range(1, most + 1)),
        seconds=arguments.seconds or (2 if arguments.quick else SECONDS),
        rounds=1 if arguments.quick else ROUNDS,
        quick=arguments.quick or bool(arguments.names),
        with_limits=not arguments.no_limit,
        soak=arguments.soak,
    )


if __name__ == "__main__":
    sys.exit(main())
