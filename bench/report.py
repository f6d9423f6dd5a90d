"""The run in Markdown: one table of figures, beside the limits they are measured against."""

from collections.abc import Sequence
from typing import NamedTuple

from bench.browsing import PAGES_A_SECOND, PAGES_P99
from bench.confirming import OUT_SECONDS
from bench.limit import AS_SENT, LEAN, Limit
from bench.plan import PAGES, TITLES
from bench.run import Results
from bench.tables import as_answers, as_rate, as_times, problem_section, table

MEMORY_BAR = 150.0  # MB per process
SEATS_SHARE = 0.35
CONFIRMED_SHARES = {"pay": 0.25, "free": 0.35}  # of the hot event's holds
PAIR_CPU = 2.5  # ms, of the server, the database and the client
PAGES_SHARE = 0.5  # of what a bare handler does with the same bytes
PICKER_MEDIAN, PICKER_P99 = 0.2, 2.0  # ms
PINNING = 20.0  # seconds
SEATS_MEMORY = 25.0  # MB
FLAT_SECONDS = 600
FLAT_MB = 5.0  # growth in ten minutes, by the line through the samples, that still counts as none
_SETTLED_SECONDS = 60  # of a long load: connections, caches and prepared statements are made by then
MET, NOT_MET, UNKNOWN = "met", "**not met**", "not measured"

INTRODUCTION = """\
# Benchmarks

`script/bench` writes this page from one run on one machine, with the client (wrk) beside the server. Compare
machines by the shares: each rate is divided by the limit that the same run measured. The hot event on another
database server has [a page of its own](another-database-server.md).
"""

EXPLANATION = """\
BMS is `bms serve` with its default settings except `BMS_WORKERS` and the limits, which are off: some
hundreds of buyers here hold what thousands would. The rows with limits on have them so wide that all are
counted and nobody is refused. The data directory is fresh, and the loads come over real HTTP. Each booking
and payment uses the token of one of 2,000 users and its own `Idempotency-Key`. Reads come from strangers.
The speed of a shared machine varies, so every load except the logins runs in several short turns. Bookings
take turns with 16, 64 and 256 connections, and the page shows the medians. Reads take turns with the bare
handler, and the page shows the turn with the median share. What confirms bookings takes turns with holds of
the hot event, and the requirement is about the median of their shares. Background tasks are on, so these
loads also send their e-mails, to files, on the same cores. Rates count only successful replies (201, 200);
times and CPU cover all requests. `bms check` ran after every load.

- **share**: of the limit. For bookings that is pgbench's best rate (for the hot event: its best on one hot
  row with 8 or 16 clients), with one transaction per booking. For GET it is the bare handler on BMS's own
  event loop. For logins it is the number of passwords that bcrypt alone checks on all cores.
- **CPU**: milliseconds per request, of the server's processes and of PostgreSQL's.
- A pair is a booking and its payment; **CPU** in the table is of a request, and a pair has two.
- Pages while one event sells: home, the page of that event and those of the others, each connection with a
  pause between two requests, and holds of the event by as many connections again, at half the rate that
  they have alone.
- Logins come from one address, 8 at a time, each to another account than the previous one.
"""

LIMIT_EXPLANATION = """\
Bookings per second and their mean time, one per transaction, prepared, on a copy of the same database on the
same server. The statements "as BMS sends them" were recorded by PostgreSQL during one booking; the five
statements are those of `bench/five_statements.sql`. The better of the two is the limit.
"""


class Bar(NamedTuple):
    """One line of what is to be reached, the figure found, and what that means."""

    measure: str
    bar: str
    found: str
    verdict: str


def render(results: Results, before: Results | None = None) -> str:
    """Return the report; ``before`` is an earlier run, whose rates then stand beside these."""
    parts = [INTRODUCTION, table(("", ""), [[name, text] for name, text in _machine(results)])]
    parts.append("## Requirements\n")
    parts.append(table(("measure", "bar", "found", ""), [list(bar) for bar in bars(results)]))
    parts.append("## Figures\n")
    parts.append(_figures(results, before))
    parts.append(EXPLANATION)
    if results.limits:
        parts.append("## The limit: pgbench\n")
        parts.append(_limits(results))
    if results.bare:
        parts.append("## The limit: a bare aiohttp handler\n")
        parts.append("It sends the same bytes from memory, in the same number of processes.\n")
        parts.append(_bare(results))
    if results.trials:
        parts.append("## Server processes\n")
        parts.append(_trials(results))
    if results.soak_figure is not None:
        parts.append("## Memory over time\n")
        parts.append(_soak(results))
    if results.problems:
        parts.append(problem_section(results.problems))
    return "\n".join(parts)


def bars(results: Results) -> list[Bar]:
    """Return what is to be reached, each judged by this run's figures."""
    found = [
        _share(results, "hot", 0.7, "POST /bookings, one hot event, 64 connections"),
        _share(results, "spread", 0.3, "POST /bookings, spread, 64 connections"),
        _share(results, "event", 0.6, "GET /events/{id}"),
        _share(results, "events", 0.6, "GET /events, 100 events"),
        _share(results, "filtered", 0.6, "GET /events, filtered"),
        *(_share(results, name, PAGES_SHARE, TITLES[name]) for name in PAGES),
        *(bar for name, least in CONFIRMED_SHARES.items() for bar in _confirmed(results, name, least)),
        _pair_cpu(results),
        _browsing(results),
        _overload(results, "hot"),
        *seat_bars(results),
    ]
    return [*found, _memory(results), _flat(results)]


def _memory(results: Results) -> Bar:
    """Return the bar of the largest process: with a stadium's seats, if those were sold in the run, too."""
    has_seats = results.pinned is not None
    bar = MEMORY_BAR + SEATS_MEMORY * has_seats
    words = f"under {bar:.0f} MB per process{', with a stadium on sale' * has_seats}"
    if not results.memory:
        return Bar("memory after the run", words, "", UNKNOWN)
    largest = max(results.memory.values())
    shown = f"{largest:.0f} MB the largest of {len(results.memory)}"
    return Bar("memory after the run", words, shown, MET if largest < bar else NOT_MET)


def _share(results: Results, name: str, least: float, measure: str) -> Bar:
    figure = results.find(name, 64)
    ratio = None if figure is None else results.ratio_of(figure)
    if ratio is None:
        return Bar(measure, f"at least {least}", "", UNKNOWN)
    return Bar(measure, f"at least {least}", f"{ratio:.2f}", MET if ratio >= least else NOT_MET)


def _confirmed(results: Results, name: str, least: float) -> list[Bar]:
    """Return what is to be reached by a load that confirms bookings, and by its mail."""
    ratio, mail = results.of_hot.get(name), results.mail.get(name)
    share, shown, verdict = f"at least {least} of the hot event's rate", "", UNKNOWN
    if ratio is not None:
        shown, verdict = f"{ratio:.2f}", MET if ratio >= least else NOT_MET
    found = [Bar(TITLES[name], share, shown, verdict)]
    out = f"every one out within {OUT_SECONDS:.0f} s after it"
    if mail is None:
        return [*found, Bar(f"mail of {name}", out, "", UNKNOWN)]
    shown = f"the last one after {mail.seconds:.0f} s; {as_rate(mail.rate)} a second meanwhile"
    if mail.left:
        shown = (
            f"{mail.left} were not out after {mail.seconds:.0f} s; {as_rate(mail.rate)} a second meanwhile"
        )
    verdict = MET if not mail.left and mail.seconds <= OUT_SECONDS else NOT_MET
    return [*found, Bar(f"mail of {name}", out, shown, verdict)]


def _pair_cpu(results: Results) -> Bar:
    figure = results.find("pay", 64)
    measure, bar = "CPU of a pair: server, database and client", f"at most {PAIR_CPU} ms"
    if figure is None:
        return Bar(measure, bar, "", UNKNOWN)
    took = 2 * (figure.server_cpu + figure.database_cpu + figure.client_cpu)  # of two requests
    return Bar(measure, bar, f"{took:.1f} ms", MET if took <= PAIR_CPU else NOT_MET)


def _browsing(results: Results) -> Bar:
    measure = "pages while one event sells at half its best rate, 2 processes"
    bar = f"at least {PAGES_A_SECOND:,} a second, p99 under {PAGES_P99:.0f} ms"
    if not results.browsing or any(figure.problems for figure in results.browsing):
        return Bar(measure, bar, "", UNKNOWN)
    pages, holds = results.browsing
    shown = f"{as_rate(pages.rate)} a second, p99 {pages.p99:.1f} ms, beside {as_rate(holds.rate)} holds"
    good = pages.rate >= PAGES_A_SECOND and pages.p99 < PAGES_P99
    return Bar(measure, bar, shown, MET if good else NOT_MET)


def seat_bars(results: Results) -> list[Bar]:
    """Return what is to be reached by reserved seating."""
    mixed = results.find("seats", 256)
    share = None if mixed is None else results.ratio_of(mixed)
    verdict = UNKNOWN if share is None else MET if share >= SEATS_SHARE else NOT_MET
    shown = "" if share is None else f"{share:.2f}"
    found = [
        Bar(TITLES["seats"] + ", 256", f"at least {SEATS_SHARE} of the hot event's rate", shown, verdict),
        _overload(results, "seats"),
        _share(results, "availability", 0.5, TITLES["availability"]),
    ]
    for name, (median, p99) in results.picked.items():
        good = median < PICKER_MEDIAN and p99 < PICKER_P99
        bar = f"median under {PICKER_MEDIAN} ms, p99 under {PICKER_P99:.0f} ms"
        shown = f"{median:.2f} ms, {p99:.2f} ms"
        found.append(Bar(f"picking of 60,000 seats, half sold: {name}", bar, shown, MET if good else NOT_MET))
    for measure, value, most, unit in (
        ("writing 60,000 seats", results.pinned, PINNING, "s"),
        ("memory of a process for 60,000 seats", results.memory_of_seats, SEATS_MEMORY, "MB more"),
    ):
        verdict = UNKNOWN if value is None else MET if value <= most else NOT_MET
        shown = "" if value is None else f"{value:.0f} {unit}"
        found.append(Bar(measure, f"at most {most:.0f} {unit}", shown, verdict))
    return found


def _overload(results: Results, name: str) -> Bar:
    measure, bar = (
        f"{name}, 256 connections",
        "no 5xx except 503 with Retry-After; p99 under 5 times the p50 at 64",
    )
    full = next((f for f in results.figures if (f.name, f.connections) == (name, 256)), None)
    usual = results.find(name, 64)
    if full is None or usual is None:
        return Bar(measure, bar, "", UNKNOWN)
    if full.problems:
        return Bar(measure, bar, "; ".join(full.problems), NOT_MET)
    times = full.p99 / usual.p50
    found = f"{full.statuses.get(503, 0)} replies 503, p99 {times:.1f} times"
    return Bar(measure, bar, found, MET if times < 5 else NOT_MET)


def _flat(results: Results) -> Bar:
    measure, bar = "memory over time", f"flat over {FLAT_SECONDS // 60} minutes of load"
    samples = [sample for sample in results.soak if sample[0] >= _SETTLED_SECONDS]
    failed = results.soak_figure is not None and results.soak_figure.problems
    if failed or len(samples) < 2 or samples[-1][0] < FLAT_SECONDS - _SETTLED_SECONDS:
        return Bar(measure, bar, "", UNKNOWN)
    growth = slope(samples) * FLAT_SECONDS
    largest = max(memory for _, memory in samples)
    found = f"{growth:+.1f} MB in {FLAT_SECONDS // 60} minutes, {largest:.0f} MB at most"
    return Bar(measure, bar, found, MET if growth < FLAT_MB and largest < MEMORY_BAR else NOT_MET)


def slope(samples: Sequence[tuple[float, float]]) -> float:
    """Return by how much the second rises for each unit of the first, by least squares."""
    times, values = zip(*samples, strict=True)
    mean_time, mean_value = sum(times) / len(times), sum(values) / len(values)
    spread = sum((time - mean_time) ** 2 for time in times)
    return sum((t - mean_time) * (v - mean_value) for t, v in samples) / spread if spread else 0.0


def _machine(results: Results) -> list[tuple[str, str]]:
    loop = "uvloop" if results.uvloop else "asyncio's own event loop"
    return [
        *results.machine.items(),
        ("server", f"BMS_WORKERS={results.processes}, on {loop}"),
        ("other work", f"{results.others:.1%} of the cores on average during the run"),
    ]


def _figures(results: Results, before: Results | None) -> str:
    head = ["measure", "connections", "per second", "share", "p50 ms", "p95 ms", "p99 ms"]
    head += ["CPU server", "CPU database", "replies"] + (["before"] if before else [])
    rows = []
    for figure in [*results.figures, *results.browsing]:
        start = [TITLES[figure.name], str(figure.connections)]
        if figure.problems:
            rows.append([*start, "not measured", "", "", "", "", "", "", "; ".join(figure.problems)])
        else:
            ratio = results.ratio_of(figure)
            share = "" if ratio is None else f"{ratio:.2f}"
            rows.append([*start, as_rate(figure.rate), share, *as_times(figure), as_answers(figure.statuses)])
        if before:
            then = before.find(figure.name, figure.connections)
            rows[-1].append("" if then is None else as_rate(then.rate))
    return table(head, rows)


def _limits(results: Results) -> str:
    rates = {(limit.statements, limit.clients, limit.spread): limit for limit in results.limits}
    clients = sorted({limit.clients for limit in results.limits})
    rows = []
    for statements in (AS_SENT, LEAN):
        trips = f" ({results.round_trips} round trips)" if statements == AS_SENT else " (7 round trips)"
        for number in clients:
            cells = [_limit(rates.get((statements, number, spread))) for spread in (True, False)]
            rows.append([statements + trips, str(number), *cells])
    return (
        LIMIT_EXPLANATION + "\n" + table(("statements", "clients", "100 ticket types", "one hot row"), rows)
    )


def _limit(limit: Limit | None) -> str:
    return "" if limit is None else f"{as_rate(limit.rate)} ({limit.mean:.1f} ms)"


def _bare(results: Results) -> str:
    loops = sorted({loop for found in results.bare.values() for loop in found})
    rows = []
    for name, found in results.bare.items():
        shown = [found.get(loop) for loop in loops]
        rows.append([TITLES[name], *("" if f is None or f.problems else as_rate(f.rate) for f in shown)])
    return table(("measure", *(f"per second on {loop}" for loop in loops)), rows)


def _trials(results: Results) -> str:
    rows = [
        [f"**{number}**" if number == results.processes else str(number), *(as_rate(f.rate) for f in figures)]
        for number, figures in sorted(results.trials.items())
    ]
    some = next(iter(results.trials.values()))
    head = ["processes", *(f"{TITLES[f.name]}, {f.connections} connections" for f in some)]
    return (
        "Requests per second, from two short runs each. The figures above use the best number overall.\n\n"
        + table(head, rows)
    )


def _soak(results: Results) -> str:
    assert results.soak_figure is not None
    memory, rate = [value for _, value in results.soak], as_rate(results.soak_figure.rate)
    settled = [sample for sample in results.soak if sample[0] >= _SETTLED_SECONDS]
    text = (
        f"{results.soak[-1][0]:.0f} s of bookings, {rate} per second. The largest "
        f"server process:\n{memory[0]:.1f} MB first, {memory[-1]:.1f} MB last, {max(memory):.1f} MB at most"
    )
    if len(settled) > 1:
        text += f"; after\nthe first minute {slope(settled) * FLAT_SECONDS:+.1f} MB in ten minutes"
    return text + ".\n"
