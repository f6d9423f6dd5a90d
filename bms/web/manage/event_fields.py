"""The form of an event: its fields, the body of the API that they make, and how an event fills them.

A field is named after its place in the body. Times are local times of the event's zone, and have no offset.
"""

import re
from collections.abc import Mapping
from typing import Any

from bms import zones
from bms.i18n.languages import Language, marked
from bms.money import Money
from bms.queries.events import EventView
from bms.refund_rules import NEVER
from bms.terms import MAX_TICKET_TYPES, Method
from bms.web.kit.forms import Form

LABELS = {
    "title": marked("Title"),
    "category": marked("Kind of event"),
    "description": marked("Description"),
    "venue": marked("Venue"),
    "starts_at": marked("Starts"),
    "ends_at": marked("Ends"),
    "ticket_types": marked("Ticket types"),
    "currency": marked("Currency"),
    "per_user_limit": marked("Most tickets a person"),
    "requires_confirmed_email": marked("Sold to confirmed e-mail addresses alone"),
    "payment_options": marked("Ways to pay"),
    "sales_start": marked("Sale begins"),
    "sales_end": marked("Sale ends"),
    "refund_policy.full_until_hours": marked("All of the money until"),
    "refund_policy.percent": marked("A part after that, in percent"),
    "refund_policy.none_from_hours": marked("That part until"),
}
KIND_LABELS = {
    "name": marked("Ticket type"),
    "price": marked("Price"),
    "capacity": marked("How many"),
    "id": marked("Ticket type"),
}
VENUE_LABELS = {
    "name": marked("Name of the venue"),
    "location": marked("Address"),
    "city": marked("City"),
    "country": marked("Country"),
    "capacity": marked("How many people it holds"),
    "timezone": marked("Time zone"),
    "facilities": marked("Good to know (parking, lifts)"),
}
METHODS = {
    Method.CARD: marked("Card"),
    Method.UPI: marked("UPI"),
    Method.NETBANKING: marked("Bank transfer"),
    Method.WALLET: marked("Wallet"),
}
UNITS = {"d": marked("days before"), "h": marked("hours before")}
_HOURS = {"d": 24, "h": 1}
_KIND = re.compile(r"ticket_types\.(\d{1,3})\.(id|name|price|capacity|remove)\Z")
_TIMES = ("starts_at", "ends_at", "sales_start", "sales_end")


def event_form(words: Language, typed: Mapping[str, str]) -> Form:
    """Return the form of an event as it was filled in, its ticket types numbered from 0 without gaps."""
    plain = {name: value for name, value in typed.items() if not _KIND.match(name)}
    for number, row in enumerate(_kinds(typed)):
        for name, value in row.items():
            plain[f"ticket_types.{number}.{name}"] = value
    return Form(words, _labels(), plain)


def _labels() -> dict[str, str]:
    """Return the labels of all fields, in the order in which they stand."""
    labels: dict[str, str] = {}
    for name, text in LABELS.items():
        labels[name] = text
        if name == "venue":
            labels |= {f"new.{part}": words for part, words in VENUE_LABELS.items()}
        if name == "ticket_types":
            for number in range(MAX_TICKET_TYPES):
                labels |= {f"ticket_types.{number}.{part}": words for part, words in KIND_LABELS.items()}
    return labels


def count_kinds(typed: Mapping[str, str]) -> int:
    """Return how many ticket types are filled in."""
    return len(_kinds(typed))


def _kinds(typed: Mapping[str, str]) -> list[dict[str, str]]:
    rows: dict[int, dict[str, str]] = {}
    for name, value in typed.items():
        match = _KIND.match(name)
        if match:
            rows.setdefault(int(match[1]), {})[match[2]] = value
    return [row for _, row in sorted(rows.items()) if any(value.strip() for value in row.values())]


def body_of_event(form: Form, *, capacity: int | None = None) -> dict[str, Any]:
    """Return the body of POST /events that the form makes. What is left empty is null, or left out."""
    typed = form.typed
    body: dict[str, Any] = {
        "title": typed.get("title", ""),
        "description": typed.get("description", ""),
        "category": typed.get("category", "").strip() or None,
        "currency": typed.get("currency", "").strip().upper(),
        "ticket_types": [_kind_body(row) for row in _kinds(typed) if "remove" not in row],
        "per_user_limit": number_in(limit) if (limit := typed.get("per_user_limit", "").strip()) else None,
        "requires_confirmed_email": "requires_confirmed_email" in typed,
        "payment_options": [method.value for method in METHODS if f"pay.{method.value}" in typed],
        "refund_policy": _refund_policy(typed),
    }
    for name in _TIMES:
        body[name] = typed.get(name, "").strip() or None
    if typed.get("venue", "").strip():
        body["venue"] = number_in(typed["venue"])
    elif typed.get("location", "").strip():
        body["location"] = typed["location"]
    if not body["ticket_types"]:
        del body["ticket_types"]
        form.add("ticket_types", form.words.gettext("At least one ticket type is needed."))
    if not body["payment_options"]:
        del body["payment_options"]
        form.add("payment_options", form.words.gettext("Please choose at least one."))
    if body["starts_at"] is None:
        del body["starts_at"]
        form.add("starts_at", form.words.gettext("Please fill this in."))
    if capacity is not None:
        body["capacity"] = capacity
    return body


def venue_body(typed: Mapping[str, str], prefix: str = "new.") -> dict[str, Any]:
    """Return the body of POST /venues that a form makes."""
    body: dict[str, Any] = {
        name: typed.get(f"{prefix}{name}", "").strip() or None for name in VENUE_LABELS if name != "capacity"
    }
    return {**body, "capacity": number_in(typed.get(f"{prefix}capacity", ""))}


def has_new_venue(typed: Mapping[str, str]) -> bool:
    """Return whether a new venue is filled in. Its zone alone is not enough: a script fills that in."""
    return not typed.get("venue", "").strip() and any(
        typed.get(f"new.{name}", "").strip() for name in VENUE_LABELS if name != "timezone"
    )


def _kind_body(row: Mapping[str, str]) -> dict[str, Any]:
    body: dict[str, Any] = {
        "name": row.get("name", ""),
        "price": price_in(row.get("price", "")),
        "capacity": number_in(row.get("capacity", "")),
    }
    if row.get("id", "").strip():
        body["id"] = number_in(row["id"])
    return body


def _refund_policy(typed: Mapping[str, str]) -> dict[str, Any]:
    choice = typed.get("refund", "start")
    if choice == "never":
        return {"full_until_hours": NEVER, "percent": 0, "none_from_hours": 0}
    if choice != "until":
        return {"full_until_hours": 0, "percent": 0, "none_from_hours": 0}
    full = _hours(typed, "full_until_hours")
    percent = number_in(typed.get("refund_policy.percent", "") or "0")
    none = _hours(typed, "none_from_hours") if percent else full
    return {"full_until_hours": full, "percent": percent, "none_from_hours": none}


def _hours(typed: Mapping[str, str], name: str) -> Any:
    number = number_in(typed.get(f"refund_policy.{name}", "") or "0")
    return number * _HOURS.get(typed.get(f"unit.{name}", ""), 1) if isinstance(number, int) else number


def number_in(text: str) -> Any:
    """Return a number that somebody has typed, or the text for the schema to refuse."""
    plain = text.strip()
    return int(plain) if plain.isascii() and plain.isdigit() and len(plain) < 19 else plain


def price_in(text: str) -> str:
    """Return a price with a point, where somebody has typed a comma."""
    plain = text.strip()
    return plain.replace(",", ".") if plain.count(",") == 1 and "." not in plain else plain or "0"


def typed_of(view: EventView) -> dict[str, str]:
    """Return what the form of an event holds, as if somebody had typed it."""
    event = view.event
    typed = {
        "title": event.title,
        "description": event.description,
        "category": event.category or "",
        "venue": str(event.venue_id or ""),
        "location": event.address or "" if event.venue_id is None else "",
        "currency": event.currency,
        "per_user_limit": str(event.per_user_limit or ""),
        "version": str(event.version),
        **_refund_fields(event.refund_full_hours, event.refund_percent, event.refund_none_hours),
    }
    for name in _TIMES:
        moment = getattr(event, name)
        if moment is not None:
            local = zones.to_local(moment, event.timezone)
            typed[name] = local.isoformat(timespec="minutes" if local.second == 0 else "seconds")
    if event.requires_confirmed_email:
        typed["requires_confirmed_email"] = "on"
    for method in view.payment_options:
        typed[f"pay.{method}"] = "on"
    for number, kind in enumerate(view.ticket_types):
        typed |= {
            f"ticket_types.{number}.id": str(kind.id),
            f"ticket_types.{number}.name": kind.name,
            f"ticket_types.{number}.price": Money(kind.price, event.currency).text,
            f"ticket_types.{number}.capacity": str(kind.capacity),
        }
    return typed


def blank() -> dict[str, str]:
    """Return what the form of a new event holds."""
    return {
        "currency": "EUR",
        "refund": "until",
        "refund_policy.full_until_hours": "7",
        "unit.full_until_hours": "d",
        **{f"pay.{method.value}": "on" for method in METHODS},
    }


def _refund_fields(full: int, percent: int, none: int) -> dict[str, str]:
    if full == NEVER and not percent:
        return {"refund": "never"}
    if full == 0:
        return {"refund": "start"}
    fields = {"refund": "until"}
    for name, hours in (("full_until_hours", full), ("none_from_hours", none)):
        unit = "d" if hours % 24 == 0 and hours else "h"
        fields[f"refund_policy.{name}"] = str(hours // _HOURS[unit])
        fields[f"unit.{name}"] = unit
    fields["refund_policy.percent"] = str(percent) if percent else ""
    return fields


def changes_of(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
    """Return what of the body ``after`` differs from the body ``before`` of the same form."""
    return {name: value for name, value in after.items() if name not in before or before[name] != value}
