"""``python -m bench.chaos``, which ``script/chaos`` runs."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from bench.chaos.faults import FAULTS, QUICK
from bench.chaos.report import render
from bench.chaos.run import several

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "chaos.md"


def main(argv: Sequence[str] | None = None) -> int:
    """Let faults strike, print the report, and return the exit status: 1 when anything is off."""
    arguments = _parser().parse_args(argv)
    if not sys.platform.startswith("linux"):
        print("script/chaos: it reads /proc, which Linux alone has.", file=sys.stderr)
        return 1
    names = arguments.fault or (QUICK if arguments.quick else tuple(FAULTS))
    outcomes = {}
    for name, outcome in several([(name, FAULTS[name]) for name in names], arguments.seed):
        outcomes[name] = outcome
        said = outcome.problem or "; ".join(outcome.objections[:5]) or "all holds"
        print(
            f"{name}: outage {outcome.outage:.1f} s, {outcome.failed} failed; {said}",
            file=sys.stderr,
            flush=True,
        )
        if names == tuple(FAULTS):
            DOCUMENT.write_text(render(outcomes))
    print(render(outcomes))
    return int(any(outcome.objections for outcome in outcomes.values()))


def _parser() -> argparse.ArgumentParser:
    words = "\n".join(f"  {name:12} {fault.words}" for name, fault in FAULTS.items())
    parser = argparse.ArgumentParser(
        prog="script/chaos",
        description=f"Lets people live at a service while a fault strikes it.\n\nFaults:\n{words}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("fault", nargs="*", choices=[*FAULTS, []], help="all of them unless said")
    parser.add_argument("--quick", action="store_true", help=f"only {', '.join(QUICK)}")
    parser.add_argument("--seed", type=int, default=1, help="of what people and faults choose (1)")
    return parser


if __name__ == "__main__":
    sys.exit(main())
