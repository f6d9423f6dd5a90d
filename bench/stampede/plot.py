"""Figures over time, drawn with characters."""

import itertools
from collections.abc import Sequence

from bench.stampede.watch import Sample

WIDTH = 72
HEIGHT = 12
LOW = 4  # rows of the lower plot
SOLD, HELD = "█", "░"
_EIGHTHS = " ▁▂▃▄▅▆▇█"


def draw(samples: Sequence[Sample], tickets: int) -> str:
    """Return two plots over the same time: tickets sold and held, and buyers refused per second."""
    length = samples[-1].at or 1.0
    columns = _columns(samples, length)
    refused = _rates(samples, length)
    rows = []
    for row in range(HEIGHT, 0, -1):
        label = f"{tickets:>7,}" if row == HEIGHT else f"{tickets // 2:>7,}" if row * 2 == HEIGHT else " " * 7
        rows.append(f"{label} ┤{''.join(_cell(column, row, tickets) for column in columns)}")
    rows += [f"      0 ┼{'─' * WIDTH}", f"        tickets: {SOLD} sold, {HELD} held", ""]
    top = max(refused) or 1.0
    for row in range(LOW, 0, -1):
        label = f"{top:>7,.0f}" if row == LOW else " " * 7
        rows.append(f"{label} ┤{''.join(_bar(rate / top * LOW - (row - 1)) for rate in refused)}")
    rows += [f"      0 ┼{'─' * WIDTH}", f"        0 s{f'{length:.0f} s':>{WIDTH - 3}}"]
    rows.append("        refused as sold out, per second")
    return "\n".join(row.rstrip() for row in rows) + "\n"


def _columns(samples: Sequence[Sample], length: float) -> list[Sample]:
    """Return the sample that stands for each column: the last one before its end."""
    found, number = [], 0
    for column in range(WIDTH):
        end = (column + 1) * length / WIDTH
        while number + 1 < len(samples) and samples[number + 1].at <= end:
            number += 1
        found.append(samples[number])
    return found


def _rates(samples: Sequence[Sample], length: float) -> list[float]:
    """Return the refusals a second in each column's time, which are taken to come evenly between samples."""
    edges = [column * length / WIDTH for column in range(WIDTH + 1)]
    totals = [_refused_at(samples, edge) for edge in edges]
    return [(after - before) * WIDTH / length for before, after in itertools.pairwise(totals)]


def _refused_at(samples: Sequence[Sample], at: float) -> float:
    before = Sample(0.0, 0, 0, 0, 0)
    for sample in samples:
        if sample.at >= at:
            between = sample.at - before.at
            share = (at - before.at) / between if between else 1.0
            return before.refused + share * (sample.refused - before.refused)
        before = sample
    return float(before.refused)


def _cell(sample: Sample, row: int, tickets: int) -> str:
    middle = (row - 0.5) * tickets / HEIGHT
    return SOLD if sample.sold >= middle else HELD if sample.sold + sample.held >= middle else " "


def _bar(height: float) -> str:
    return _EIGHTHS[round(min(1.0, max(0.0, height)) * 8)]
