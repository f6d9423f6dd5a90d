"""Examples of the older call shapes."""

from bms.openapi.examples.form import Example, Examples
from bms.openapi.examples.sales import BOOKING
from bms.schemas import legacy
from bms.schemas.answers import bookings as booking_answers

_ORDER: Example = {
    **BOOKING,
    "status": "successful",
    "tickets": [{"id": 1, "event": 1, "ticket_type": 1, "code": "981B0BECD8E9828F6E98C8E32C"}],
    "created_at": "2027-06-01T10:15:21.189Z",
}

REQUESTS: Examples = {
    legacy.Purchase: {"quantity": 2},
    legacy.Order: {"tickets": [{"event": 1}]},
    legacy.DeleteOrder: {"status": "deleted"},
    legacy.ProcessPayment: {},
}

ANSWERS: Examples = {
    booking_answers.PurchaseAnswer: {
        **BOOKING,
        "user_id": 5,
        "event_id": 1,
        "purchase_date": "2027-06-01T10:15:21.189Z",
    },
    booking_answers.OrderAnswer: _ORDER,
    booking_answers.ProcessedOrderAnswer: {**_ORDER, "message": "The payment was successful"},
    booking_answers.SimulationAnswer: {"status": "success", "message": "The payment was successful"},
}
