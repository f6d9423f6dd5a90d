"""An example of every body, for the API's description. Tests check each against its schema."""

from collections.abc import Mapping
from typing import Any

from marshmallow import Schema

from bms.schemas import (
    accounts,
    bookings,
    categories,
    event_cancellation,
    events,
    gateway,
    legacy,
    notifications,
    payments,
    refunds,
    reviews,
    sessions,
    venues,
)
from bms.schemas.answers import accounts as account_answers
from bms.schemas.answers import bookings as booking_answers
from bms.schemas.answers import categories as category_answers
from bms.schemas.answers import event_cancellation as cancellation_answers
from bms.schemas.answers import events as event_answers
from bms.schemas.answers import health as health_answers
from bms.schemas.answers import notifications as notification_answers
from bms.schemas.answers import payments as payment_answers
from bms.schemas.answers import refunds as refund_answers
from bms.schemas.answers import reviews as review_answers
from bms.schemas.answers import sessions as session_answers
from bms.schemas.answers import statistics as statistics_answers
from bms.schemas.answers import venues as venue_answers

Example = dict[str, Any]

_USER: Example = {
    "id": 5,
    "email": "ann@example.com",
    "name": "Ann",
    "username": "ann",
    "role": "USER",
    "created_at": "2027-06-01T10:15:20.417Z",
}
_PROFILE: Example = {**_USER, "phone": "+31 10 123 4567", "city": "Rotterdam", "bio": None, "locale": "nl"}
_VENUE: Example = {
    "name": "Harbour Hall",
    "location": "12 Quay Street",
    "city": "Rotterdam",
    "country": "Netherlands",
    "capacity": 2000,
    "facilities": "Bar, cloakroom, step-free",
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
}
_EVENT: Example = {
    "id": 1,
    "title": "Night of the Cellos",
    "name": "Night of the Cellos",
    "description": "Eight cellos, one night.",
    "status": "PUBLISHED",
    "date": "2099-08-01",
    "time": "19:30:00",
    "starts_at": "2099-08-01T19:30:00Z",
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
    "sales_start": None,
    "sales_end": None,
    "refund_policy": {"full_until_hours": 48, "percent": 50, "none_from_hours": 24},
    "organizer": {"id": 2, "name": "Olga Organiser"},
    "rating": {"average": 4.5, "count": 2},
    "created_at": "2027-06-01T10:15:20.417Z",
    "updated_at": "2027-06-01T10:15:20.417Z",
}
_BOOKING: Example = {
    "id": 1,
    "reference": "2FKAN2P41Q",
    "user": 5,
    "event": 1,
    "status": "CONFIRMED",
    "quantity": 1,
    "total": "35.00",
    "currency": "EUR",
    "expires_at": None,
    "booking_date": "2027-06-01T10:15:21.189Z",
    "confirmed_at": "2027-06-01T10:16:02.500Z",
    "cancelled_at": None,
    "cancel_reason": None,
    "refund_due": None,
    "locale": None,
    "refunds": [{"id": 1, "amount": "10.00", "status": "SUCCEEDED"}],
    "lines": [{"ticket_type": 1, "name": "Stalls", "quantity": 1, "unit_price": "35.00"}],
    "payment": {"id": 1, "status": "PARTIALLY_REFUNDED", "method": "card", "next_action": None},
    "tickets": [
        {"id": 1, "code": "981B0BECD8E9828F6E98C8E32C", "ticket_type": 1, "seat": None, "status": "VALID"}
    ],
}
_ORDER: Example = {
    **_BOOKING,
    "status": "successful",
    "tickets": [{"id": 1, "event": 1, "ticket_type": 1, "code": "981B0BECD8E9828F6E98C8E32C"}],
    "created_at": "2027-06-01T10:15:21.189Z",
}
_NOTIFICATION: Example = {
    "id": 1,
    "user": 5,
    "kind": "booking_confirmed",
    "message": "Your booking 2FKAN2P41Q is confirmed.",
    "event": 1,
    "booking": 1,
    "date": "2027-06-01T10:16:02.500Z",
    "created_at": "2027-06-01T10:16:02.500Z",
    "read_at": None,
}

REQUESTS: Mapping[type[Schema], Example] = {
    accounts.Register: {
        "email": "ann@example.com",
        "name": "Ann",
        "username": "ann",
        "password": "correct horse",
    },
    sessions.Login: {"username": "ann", "password": "correct horse"},
    sessions.Refresh: {"refresh_token": "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.e30.c2ln"},
    sessions.Logout: {"refresh_token": "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.e30.c2ln"},
    accounts.ProfileReplacement: {
        "name": "Ann",
        "phone": "+31 10 123 4567",
        "city": "Rotterdam",
        "bio": None,
        "locale": "nl",
    },
    accounts.ProfileChange: {"city": "Rotterdam"},
    accounts.AccountChange: {"role": "EVENT_MANAGER"},
    accounts.PasswordChange: {"current_password": "correct horse", "new_password": "battery staple"},
    venues.Venue: _VENUE,
    venues.VenueChange: {"capacity": 2100},
    categories.Category: {"name": "Open air", "slug": "open-air"},
    events.Event: _EVENT_REQUEST,
    events.EventReplacement: {**_EVENT_REQUEST, "time": "20:00:00"},
    events.EventChange: {"time": "20:00:00"},
    bookings.Hold: {"event": 1, "tickets": [{"ticket_type": 1, "quantity": 1}]},
    bookings.QuoteTickets: {"tickets": [{"ticket_type": 1, "quantity": 1}]},
    bookings.Cancel: {"reason": "Ill"},
    payments.Pay: {
        "booking_id": 1,
        "method": "card",
        "details": {"number": "4242 4242 4242 4242", "expiry": "12/40", "cvv": "123", "holder": "Ann"},
    },
    gateway.Notice: {
        "notice_id": "ev_91a58f18b1cbd56c7e4d2a03",
        "reference": "0d2f6c1f5b7a4c2e9d3b8a6f4e1c7d50",
        "status": "SUCCEEDED",
        "gateway_reference": "ch_91a58f18b1cbd56c7e4d2a03",
    },
    refunds.Refund: {"payment_id": 1, "amount": "10.00", "reason": "The second act was cut"},
    event_cancellation.CancelEvent: {"reason": "The hall was flooded"},
    notifications.Notification: {"event": 1, "message": "Doors open at seven."},
    reviews.Review: {"event": 1, "rating": 5, "comment": "All eight of them!"},
    legacy.Purchase: {"quantity": 2},
    legacy.Order: {"tickets": [{"event": 1}]},
    legacy.DeleteOrder: {"status": "deleted"},
    legacy.ProcessPayment: {},
}

ANSWERS: Mapping[type[Schema], Example] = {
    health_answers.LiveAnswer: {"status": "ok"},
    health_answers.ReadyAnswer: {"status": "ok", "checks": {"database": "ok", "outbox": "ok"}},
    account_answers.UserAnswer: _USER,
    account_answers.ProfileAnswer: _PROFILE,
    session_answers.TokensAnswer: {
        "access_token": "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.e30.c2ln",
        "refresh_token": "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.e30.c2ln",
        "token_type": "Bearer",
        "expires_in": 86400,
        "access": "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.e30.c2ln",
        "refresh": "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.e30.c2ln",
        "user": _USER,
    },
    account_answers.AccountAnswer: {**_PROFILE, "is_active": True},
    venue_answers.VenueAnswer: {"id": 1, **_VENUE, "created_at": "2027-06-01T10:15:20.417Z"},
    category_answers.CategoryAnswer: {"id": 1, "slug": "concert", "name": "Concert"},
    event_answers.EventAnswer: _EVENT,
    booking_answers.BookingAnswer: _BOOKING,
    booking_answers.QuoteAnswer: {
        "lines": [
            {
                "ticket_type": 1,
                "name": "Stalls",
                "quantity": 1,
                "list_price": "35.00",
                "price": "35.00",
            }
        ],
        "total": "35.00",
        "currency": "EUR",
        "quote": "b4c0a1f29d7e4e3f8a6d5c2b1f0e9d8c",
    },
    booking_answers.PurchaseAnswer: {
        **_BOOKING,
        "user_id": 5,
        "event_id": 1,
        "purchase_date": "2027-06-01T10:15:21.189Z",
    },
    booking_answers.OrderAnswer: _ORDER,
    booking_answers.ProcessedOrderAnswer: {**_ORDER, "message": "The payment was successful"},
    booking_answers.SimulationAnswer: {"status": "success", "message": "The payment was successful"},
    payment_answers.PaymentAnswer: {
        "id": 1,
        "booking_id": 1,
        "user": 5,
        "amount": "35.00",
        "currency": "EUR",
        "method": "card",
        "status": "PROCESSING",
        "card": {"brand": "visa", "last4": "3155"},
        "failure_code": None,
        "next_action": {"type": "redirect", "url": "/simulated-gateway/ch_91a58f18b1cbd56c7e4d2a03"},
        "pending_until": "2027-06-01T10:46:02.471Z",
        "created_at": "2027-06-01T10:16:02.471Z",
    },
    refund_answers.RefundAnswer: {
        "id": 1,
        "payment_id": 1,
        "booking_id": 1,
        "amount": "10.00",
        "currency": "EUR",
        "reason": "The second act was cut",
        "status": "SUCCEEDED",
        "failure_code": None,
        "created_at": "2027-06-02T09:00:00Z",
        "settled_at": "2027-06-02T09:00:00.120Z",
    },
    cancellation_answers.CancellationAnswer: {
        "event": 1,
        "status": "RUNNING",
        "reason": "The hall was flooded",
        "started_at": "2027-06-03T09:00:00Z",
        "finished_at": None,
        "bookings": {"remaining": 40, "cancelled": 2},
        "refunds": {"pending": 1, "succeeded": 1, "failed": 0},
    },
    notification_answers.NotificationAnswer: _NOTIFICATION,
    notification_answers.MessageAnswer: {"event": 1, "message": "Doors open at seven.", "recipients": 2},
    review_answers.ReviewAnswer: {
        "id": 1,
        "event": 1,
        "user": {"id": 5, "name": "Ann"},
        "rating": 5,
        "comment": "All eight of them!",
        "date": "2027-08-02T08:00:00Z",
        "created_at": "2027-08-02T08:00:00Z",
        "updated_at": "2027-08-02T08:00:00Z",
    },
    statistics_answers.StatisticsAnswer: {
        "event": 1,
        "title": "Night of the Cellos",
        "status": "PUBLISHED",
        "capacity": 1000,
        "available": 998,
        "sold": 2,
        "held": 0,
        "revenue": "60.00",
        "refunded": "10.00",
        "currency": "EUR",
        "by_day": [{"date": "2027-06-01", "tickets": 2, "revenue": "70.00"}],
        "by_ticket_type": [
            {
                "id": 1,
                "name": "Stalls",
                "price": "35.00",
                "capacity": 600,
                "available": 598,
                "sold": 2,
                "held": 0,
                "gross": "70.00",
            }
        ],
        "bookings": {"pending": 0, "confirmed": 2, "cancelled": 0, "expired": 1},
    },
    statistics_answers.AttendanceAnswer: {
        **_BOOKING,
        "user": {"id": 5, "name": "Ann", "email": "ann@example.com"},
    },
}

EXAMPLES: Mapping[type[Schema], Example] = {**REQUESTS, **ANSWERS}
