"""The promise of docs/compatibility.md: what a client of the last release uses is still there."""

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.kit import contract
from tests.kit.compatibility import breaks

RELEASED = Path(__file__).parent / "released"
Part = dict[str, Any]
Change = Callable[[Part], Any]


def last_release() -> Path:
    """Return the description that was released last."""
    return max(RELEASED.glob("*.json"), key=lambda path: [int(step) for step in path.stem.split(".")])


def schema(document: Part, name: str) -> Part:
    found: Part = document["components"]["schemas"][name]
    return found


def test_nothing_breaks_a_client_of_the_last_release() -> None:
    old = json.loads(last_release().read_text(encoding="utf-8"))
    assert breaks(old, contract.document()) == []


BREAKING: dict[str, tuple[Change, str]] = {
    "an operation is gone": (lambda d: d["paths"]["/events"].pop("get"), "GET /events is gone"),
    "a path is gone": (lambda d: d["paths"].pop("/profile"), "GET /profile is gone"),
    "another operation id": (
        lambda d: d["paths"]["/events"]["get"].update(operationId="events.list"),
        "GET /events has another operationId",
    ),
    "a field of a reply is gone": (
        lambda d: schema(d, "BookingAnswer")["properties"].pop("reference"),
        "GET /bookings 200[].reference is gone",
    ),
    "a field of a part of a reply is gone": (
        lambda d: schema(d, "TicketAnswer")["properties"].pop("code"),
        "GET /bookings 200[].tickets[].code is gone",
    ),
    "a field of a reply may be absent": (
        lambda d: schema(d, "BookingAnswer")["required"].remove("total"),
        "GET /bookings 200[].total may be absent",
    ),
    "a field of a reply may be null": (
        lambda d: schema(d, "BookingAnswer")["properties"]["total"].update(type=["string", "null"]),
        "GET /bookings 200[].total may be null",
    ),
    "a value of a body is gone": (
        lambda d: schema(d, "Register")["properties"]["role"]["enum"].remove("ADMIN"),
        "POST /register.role does not take ADMIN",
    ),
    "a value of a parameter is gone": (
        lambda d: parameter(d, "/events", "sort")["schema"]["enum"].remove("rating"),
        "GET /events sort does not take rating",
    ),
    "a field of a body is gone": (
        lambda d: schema(d, "Hold")["properties"].pop("quantity"),
        "POST /bookings.quantity is not taken",
    ),
    "a field of a body is mandatory": (
        lambda d: schema(d, "Register")["required"].append("email"),
        "POST /register.email is mandatory",
    ),
    "a parameter is gone": (
        lambda d: d["paths"]["/events"]["get"]["parameters"].remove(parameter(d, "/events", "city")),
        "GET /events city is not taken",
    ),
    "a parameter is mandatory": (
        lambda d: parameter(d, "/events", "city").update(required=True),
        "GET /events city is mandatory",
    ),
    "a choice of a body is gone": (
        lambda d: schema(d, "Pay")["properties"]["details"]["anyOf"].pop(),
        "POST /payments.details does not take object WalletDetails",
    ),
    "a body is mandatory": (
        lambda d: d["paths"]["/logout"]["post"]["requestBody"].update(required=True),
        "POST /logout needs a body",
    ),
    "a token is needed": (
        lambda d: d["paths"]["/events"]["get"].update(security=[{"access_token": []}]),
        "GET /events needs a token",
    ),
    "a status is gone": (
        lambda d: d["paths"]["/bookings"]["post"]["responses"].pop("201"),
        "POST /bookings 201 is not answered",
    ),
}


def parameter(document: Part, path: str, name: str) -> Part:
    found = document["paths"][path]["get"]["parameters"]
    return next(one for one in found if one.get("name") == name)


@pytest.mark.parametrize("what", BREAKING)
def test_what_breaks_a_client_is_found(what: str) -> None:
    """The twin: each kind of break that the promise names."""
    change, said = BREAKING[what]
    changed = copy.deepcopy(contract.document())
    change(changed)
    assert said in breaks(contract.document(), changed)


HARMLESS: dict[str, Change] = {
    "a field of a reply more": lambda d: schema(d, "BookingAnswer")["properties"].update(
        more={"type": "string"}
    ),
    "a value of a body more": lambda d: schema(d, "Register")["properties"]["role"]["enum"].append("USHER"),
    "a field of a body more": lambda d: schema(d, "Hold")["properties"].update(more={"type": "string"}),
    "a path more": lambda d: d["paths"].update({"/more": d["paths"]["/events"]}),
    "a field of a body less": lambda d: schema(d, "Hold")["required"].remove("event"),
    "other words": lambda d: schema(d, "Hold").update(description="Other words."),
}


@pytest.mark.parametrize("what", HARMLESS)
def test_what_breaks_nobody_is_let_through(what: str) -> None:
    changed = copy.deepcopy(contract.document())
    HARMLESS[what](changed)
    assert breaks(contract.document(), changed) == []
