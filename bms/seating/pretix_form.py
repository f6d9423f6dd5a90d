"""Plans in the form of pretix: this project's without what pretix's schema does not know."""

from typing import Any

from bms.seating.aisles import mark_aisles
from bms.seating.terms import FORMAT
from bms.seating.walk import Layout, items

_OWN_OF_LAYOUT = ("format", "focal_point", "tables", "retired")
_OWN_OF_SEAT = ("kind", "companion_of", "gap_after", "no")


def from_pretix(document: dict[str, Any]) -> Layout:
    """Return ``document`` as a layout, with aisles where seats are far apart. Nothing is checked.

    Its seats are those of ``document``, which is changed.
    """
    layout = {"format": FORMAT, **document}
    mark_aisles(layout)
    return layout


def to_pretix(layout: Layout) -> Layout:
    """Return ``layout`` as pretix reads it. Standing areas become drawings; the rest of ours is left out."""
    return {
        **_without(layout, *_OWN_OF_LAYOUT),
        "zones": [_zone(zone) for zone in items(layout, "zones")],
    }


def _zone(zone: dict[str, Any]) -> dict[str, Any]:
    made = _without(zone, "entrance")
    made["rows"] = [
        {**row, "seats": [_seat(seat) for seat in items(row, "seats")]} for row in items(zone, "rows")
    ]
    if "areas" in zone:
        made["areas"] = [_without(area, "sell") for area in items(zone, "areas")]
    return made


def _seat(seat: dict[str, Any]) -> dict[str, Any]:
    made = _without(seat, *_OWN_OF_SEAT)
    if isinstance(made.get("radius"), float):
        made["radius"] = round(made["radius"])  # an integer there
    return made


def _without(data: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in data.items() if name not in names}
