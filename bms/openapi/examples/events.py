"""Examples of venues, categories, events, their cancellation and reviews."""

from bms.openapi.examples.form import Example, Examples
from bms.schemas import categories, event_cancellation, events, reviews, venues
from bms.schemas.answers import categories as category_answers
from bms.schemas.answers import event_cancellation as cancellation_answers
from bms.schemas.answers import events as event_answers
from bms.schemas.answers import reviews as review_answers
from bms.schemas.answers import venues as venue_answers

_VENUE: Example = {
    "name": "Harbour Hall",
    "location": "12 Quay Street",
    "city": "Rotterdam",
    "country": "Netherlands",
    "capacity": 2000,
    "facilities": "Bar, cloakroom, step-free",
    "timezone": "Europe/Amsterdam",
}
_EVENT_REQUEST: Example = {
    "title": "Night of the Cellos",
    "description": "Eight cellos, one night.",
    "date": "2099-08-01",
    "time": "19:30:00",
    "venue": 1,
    "ticket_types": [
        {"name": "Stalls", "price": "35.00", "capacity": 600},
        {"name": "Balcony", "price": "25.00", "capacity": 400},
    ],
    "payment_options": ["card", "upi"],
    "per_user_limit": 6,
    "requires_confirmed_email": False,
}
_EVENT: Example = {
    "id": 1,
    "title": "Night of the Cellos",
    "name": "Night of the Cellos",
    "description": "Eight cellos, one night.",
    "excerpt": "Eight cellos, one night.",
    "status": "PUBLISHED",
    "date": "2099-08-01",
    "time": "19:30:00",
    "timezone": "Europe/Amsterdam",
    "starts_at": "2099-08-01T17:30:00Z",
    "ends_at": None,
    "venue": 1,
    "location": {
        "id": 1,
        "name": "Harbour Hall",
        "address": "12 Quay Street",
        "city": "Rotterdam",
        "country": "Netherlands",
    },
    "category": "concert",
    "capacity": 1000,
    "max_tickets": 1000,
    "total_tickets": 1000,
    "available": 998,
    "available_tickets": 998,
    "sold": 2,
    "sold_tickets": 2,
    "tickets_sold": 2,
    "price_from": "25.00",
    "currency": "EUR",
    "ticket_types": [
        {"id": 1, "name": "Stalls", "price": "35.00", "capacity": 600, "available": 598},
        {"id": 2, "name": "Balcony", "price": "25.00", "capacity": 400, "available": 400},
    ],
    "payment_options": ["card", "upi"],
    "per_user_limit": 6,
    "requires_confirmed_email": False,
    "sales_start": None,
    "sales_end": None,
    "on_sale": True,
    "sale": {"state": "open", "from": None, "until": "2099-08-01T17:30:00Z"},
    "refund_policy": {"full_until_hours": 48, "percent": 50, "none_from_hours": 24},
    "organizer": {"id": 2, "name": "Olga Organiser"},
    "rating": {"average": 4.5, "count": 2},
    "created_at": "2027-06-01T10:15:20.417Z",
    "updated_at": "2027-06-01T10:15:20.417Z",
}
_REVIEW: Example = {
    "id": 1,
    "event": 1,
    "user": {"id": 5, "name": "Ann"},
    "rating": 5,
    "comment": "All eight of them!",
    "date": "2027-08-02T08:00:00Z",
    "created_at": "2027-08-02T08:00:00Z",
    "updated_at": "2027-08-02T08:00:00Z",
}

REQUESTS: Examples = {
    venues.Venue: _VENUE,
    venues.VenueChange: {"capacity": 2100},
    categories.Category: {"name": "Open air", "slug": "open-air"},
    events.Event: _EVENT_REQUEST,
    events.EventReplacement: {**_EVENT_REQUEST, "time": "20:00:00"},
    events.EventChange: {"time": "20:00:00"},
    event_cancellation.CancelEvent: {"reason": "The hall was flooded"},
    reviews.Review: {"event": 1, "rating": 5, "comment": "All eight of them!"},
    reviews.ReviewReport: {"reason": "It names a person"},
}

ANSWERS: Examples = {
    venue_answers.VenueAnswer: {"id": 1, **_VENUE, "owner": 2, "created_at": "2027-06-01T10:15:20.417Z"},
    category_answers.CategoryAnswer: {"id": 1, "slug": "concert", "name": "Concert"},
    event_answers.EventAnswer: _EVENT,
    cancellation_answers.CancellationAnswer: {
        "event": 1,
        "status": "RUNNING",
        "reason": "The hall was flooded",
        "started_at": "2027-06-03T09:00:00Z",
        "finished_at": None,
        "bookings": {"remaining": 40, "cancelled": 2},
        "refunds": {"pending": 1, "succeeded": 1, "failed": 0},
    },
    review_answers.ReviewAnswer: _REVIEW,
    review_answers.ReportAnswer: {
        "review": 1,
        "user": 6,
        "reason": "It names a person",
        "created_at": "2027-08-03T09:30:00Z",
    },
    review_answers.ReportedReviewAnswer: {
        **_REVIEW,
        "reports": 1,
        "reported_at": "2027-08-03T09:30:00Z",
        "reasons": ["It names a person"],
    },
}
