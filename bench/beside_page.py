"""The page of another database server: its figures beside the embedded one's."""

from bench.load import Figure
from bench.run import Results
from bench.tables import as_answers, as_rate, as_times, problem_section, table

INTRODUCTION = """\
# Another database server

`script/bench --beside URL` alone writes this page, from one run on one machine. It sells the hot event of
[the benchmarks](benchmarks.md) from the embedded PostgreSQL and from another database server of the same
machine, with the client (wrk) beside them. Compare machines by the shares.
"""

EXPLANATION = """\
POST /bookings, one hot event, 64 connections, in turns: medians. All server processes of this table run at
once, each number on the same two databases. The turns go there and back, so a machine that becomes slower or
faster favours neither. BMS is `bms serve` with its default settings except `BMS_WORKERS`, those that it asks
for with a database of its own server, and the limits, which are off. Rates count only successful replies
(201); times and CPU cover all requests.

- **of the embedded one**: the rate as a share of the embedded server's, with as many processes.
- **CPU**: milliseconds per request, of BMS's processes and of the database server's.
"""

HELD = "`bms check` held in both databases after the last turn.\n"

WHY = """\
[Where the difference to Babelfish goes](decisions/0062-handles-save-most-of-a-hold-on-a-t-sql-server.md).
"""


def render_beside(results: Results, before: Results | None = None) -> str:
    """Return the page; ``before`` is an earlier run, whose rates then stand beside these."""
    facts = [
        *results.machine.items(),
        ("event loop", "uvloop" if results.uvloop else "asyncio's own"),
        ("other work", f"{results.others:.1%} of the cores on average during the run"),
    ]
    parts = [INTRODUCTION, table(("", ""), facts), _figures(results, before)]
    parts += ["## How it was measured\n", EXPLANATION]
    if not any("bms check" in problem for problem in results.problems):
        parts.append(HELD)
    parts.append(WHY)
    if results.problems:
        parts.append(problem_section(results.problems))
    return "\n".join(parts)


def _figures(results: Results, before: Results | None) -> str:
    embedded = next(iter(results.beside.values()))
    rows = []
    for name, figures in results.beside.items():
        for figure, same in zip(figures, embedded, strict=True):
            row = [name, str(figure.processes), *_cells(figure, same)]
            if before:
                then = [one for one in before.beside.get(name, []) if one.processes == figure.processes]
                row.append(as_rate(then[0].rate) if then and not then[0].problems else "")
            rows.append(row)
    head = ["server", "processes", "per second", "of the embedded one", "p50 ms", "p95 ms", "p99 ms"]
    head += ["CPU server", "CPU database", "replies"] + (["before"] if before else [])
    return table(head, rows)


def _cells(figure: Figure, embedded: Figure) -> list[str]:
    if figure.problems or embedded.problems or not embedded.rate:
        return ["not measured", "", "", "", "", "", "", "; ".join(figure.problems)]
    share = f"{figure.rate / embedded.rate:.2f}"
    return [as_rate(figure.rate), share, *as_times(figure), as_answers(figure.statuses)]
