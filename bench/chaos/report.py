"""What faults did, in Markdown, on one page."""

import datetime as dt
import os
from collections.abc import Mapping

from bench import machine
from bench.chaos.run import BUYERS, Outcome

HEAD = f"""# Bad days

People live their lives at a service while a fault strikes it: {BUYERS} buyers at a time register, hold
tickets under keys of their own, send some requests several times at once, pay by every kind of test card,
cancel, ask for refunds or forget it all; an organiser changes events. Every request is repeated under its key
until it is answered. Afterwards the clients' own log, the database, the simulated gateway's books and the
mail that arrived are held against each other, line by line. `script/chaos` does this and writes this page.

- **Outage**: the longest time in which no hold was written, asked for twenty times a second.
- **Failed**: requests whose connection was refused or broken, or that had no answer within 30 s.
- **Lost**: acknowledged bookings, payments, cancellations, refunds and mails that are missing anywhere,
  answers that contradict each other, and answers with a 500.
- **Repeated**: mails that arrived twice, under one Message-ID.
- **Stopping**: the longest stop of the service, by SIGTERM.
"""


def render(outcomes: Mapping[str, Outcome]) -> str:
    """Return the page."""
    lines = [
        "| what happens | bookings | mails | requests | failed | outage | lost | repeated | stopping |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    lines += [_row(outcome) for outcome in outcomes.values()]
    when = (
        f"Measured on {dt.datetime.now(dt.UTC):%Y-%m-%d} at commit {machine.commit()},"
        f" on {len(os.sched_getaffinity(0))} cores with other work beside it.\n"
    )
    objections = [
        f"- {outcome.fault.words}: {objection}"
        for outcome in outcomes.values()
        for objection in outcome.objections[:5]
    ]
    end = ["", "What is not as it should be:", "", *objections] if objections else []
    return "\n".join([HEAD, when, *lines, *end, ""])


def _row(outcome: Outcome) -> str:
    words, proof = outcome.fault.words, outcome.proof
    if proof is None:
        return f"| {words} | {outcome.problem} | | | | | | | |"
    cells = [
        words,
        f"{proof.bookings:,}",
        f"{proof.mails:,}",
        f"{outcome.requests:,}",
        f"{outcome.failed:,}",
        f"{outcome.outage:.1f} s",
        str(len(proof.lost)),
        str(proof.repeated),
        f"{outcome.stopped:.1f} s",
    ]
    return f"| {' | '.join(cells)} |"
