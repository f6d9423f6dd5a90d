"""A payload of every kind of mail that tells of bookings and events, as the commands write them."""

from typing import Any

EVENT = {
    "title": "Night of Strings",
    "starts_at": "2027-08-01T19:30:00Z",
    "venue": "Harbour Hall",
    "address": "1 Quay Street",
    "city": "Oslo",
}
BOOKING = {"name": "Ana", "reference": "BMS-7K2Q", "event": EVENT, "currency": "EUR"}
OLD = {**EVENT, "ends_at": None}
NEW = {
    "title": "Night of Strings",
    "starts_at": "2027-08-02T18:00:00Z",
    "ends_at": "2027-08-02T21:00:00Z",
    "venue": None,
    "address": "The old oak",
    "city": None,
}
LINK = "https://tickets.example.org/confirm/T0ken"
EXAMPLES: dict[str, dict[str, Any]] = {
    "address_confirmation": {"link": LINK},
    "password_reset": {"link": LINK},
    "password_changed": {"name": "Ana"},
    "address_changed": {"name": "Ana"},
    "second_factor_changed": {"name": "Ana", "is_on": True},
    "signed_in": {
        "name": "Ana",
        "signed_in_at": "2027-08-01T19:30:00Z",
        "device": "Firefox, Linux",
        "address": "203.0.113.5",
    },
    "booking_cancelled": {**BOOKING, "reason": "I fell ill", "refund": "25.00"},
    "tickets_cancelled": {
        **BOOKING,
        "tickets": [{"code": "T-AAAA", "ticket_type": "Standing"}],
        "left": 2,
        "reason": "One of us fell ill",
        "refund": "12.50",
    },
    "tickets_reseated": {
        **{name: value for name, value in BOOKING.items() if name != "currency"},
        "changes": [
            {
                "code": "T-AAAA",
                "ticket_type": "Stalls",
                "before": {"section": "Stalls", "row": "A", "number": "1", "entrance": None},
                "after": {"section": "Circle", "row": "B", "number": "12", "entrance": "North"},
            }
        ],
    },
    "event_cancelled": {**BOOKING, "reason": "The hall burnt down", "refund": "50.00"},
    "refund_issued": {**BOOKING, "refund": "12.50"},
    "payment_returned": {**BOOKING, "refund": "50.00"},
    "contact_asked": {"name": "Ana", "reference": "BMS-7K2Q", "event": EVENT, "link": LINK},
    "contact_changed": {"name": "Ana", "reference": "BMS-7K2Q", "event": EVENT, "before": True},
    "event_updated": {
        "event": {"title": "Night of Strings"},
        "old": OLD,
        "new": NEW,
        "moved": True,
        "refundable": True,
        "old_rule": {"full_until_hours": 720, "percent": 50, "none_from_hours": 24},
        "new_rule": {"full_until_hours": 99_999_999, "percent": 0, "none_from_hours": 0},
    },
    "reminder": {"event": NEW},
    "organizer_message": {
        "event": OLD,
        "sender": "Bo",
        "paragraphs": ["Doors open at six.", "", "Come early!"],
    },
}
