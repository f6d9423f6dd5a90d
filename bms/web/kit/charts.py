"""Charts as inline SVG: columns over time, with the table of the same figures behind them."""

from collections.abc import Sequence
from decimal import Decimal
from typing import NamedTuple

HEIGHT = 100
STEP = 10  # the width of a column and the gap after it
COLUMN = 8
FEWEST = 12  # columns that fill a picture: fewer leave room


class Column(NamedTuple):
    """A column of a chart: where it stands in the picture, and what it shows.

    ``label`` is the time that it is for, ``value`` its height as text, and ``more`` further cells of its row.
    """

    x: int
    y: Decimal
    height: Decimal
    label: str
    value: str
    more: tuple[str, ...]


class Chart(NamedTuple):
    """Columns in a picture that is ``width`` wide and HEIGHT high. ``most`` is the greatest value as text."""

    columns: Sequence[Column]
    width: int
    height: int
    most: str


class Figure(NamedTuple):
    """What a column shows: see Column."""

    label: str
    value: int
    text: str
    more: tuple[str, ...] = ()


def draw(figures: Sequence[Figure]) -> Chart | None:
    """Return the chart of some figures, or None without any."""
    if not figures:
        return None
    greatest = max(figures, key=lambda one: one.value)
    scale = Decimal(HEIGHT) / max(greatest.value, 1)
    columns = []
    for number, one in enumerate(figures):
        height = (max(one.value, 0) * scale).quantize(Decimal("0.1"))
        columns.append(Column(number * STEP, HEIGHT - height, height, one.label, one.text, one.more))
    width = max(len(figures), FEWEST) * STEP - (STEP - COLUMN)
    return Chart(columns, width, HEIGHT, greatest.text)
