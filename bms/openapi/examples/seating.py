"""Examples of seating plans and seats."""

from bms.openapi.examples.form import Example, Examples
from bms.schemas import seating
from bms.schemas.answers import seating as seating_answers

_LAYOUT: Example = {
    "format": "bms-plan/1",
    "name": "Small hall",
    "size": {"width": 100, "height": 100},
    "categories": [{"name": "Stalls"}],
    "zones": [
        {
            "name": "Stalls",
            "position": {"x": 0, "y": 0},
            "rows": [
                {
                    "row_number": "A",
                    "position": {"x": 0, "y": 0},
                    "seats": [
                        {
                            "seat_guid": f"A-{number}",
                            "seat_number": str(number),
                            "position": {"x": 20 * number, "y": 0},
                            "category": "Stalls",
                        }
                        for number in (1, 2, 3, 4)
                    ],
                }
            ],
        }
    ],
}
_SHA256 = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
_PLAN: Example = {
    "id": 1,
    "name": "Small hall",
    "owner": 2,
    "venue": None,
    "shared": False,
    "published": None,
    "seats": 4,
    "fault_count": 0,
    "revision": 1,
    "created_at": "2027-06-01T10:15:21.189Z",
    "updated_at": "2027-06-01T10:15:21.189Z",
}

REQUESTS: Examples = {
    seating.SeatingPlan: {"name": "Small hall", "layout": _LAYOUT},
    seating.CheckPlan: {"layout": _LAYOUT},
    seating.PlanFile: {},
    seating.GeneratePlan: {
        "sections": [
            {"name": "Stalls", "category": "Stalls", "rows": 10, "seats_per_row": 20, "aisles_after": [10]}
        ]
    },
    seating.PinSeating: {
        "plan": 1,
        "categories": {"Stalls": [1, 2]},
        "release_accessible": {"hours_before": 24, "when_rest_is_sold": True},
    },
    seating.BlockSeats: {"seats": ["A-1", "A-2"], "reason": "A camera stands there"},
    seating.UnblockSeats: {"seats": ["A-1", "A-2"]},
    seating.Reseat: {"moves": [{"ticket": 1, "to": "A-3"}]},
}

ANSWERS: Examples = {
    seating_answers.PlanAnswer: _PLAN,
    seating_answers.DraftAnswer: {**_PLAN, "faults": []},
    seating_answers.DrawingAnswer: {**_PLAN, "layout": _LAYOUT},
    seating_answers.CheckedAnswer: {
        "seats": 4,
        "faults": [{"pointer": "/zones/0/rows/0/seats/1/seat_guid", "message": "Another seat has it."}],
    },
    seating_answers.ImportedAnswer: {"seats": 4, "faults": [], "layout": _LAYOUT},
    seating_answers.VersionAnswer: {
        "plan": 1,
        "version": 1,
        "sha256": _SHA256,
        "seats": 4,
        "categories": {"Stalls": 4},
        "layout_url": f"/seating-layouts/{_SHA256}",
        "created_at": "2027-06-01T10:15:21.189Z",
    },
    seating_answers.PinnedAnswer: {
        "plan": 1,
        "version": 1,
        "state": "OPEN",
        "seats": 4,
        "added": 4,
        "removed": 0,
        "repriced": 0,
    },
    seating_answers.SeatingAnswer: {
        "plan": 1,
        "version": 1,
        "state": "OPEN",
        "sha256": _SHA256,
        "layout_url": f"/seating-layouts/{_SHA256}",
        "orphan_rule": "refuse",
        "release_accessible": {"hours_before": 24, "when_rest_is_sold": True, "released_at": None},
        "seats": 4,
        "categories": [{"name": "Stalls", "standing": False, "seats": 4, "free": 4, "ticket_types": [1, 2]}],
        "layout": _LAYOUT,
    },
    seating_answers.AvailabilityAnswer: {
        "plan_version": 1,
        "sequence": 7,
        "seats": 4,
        "states": "BQ==",
        "categories": [{"name": "Stalls", "free": 2, "largest_together": 2, "price_from": "35.00"}],
    },
    seating_answers.SuggestionAnswer: {
        "fit": "together",
        "lines": [
            {
                "ticket_type": 1,
                "seats": [{"guid": "A-3", "section": "Stalls", "row": "A", "number": "3"}],
            }
        ],
    },
    seating_answers.ChangedSeatsAnswer: {"seats": 2},
}
