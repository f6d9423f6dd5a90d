"""Examples of bookings, payments, refunds and figures."""

from bms.openapi.examples.form import Example, Examples
from bms.schemas import bookings, gateway, payments, refunds
from bms.schemas.answers import bookings as booking_answers
from bms.schemas.answers import payments as payment_answers
from bms.schemas.answers import refunds as refund_answers
from bms.schemas.answers import statistics as statistics_answers

BOOKING: Example = {
    "id": 1,
    "reference": "2FKAN2P41Q",
    "user": 5,
    "event": 1,
    "status": "CONFIRMED",
    "quantity": 1,
    "live_quantity": 1,
    "total": "35.00",
    "currency": "EUR",
    "expires_at": None,
    "booking_date": "2027-06-01T10:15:21.189Z",
    "confirmed_at": "2027-06-01T10:16:02.500Z",
    "cancelled_at": None,
    "cancel_reason": None,
    "refund_due": None,
    "locale": None,
    "complimentary": False,
    "contact": {"name": None, "email": None},
    "refunds": [{"id": 1, "amount": "10.00", "status": "SUCCEEDED"}],
    "lines": [{"ticket_type": 1, "name": "Stalls", "quantity": 1, "unit_price": "35.00"}],
    "payment": {"id": 1, "status": "PARTIALLY_REFUNDED", "method": "card", "next_action": None},
    "tickets": [
        {"id": 1, "code": "981B0BECD8E9828F6E98C8E32C", "ticket_type": 1, "seat": None, "status": "VALID"}
    ],
}
_SEAT_FIGURES = {"seats": 600, "free": 590, "held": 0, "sold": 2, "blocked": 8, "gross": "70.00"}

REQUESTS: Examples = {
    bookings.Hold: {"event": 1, "tickets": [{"ticket_type": 1, "quantity": 1}]},
    bookings.Complimentary: {
        "tickets": [{"ticket_type": 1, "quantity": 2}],
        "name": "Ann Box",
        "email": "ann.box@example.com",
    },
    bookings.QuoteTickets: {"tickets": [{"ticket_type": 1, "quantity": 1}]},
    bookings.Cancel: {"reason": "Ill", "tickets": [1]},
    bookings.ContactChange: {"name": "Ann Box", "email": "ann.box@example.com"},
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
    refunds.SettleByHand: {"reason": "Bank transfer of 3 June"},
    refunds.Refund: {"payment_id": 1, "amount": "10.00", "reason": "The second act was cut"},
}

ANSWERS: Examples = {
    booking_answers.BookingAnswer: BOOKING,
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
    booking_answers.RefundPreviewAnswer: {
        "currency": "EUR",
        "amount": "17.50",
        "rule": "part",
        "per_ticket": [{"ticket": 1, "amount": "17.50"}],
        "until": "2099-07-31T19:30:00Z",
    },
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
        "next_action": {
            "type": "redirect",
            "url": "https://tickets.example.org/simulated-gateway/ch_91a58f18b1cbd56c7e4d2a03",
        },
        "pending_until": "2027-06-01T10:46:02.471Z",
        "created_at": "2027-06-01T10:16:02.471Z",
    },
    refund_answers.GivenUpRefundAnswer: {
        "id": 1,
        "payment_id": 1,
        "booking_reference": "7QK2M9XA4T",
        "event": 1,
        "payer": "Ann",
        "email": "ann@example.com",
        "amount": "10.00",
        "currency": "EUR",
        "reason": "The second act was cut",
        "failure_code": "account_closed",
        "attempts": 10,
        "created_at": "2027-06-02T09:00:00Z",
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
        "timezone": "Europe/Amsterdam",
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
                "complimentary": 0,
                "gross": "70.00",
            }
        ],
        "by_category": [{"name": "Stalls", "standing": False, **_SEAT_FIGURES}],
        "by_section": [{"name": "Ground floor", **_SEAT_FIGURES}],
        "bookings": {"pending": 0, "confirmed": 2, "cancelled": 0, "expired": 1},
    },
    statistics_answers.AttendanceAnswer: {
        **BOOKING,
        "user": {"id": 5, "name": "Ann", "email": "ann@example.com"},
    },
}
