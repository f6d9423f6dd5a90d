"""``python -m bench.stampede``, which ``script/stampede`` runs."""

import argparse
import dataclasses
import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from bench.serving import ServerFailed
from bench.stampede.plan import QUICK, SEATED, Plan
from bench.stampede.report import put_into, render
from bench.stampede.run import run
from bench.world import NotDurable, scratch_parent

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "stampede.md"


def main(argv: Sequence[str] | None = None) -> int:
    """Run a stampede, print its report, and return the exit status: 1 when anything is off."""
    arguments = _parser().parse_args(argv)
    if not sys.platform.startswith("linux"):
        print("script/stampede: it reads /proc, which Linux alone has.", file=sys.stderr)
        return 1
    plan = wish(arguments)
    data_dir = Path(tempfile.mkdtemp(prefix="bms-stampede-", dir=scratch_parent()))
    try:
        result = run(data_dir, plan)
    except (ServerFailed, NotDurable) as error:
        print(f"script/stampede: {error}", file=sys.stderr)
        return 1
    finally:
        if arguments.keep:
            print(f"The data directory is {data_dir}", file=sys.stderr)
        else:
            shutil.rmtree(data_dir, ignore_errors=True)
    text = render(result)
    print(text)
    if result.good and plan in (Plan(), SEATED):
        DOCUMENT.write_text(put_into(DOCUMENT.read_text(), text))
        print(f"Written to {DOCUMENT}", file=sys.stderr)
    return 0 if result.good else 1


def wish(arguments: argparse.Namespace) -> Plan:
    """Return the plan that the arguments ask for."""
    given = {
        name: value
        for name in ("requests", "buyers", "tickets", "seed", "hold", "processes")
        if (value := getattr(arguments, name)) is not None
    }
    usual = SEATED if arguments.seats else Plan()
    if arguments.quick:
        usual = dataclasses.replace(QUICK, seats=usual.seats, processes=usual.processes)
    return dataclasses.replace(usual, **given)


def _parser() -> argparse.ArgumentParser:
    full = Plan()
    parser = argparse.ArgumentParser(
        prog="script/stampede",
        description="Lets many buyers loose on few tickets, some slow, some dropping their connection, some "
        "paying late, and proves that the sale came out exact. A full run writes docs/stampede.md.",
    )
    parser.add_argument("--requests", type=_number, help=f"at the least ({full.requests})")
    parser.add_argument("--buyers", type=_number, help=f"who come ({full.buyers})")
    parser.add_argument("--tickets", type=_number, help=f"on sale ({full.tickets})")
    parser.add_argument("--hold", type=_number, metavar="SECONDS", help=f"BMS_HOLD_SECONDS ({full.hold})")
    parser.add_argument("--processes", type=_number, help=f"BMS_WORKERS ({full.processes}, BMS's default)")
    parser.add_argument("--seed", type=int, help=f"of the buyers' choices ({full.seed})")
    parser.add_argument("--seats", action="store_true", help="sold by seat, by two server processes")
    parser.add_argument("--quick", action="store_true", help="a small one, in a few seconds")
    parser.add_argument("--keep", action="store_true", help="do not remove the data directory")
    return parser


def _number(text: str) -> int:
    if int(text) < 1:
        raise argparse.ArgumentTypeError("a number from 1 is needed")
    return int(text)


if __name__ == "__main__":
    sys.exit(main())
