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
EXAMPLES: dict[str, dict[str, Any]] = {
    "booking_cancelled": {**BOOKING, "reason": "I fell ill", "refund": "25.00"},
    "event_cancelled": {**BOOKING, "reason": "The hall burnt down", "refund": "50.00"},
    "refund_issued": {**BOOKING, "refund": "12.50"},
    "payment_returned": {**BOOKING, "refund": "50.00"},
    "event_updated": {"event": {"title": "Night of Strings"}, "old": OLD, "new": NEW},
    "reminder": {"event": NEW},
    "organizer_message": {
        "event": OLD,
        "sender": "Bo",
        "paragraphs": ["Doors open at six.", "", "Come early!"],
    },
}
