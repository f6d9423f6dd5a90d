"""How good a seat is: its rank is the smaller the better it is.

It is the distance to the focal point, in hundredths of the plan's unit, where a step back counts a quarter
more than a step aside. So rows fill from the front, as a theatre fills them, yet the middle of the fifth row
comes before the far end of the first. Back and aside are those of the seat's own row: a stand beside the
pitch is as good as one behind the goal at the same distance.
"""

import math
from collections.abc import Sequence

BACK = 1.25
UNIT = 100

Point = tuple[float, float]


def direction(points: Sequence[Point], otherwise: Point = (1.0, 0.0)) -> Point:
    """Return the direction of a row as a unit vector, or ``otherwise`` if it has none."""
    (x1, y1), (x2, y2) = points[0], points[-1]
    length = math.hypot(x2 - x1, y2 - y1)
    return otherwise if length < 1e-9 else ((x2 - x1) / length, (y2 - y1) / length)


def ranks(points: Sequence[Point], focus: Point) -> list[int]:
    """Return the ranks of the seats of one row."""
    along_x, along_y = direction(points)
    found = []
    for x, y in points:
        away_x, away_y = x - focus[0], y - focus[1]
        aside = away_x * along_x + away_y * along_y
        back = away_x * along_y - away_y * along_x
        found.append(round(UNIT * math.hypot(aside, BACK * back)))
    return found
