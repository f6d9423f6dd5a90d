"""The run in Markdown: every page beside its bars."""

import datetime as dt
import os
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from bench.machine import commit
from bench.pages.bars import CATEGORIES, KB, PAGE_BYTES, PLAN_BYTES, SCRIPT_BYTES, Bars, Reading, missed
from bench.pages.lighthouse import VERSION

INTRODUCTION = f"""\
# Pages in Lighthouse

`script/lighthouse` writes this page from one run. It serves fresh demo data, buys, and measures every page
with Lighthouse {VERSION} in Chromium as a phone on a slow network, several times; a row has the medians. The
first four columns are Lighthouse's scores of 100 beside what they must be; - means that it is not asked. A
page that nobody is to find by a search engine is not judged for search engines. The pages of organisers and
admins are measured once, for accessibility and good practice.

"Sent" is everything that a first visit loads, compressed. The last two columns are sizes before compression,
without pictures and the data of seating plans: at most {PAGE_BYTES // KB} KB a page, {SCRIPT_BYTES // KB} KB
of it script. The list of seats, which needs no script, has the seats in the page itself, so that it may have
{PLAN_BYTES // KB} KB more.
"""
HEAD = (
    *("page", "performance", "accessibility", "best practices", "search", "LCP", "sent", "requests"),
    *("page", "script"),
)


class Row(NamedTuple):
    """A page as it was measured."""

    name: str
    reading: Reading
    bars: Bars


def render(rows: Sequence[Row], runs: int) -> str:
    """Return the page."""
    faults = [f"- {row.name}: {'; '.join(found)}" for row in rows if (found := missed(row.reading, row.bars))]
    verdict = "\n".join(["These miss a bar:", "", *faults]) if faults else "No page misses a bar."
    shop = [row for row in rows if row.bars.repeats]
    inside = [row for row in rows if not row.bars.repeats]
    busy = os.getloadavg()[2]
    return "\n".join(
        [
            INTRODUCTION,
            f"Measured {dt.datetime.now(dt.UTC):%Y-%m-%d %H:%M} UTC at {commit()}, {runs} runs a page, with "
            f"a mean load of {busy:.1f} on {os.cpu_count()} cores. Lighthouse itself is part of that load; "
            "other work beside it lowers the performance, never the other figures.",
            "",
            verdict,
            "",
            _table(HEAD, [_shop_row(row) for row in shop]),
            _table(
                ("page", "accessibility", "best practices"),
                [
                    (f"`{row.name}`", _score(row, "accessibility"), _score(row, "best-practices"))
                    for row in inside
                ],
            ),
        ]
    )


def _shop_row(row: Row) -> tuple[str, ...]:
    reading = row.reading
    return (
        row.name,
        *(_score(row, name) for name in CATEGORIES),
        f"{reading.lcp:.1f} s",
        f"{reading.sent / KB:.0f} KB",
        str(reading.requests),
        f"{reading.page / KB:.1f} KB",
        f"{reading.script / KB:.1f} KB",
    )


def _score(row: Row, name: str) -> str:
    bar, score = getattr(row.bars, name.replace("-", "_")), row.reading.scores.get(name)
    return "-" if bar is None or score is None else f"{score:.0f} / {bar}"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    return "".join(f"| {' | '.join(line)} |\n" for line in (head, ["---"] * len(head), *rows))
