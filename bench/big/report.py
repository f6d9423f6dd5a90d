"""The run in Markdown: one table, each figure beside the same of a small database and beside one event's."""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from bench.big.making import BIG, SMALL
from bench.big.timing import Times

BAR = 10.0  # times the p99 of one event

INTRODUCTION = f"""\
# Size

`script/big` writes this page from one run on one machine. It makes two databases on the embedded
server: one of {SMALL.events:,} events and {SMALL.bookings:,} bookings, and one of {BIG.events:,}
events, {BIG.bookings:,} bookings and {BIG.mails:,} sent mails. In both `bms check` holds. Then it times
every list, search and statistic of the API over HTTP, one request after the other, in turns with the
small database. The caller is a manager, an admin or a buyer; for the first two nothing is kept, so each
reply is read from the database. Admins' private reads include the entry in the audit log.

The bar is {BAR:.0f} times the p99 of `GET /events/{{id}}`, read from the database, in the same run.
"""


class Row(NamedTuple):
    """What a question took on the small database and on the big one."""

    who: str
    name: str
    small: Times
    big: Times


def render(rows: Sequence[Row], machine: Mapping[str, str]) -> str:
    """Return the page. The first of ``rows`` is the measure of the others."""
    one = rows[0].big.p99
    missed = [f"{row.name} ({row.who})" for row in rows if row.big.p99 > BAR * one]
    verdict = f"Over the bar: {', '.join(missed)}." if missed else "All are under the bar."
    head = ("who", "what", "p50 small", "p50 big", "ratio", "p99 small", "p99 big", "of one event's p99")
    lines = [
        (
            row.who,
            row.name,
            *(f"{value:.1f}" for value in (row.small.p50, row.big.p50, row.big.p50 / row.small.p50)),
            *(f"{value:.1f}" for value in (row.small.p99, row.big.p99, row.big.p99 / one)),
        )
        for row in rows
    ]
    parts = [
        INTRODUCTION,
        _table(("", ""), machine.items()),
        f"{verdict} Times are in milliseconds.\n",
        _table(head, lines),
    ]
    return "\n".join(parts)


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)
