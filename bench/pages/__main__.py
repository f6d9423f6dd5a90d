"""``python -m bench.pages``, which ``script/lighthouse`` runs."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from bench.pages.bars import CATEGORIES, middle, missed, read
from bench.pages.demo import Page, demo_server, pages
from bench.pages.lighthouse import NoLighthouse, install, measure
from bench.pages.report import Row, render
from bench.pages.visits import NotReached
from bench.run import say
from bench.serving import ROOT, ServerFailed

DOCUMENT = ROOT / "docs" / "lighthouse.md"
RUNS = 5


def main(argv: Sequence[str] | None = None) -> int:
    """Measure the pages, print the table, and return the exit status: 1 if a bar is missed."""
    arguments = _parser().parse_args(argv)
    try:
        program = install()
        with demo_server() as demo:
            found = [page for page in pages(demo) if not arguments.only or page.name in arguments.only]
            rows = [_measured(page, demo.server.url, arguments.runs, program) for page in found]
    except (NoLighthouse, NotReached, ServerFailed) as error:
        print(f"script/lighthouse: {error}", file=sys.stderr)
        return 1
    text = render(rows, arguments.runs)
    print(text)
    if not arguments.only:
        DOCUMENT.write_text(text)
        say(f"Written to {DOCUMENT}")
    return int(any(missed(row.reading, row.bars) for row in rows))


def _measured(page: Page, base: str, runs: int, program: Path) -> Row:
    categories = CATEGORIES if page.bars.repeats else ("accessibility", "best-practices")
    readings = [
        read(measure(program, base + page.path, page.cookie, categories))
        for _ in range(runs if page.bars.repeats else 1)
    ]
    row = Row(page.name, middle(readings), page.bars)
    scores = " ".join("-" if score is None else f"{score:.0f}" for score in row.reading.scores.values())
    say(f"{page.name}: {scores} {'; '.join(missed(row.reading, row.bars))}")
    return row


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="script/lighthouse",
        description="Measures every page of the site with Lighthouse in Chromium. A full run takes most of "
        "an hour and writes docs/lighthouse.md. Exit status 1: a page misses a bar.",
    )
    parser.add_argument("only", nargs="*", metavar="PAGE", help="the names of pages, as the table has them")
    parser.add_argument("--runs", type=int, default=RUNS, help=f"of each page of the shop ({RUNS})")
    return parser


if __name__ == "__main__":
    sys.exit(main())
