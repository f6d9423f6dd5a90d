"""Small plans for tests."""

from typing import Any


def seat(guid: str, number: str, x: float, category: str = "Stalls", **more: Any) -> dict[str, Any]:
    return {
        "seat_guid": guid,
        "seat_number": number,
        "position": {"x": x, "y": 0},
        "category": category,
        **more,
    }


def row(name: str, seats: list[dict[str, Any]], y: float = 0.0) -> dict[str, Any]:
    return {"row_number": name, "position": {"x": 0, "y": y}, "seats": seats}


def plain_row(name: str, count: int, y: float, category: str = "Stalls", prefix: str = "") -> dict[str, Any]:
    """Return a row of ``count`` seats, 20 apart, named like ``A-1``."""
    seats = [seat(f"{prefix}{name}-{n}", str(n), 20 * n, category) for n in range(1, count + 1)]
    return row(name, seats, y)


def zone(name: str, rows: list[dict[str, Any]], x: float = 0, y: float = 0, **more: Any) -> dict[str, Any]:
    return {"name": name, "position": {"x": x, "y": y}, "rows": rows, **more}


def plan(*zones: dict[str, Any], categories: tuple[str, ...] = ("Stalls",), **more: Any) -> dict[str, Any]:
    return {
        "format": "bms-plan/1",
        "name": "Hall",
        "size": {"width": 1000, "height": 1000},
        "categories": [{"name": name} for name in categories],
        "zones": list(zones),
        **more,
    }


def hall(rows: int = 3, seats: int = 10, **more: Any) -> dict[str, Any]:
    """Return a plan of one section, Stalls, with rows A, B, C and so on."""
    names = [chr(ord("A") + at) for at in range(rows)]
    return plan(zone("Stalls", [plain_row(name, seats, 30.0 * at) for at, name in enumerate(names)]), **more)


# What pretix documents for its seating plans, every field once.
PRETIX: dict[str, Any] = {
    "name": "Small hall",
    "size": {"width": 900, "height": 600},
    "categories": [{"name": "Stalls", "color": "#7f4a91"}, {"name": "Balcony"}],
    "zones": [
        {
            "name": "Ground floor",
            "zone_id": "ground",
            "uuid": "6b1f1f3a-5d5e-4d55-9d8c-0f5a4d1c2b3a",
            "position": {"x": 10, "y": 20.5},
            "rows": [
                {
                    "row_number": "A",
                    "row_label": "Row",
                    "seat_label": "Seat %s",
                    "uuid": "0",
                    "row_number_position": "both",
                    "position": {"x": 0, "y": 0},
                    "seats": [
                        {
                            "seat_guid": "ground-A-1",
                            "uuid": "1",
                            "seat_number": "1",
                            "radius": 10,
                            "start_direction": ">",
                            "position": {"x": 0, "y": 0},
                            "category": "Stalls",
                        },
                        {
                            "seat_guid": "ground-A-2",
                            "seat_number": "2",
                            "start_direction": None,
                            "position": {"x": 25, "y": 0},
                            "category": "Balcony",
                        },
                    ],
                },
                {
                    "row_number": "B",
                    "row_label": None,
                    "seat_label": None,
                    "row_number_position": None,
                    "seats": [],
                },
            ],
            "areas": [
                {
                    "shape": "polygon",
                    "polygon": {"points": [{"x": 0, "y": 0}, {"x": 5, "y": 0}, {"x": 5, "y": 5}]},
                    "color": "#fff",
                    "border_color": "black",
                    "rotation": 0,
                    "position": {"x": 1, "y": 1},
                    "uuid": "2",
                },
                {"shape": "rectangle", "rectangle": {"width": 5, "height": 1}, "position": {"x": 1, "y": 1}},
                {"shape": "ellipse", "ellipse": {"radius": {"x": 5, "y": 1}}, "position": {"x": 1, "y": 1}},
                {"shape": "circle", "circle": {"radius": 5}, "position": {"x": 1, "y": 1}},
                {
                    "shape": "text",
                    "text": {"text": "Stage", "color": "#000000", "size": 16, "position": {"x": 0, "y": 0}},
                    "rotation": 45.5,
                    "position": {"x": 1, "y": 1},
                },
            ],
        }
    ],
}
