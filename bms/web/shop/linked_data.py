"""What search engines read of an event: schema.org's Event and Offer, as JSON-LD."""

from typing import Any

from bms.formats import rfc3339
from bms.money import Money
from bms.queries.events import EventView
from bms.web.shop.presenting import State, place_of
from bms.web.shop.prose import to_line

_AVAILABILITY = {
    State.OPEN: "InStock",
    State.FEW: "LimitedAvailability",
    State.SOLD_OUT: "SoldOut",
    State.SOON: "PreOrder",
}


def describe(view: EventView, state: State, origin: str, path: str, cover: str) -> dict[str, Any]:
    """Return an event as JSON-LD."""
    event = view.event
    url = f"{origin}{path}"
    address = event.venue_location if event.venue_id is not None else event.address
    place: dict[str, Any] = {
        "@type": "Place",
        "name": event.venue_name or place_of(event) or event.title,
        "address": {
            "@type": "PostalAddress",
            **{
                name: value
                for name, value in (
                    ("streetAddress", address),
                    ("addressLocality", event.city),
                    ("addressCountry", event.country),
                )
                if value
            },
        },
    }
    found: dict[str, Any] = {
        "@context": "https://schema.org",
        "@type": "Event",
        "name": event.title,
        "url": url,
        "startDate": rfc3339(event.starts_at),
        "eventStatus": f"https://schema.org/Event{'Cancelled' if state is State.CANCELLED else 'Scheduled'}",
        "eventAttendanceMode": "https://schema.org/OfflineEventAttendanceMode",
        "location": place,
        "image": [f"{origin}{cover}"],
        "organizer": {"@type": "Organization", "name": event.organizer_name},
        "offers": [
            {
                "@type": "Offer",
                "name": kind.name,
                "price": Money(kind.price, event.currency).text,
                "priceCurrency": event.currency,
                "url": url,
                "availability": "https://schema.org/"
                + ("SoldOut" if not kind.available else _AVAILABILITY.get(state, "Discontinued")),
                **({"validFrom": rfc3339(event.sales_start)} if event.sales_start else {}),
            }
            for kind in view.ticket_types
        ],
    }
    if event.ends_at is not None:
        found["endDate"] = rfc3339(event.ends_at)
    description = to_line(event.description, 300)
    if description:
        found["description"] = description
    if event.rating_count:
        found["aggregateRating"] = {
            "@type": "AggregateRating",
            "ratingValue": round(event.rating_sum / event.rating_count, 2),
            "ratingCount": event.rating_count,
        }
    return found
