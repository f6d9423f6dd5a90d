"""Plans to show and to measure with, all of them made by the generator."""

from bms.seating.generator import BETWEEN_SECTIONS, ROW_DEPTH, Bays, Section, generate
from bms.seating.row_names import Numbering
from bms.seating.walk import Layout


def theatre() -> Layout:
    """Return a theatre of 1,200 seats, with 12 wheelchair places, and room for 80 who stand."""
    stalls = Section(
        "Stalls",
        "Stalls",
        rows=22,
        seats_per_row=32,
        curve=0.5,
        numbering=Numbering.ODD_EVEN,
        skip_letters="IO",
        aisles_after=(8, 24),
        wheelchair_bays=(Bays("A", 1, 3), Bays("A", 27, 3), Bays("X", 9, 6)),
        entrance="Door 1",
    )
    circle = Section(
        "Circle",
        "Circle",
        rows=12,
        seats_per_row=36,
        curve=0.5,
        skip_letters="IO",
        aisles_after=(12, 24),
        entrance="Stairs A",
    )
    layout = generate([stalls, circle, *(_box(number) for number in range(8))], name="Demo theatre")
    _add_standing(layout, "Standing", 80)
    return layout


def _box(number: int) -> Section:
    """Return a box to the left of the stalls, for an even number, or to the right."""
    side, pair = (-1, 1)[number % 2], number // 2
    return Section(
        f"Box {number + 1}",
        "Boxes",
        rows=2,
        seats_per_row=4,
        first_row="1",
        entrance=f"Stairs {'BC'[number % 2]}",
        angle=side * (66.0 - 4 * pair),
        distance=560.0 + 110 * pair,
    )


def arena() -> Layout:
    """Return an arena of 12,000 seats around its stage: 24 blocks below and 24 above."""
    lower = _ring("Lower", "Lower tier", blocks=24, rows=16, seats=20, distance=1750, bays=1)
    upper_distance = 1750 + 16 * ROW_DEPTH + BETWEEN_SECTIONS
    upper = _ring("Upper", "Upper tier", blocks=24, rows=10, seats=18, distance=upper_distance)
    return generate([*lower, *upper], name="Demo arena")


def stadium() -> Layout:
    """Return a stadium of 60,000 seats: three tiers of 50 blocks."""
    tier = 20 * ROW_DEPTH + BETWEEN_SECTIONS
    names = ("Lower", "Middle", "Upper")
    blocks = [
        block
        for at, name in enumerate(names)
        for block in _ring(
            name, f"{name} tier", blocks=50, rows=20, seats=20, distance=3600 + at * tier, bays=2
        )
    ]
    return generate(blocks, name="Demo stadium", stage="Pitch")


def _ring(
    name: str, category: str, *, blocks: int, rows: int, seats: int, distance: float, bays: int = 0
) -> list[Section]:
    """Return ``blocks`` of equal width in a circle, with ``bays`` in the first row of each."""
    return [
        Section(
            f"{name} {block + 1}",
            category,
            rows,
            seats,
            curve=1.0,
            first_row="1",
            wheelchair_bays=(Bays("1", 1, bays),) if bays else (),
            entrance=f"Gate {block * 8 // blocks + 1}",
            angle=360.0 * block / blocks,
            distance=distance,
        )
        for block in range(blocks)
    ]


def _add_standing(layout: Layout, name: str, capacity: int) -> None:
    """Add a standing area below all seats."""
    size = layout["size"]
    layout["categories"].append({"name": name, "color": "#999999"})
    area = {
        "shape": "rectangle",
        "position": {"x": 0, "y": 0},
        "rectangle": {"width": size["width"] - 100, "height": 60},
        "color": "#eeeeee",
        "sell": {"category": name, "capacity": capacity},
    }
    where = {"x": 50, "y": size["height"]}
    layout["zones"].append({"name": name, "position": where, "rows": [], "areas": [area]})
    size["height"] += 110
