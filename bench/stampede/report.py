"""A stampede in Markdown, on one page."""

import textwrap
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from bench.stampede.buyer import Sale
from bench.stampede.desk import WISHED, Tally
from bench.stampede.plan import PER_USER_LIMIT, PRICE, Manner, Plan
from bench.stampede.plot import draw
from bench.stampede.proof import Line
from bench.stampede.watch import Sample

TITLE, SEATS_TITLE = "# A stampede", "## A stampede for seats"
TITLES = {
    "look": "GET /events/{id}",
    "seats": "GET /events/{id}/seating/availability",
    "hold": "POST /bookings",
    "pay": "POST /payments",
    "pay by a slow bank": "POST /payments, through a bank that takes 5 s",
    "show": "GET /bookings/{id}",
    "cancel": "POST /bookings/{id}/cancel",
}


@dataclass(frozen=True)
class Result:
    """All that a run found. ``memory`` is that of each server process after it, in MB."""

    plan: Plan
    machine: Mapping[str, str]
    manners: Counter[Manner]
    sale: Sale
    samples: Sequence[Sample]
    seconds: float
    sold_after: float | None
    memory: Sequence[float]
    proof: Sequence[Line]

    @property
    def good(self) -> bool:
        """Whether every line of the proof holds."""
        return all(line.holds for line in self.proof)


def render(result: Result) -> str:
    """Return the report."""
    plan = result.plan
    manners = "; ".join(f"{number:,} {manner.value}" for manner, number in result.manners.most_common())
    people = f"Of the buyers {manners}. Refused buyers retry until all is sold and every request is sent."
    tally = result.sale.desk.tally
    sold = "never" if result.sold_after is None else f"after {result.sold_after:.0f} s for good"
    what, by = "tickets", "`script/stampede` writes this page."
    if plan.seats:
        people += " Every second buyer picks seats that were free a moment ago; the others take the best."
        what, by = "seats", "`script/stampede --seats` writes this part."
    parts = [
        f"{SEATS_TITLE if plan.seats else TITLE}\n",
        _paragraph(
            f"{plan.requests:,} requests of {plan.buyers:,} buyers for {plan.tickets:,} {what} of one "
            f"event, at {PRICE} EUR and at most {PER_USER_LIMIT} per person, against `bms serve` on a fresh "
            f"data directory, over real HTTP. {by}"
        ),
        _table(("", ""), [*result.machine.items(), *_settings(result)]),
        _paragraph(people),
        "## Requirements\n",
        _table(("", "", ""), [[line.claim, line.found, _verdict(line)] for line in result.proof]),
        "## Over time\n",
        f"```text\n{draw(result.samples, plan.tickets)}```\n",
        _paragraph(
            f"Sold out {sold}; unpaid tickets go back on sale after {plan.hold} s. "
            f"{tally.all_asked / result.seconds:,.0f} requests per second on average."
        ),
        "## Requests\n",
        _requests(tally),
        "Times are in milliseconds, measured by the client, without the requests sent in small pieces.\n",
    ]
    return "\n".join(parts)


def put_into(page: str, part: str) -> str:
    """Return ``page`` with ``part``, which is about seats or not, in place of the one that it has."""
    plain, _, seated = page.partition(f"{SEATS_TITLE}\n")
    if part.startswith(SEATS_TITLE):
        return f"{plain.rstrip()}\n\n{part}".lstrip()
    return f"{part.rstrip()}\n\n{SEATS_TITLE}\n{seated}" if seated else part


def _paragraph(text: str) -> str:
    return textwrap.fill(text, 118) + "\n"


def _settings(result: Result) -> list[tuple[str, str]]:
    plan = result.plan
    memory = ", ".join(f"{value:.0f} MB" for value in result.memory)
    return [
        ("server", f"BMS_WORKERS={plan.processes}, BMS_HOLD_SECONDS={plan.hold}; {memory} after the run"),
        ("client", f"one process, up to {plan.connections} connections, seed {plan.seed}"),
    ]


def _requests(tally: Tally) -> str:
    rows = []
    for kind, title in TITLES.items():
        if not tally.asked[kind]:
            continue
        answers = sorted((s, code, n) for (k, s, code), n in tally.answers.items() if k == kind)
        good = sum(number for status, _, number in answers if status in WISHED[kind])
        other = ", ".join(
            f"{number:,} {status} `{code}`" for status, code, number in answers if status not in WISHED[kind]
        )
        times = sorted(tally.seconds[kind])
        shown = [f"{percentile(times, share) * 1000:,.0f}" if times else "" for share in (50, 95, 99)]
        rows.append([title, f"{tally.asked[kind]:,}", f"{good:,}", other, f"{tally.dropped[kind]:,}", *shown])
    return _table(("request", "sent", "succeeded", "other replies", "dropped", "p50", "p95", "p99"), rows)


def percentile(ordered: Sequence[float], share: float) -> float:
    """Return the least of ``ordered`` that ``share`` percent of them do not pass."""
    return ordered[max(0, -int(-len(ordered) * share // 100) - 1)]


def _verdict(line: Line) -> str:
    return "holds" if line.holds else "**does not hold**"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)
