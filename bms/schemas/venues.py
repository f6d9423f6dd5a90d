"""Venues: request bodies, and how a venue is presented."""

from typing import Any

from bms.formats import rfc3339
from bms.queries.venues import VenueRow
from bms.schemas.base import Count, Line, RequestSchema, Text, ZoneName
from bms.schemas.listing import ListQuery


class VenueChange(RequestSchema):
    """PATCH /venues/{id}; null clears a field."""

    name = Line(max=200, min=1)
    location = Line(max=300, min=1)
    city = Line(max=100, allow_none=True)
    country = Line(max=100, allow_none=True)
    capacity = Count()
    facilities = Text(max=1000, allow_none=True)
    timezone = ZoneName()


class Venue(VenueChange):
    """POST /venues and PUT /venues/{id}. Omitted fields are null; the zone stays, and is UTC at first."""

    name = Line(max=200, min=1, required=True)
    location = Line(max=300, min=1, required=True)
    city = Line(max=100, allow_none=True, load_default=None)
    country = Line(max=100, allow_none=True, load_default=None)
    capacity = Count(required=True)
    facilities = Text(max=1000, allow_none=True, load_default=None)


class VenueList(ListQuery):
    """GET /venues: the venues in a city, and those with ``q`` in their name or location."""

    city = Line(max=100, load_default=None)
    q = Line(max=100, load_default=None)


def present_venue(venue: VenueRow) -> dict[str, Any]:
    """Return a venue as the API shows it."""
    return {
        "id": venue.id,
        "name": venue.name,
        "location": venue.location,
        "city": venue.city,
        "country": venue.country,
        "capacity": venue.capacity,
        "facilities": venue.facilities,
        "owner": venue.owner_id,
        "timezone": venue.timezone,
        "created_at": rfc3339(venue.created_at),
    }
