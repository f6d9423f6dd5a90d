"""Events: listing, showing, creating, changing and cancelling them."""

import re
from collections.abc import Callable
from functools import partial
from typing import Any

import orjson
from aiohttp import ETag, web

from bms.commands.events.cancel import cancel_event, withdraw_event
from bms.commands.events.change import change_event
from bms.commands.events.create import create_event
from bms.errors import (
    CapacityBelowSold,
    CapacityFromSeating,
    Conflict,
    CurrencyFixed,
    EventBegun,
    EventNotChangeable,
    EventQuotaReached,
    Forbidden,
    NoSuchLocalTime,
    StartTooNear,
    Unauthenticated,
)
from bms.http.call import Access, Call
from bms.http.endpoint import Cached, Routes
from bms.http.exchange import EXCHANGE
from bms.http.idempotency import once
from bms.http.pages import decode_cursor, no_content, page, respond
from bms.http.shared import NO_CACHE, digest, keep_for
from bms.queries.event_cancellation import get_cancellation
from bms.queries.event_lists import EventFilter, Position, list_events, seconds_to_next_sale
from bms.queries.events import EventView, get_event
from bms.queries.schedule import seconds_unchanged
from bms.schemas.answers.event_cancellation import CancellationAnswer
from bms.schemas.answers.events import EventAnswer
from bms.schemas.event_cancellation import CancelEvent, present_cancellation
from bms.schemas.event_lists import EventList
from bms.schemas.events import Event, EventChange, EventReplacement, present_event, present_older_event
from bms.schemas.statistics import TopQuery
from bms.terms import EventStatus, Right, Service

routes = Routes(Service.EVENTS)

CHANGE_REFUSALS = [
    Conflict,
    EventNotChangeable,
    CapacityBelowSold,
    CapacityFromSeating,
    CurrencyFixed,
    EventBegun,
    NoSuchLocalTime,
    StartTooNear,
]

FIRST_VERSION = 1  # of an event, by its column's default
_VERSION = re.compile(r"v(\d{1,9})-[0-9a-f]+\Z", re.ASCII)


@routes.add(
    "GET",
    "/events",
    "/event",
    operation="events.index",
    access=Access.ANYONE,
    query=EventList(),
    answers={200: EventAnswer(many=True), 304: None},
    raises=[Forbidden],
    headers=["If-None-Match"],
    cached=Cached.ALL_EVENTS,
)
async def index(call: Call) -> web.Response:
    """List the events that match the filters.

    ``q`` is words, each part of the title, the venue, the city or the category; case and accents make no
    difference. At most 5,000 events are looked at: those that begin next, or last with ``-date``. Events of a
    deactivated organiser are left out, unless an admin asks for that organiser.
    """
    query = call.query
    sort, key, event_id = decode_cursor(query["cursor"], str, str, int)
    wanted = EventFilter(
        status=query["status"],
        venue_id=query["venue"],
        location=query["location"],
        city=query["city"],
        category=query["category"],
        organizer_id=_organizer(call),
        date_from=query["date_from"],
        date_to=query["date_to"],
        price_max=query["price_max"],
        q=query["q"],
        available=query["available"],
        with_barred=query["organizer"] is not None
        and call.viewer is not None
        and call.viewer.may(Right.EVENTS_ANY),
        with_over=query["with_over"],
    )
    limit = query["limit"]
    events = await call.look_up(
        list_events,
        wanted=wanted,
        sort=query["sort"],
        after=None if query["cursor"] is None else Position(sort, key, event_id),
        limit=limit + 1,
    )
    present = _presenter(call)
    response = page(call.request, events, limit, lambda listed: present(listed.view), "sort", "key", "id")
    fresh = seconds_unchanged(listed.view.event for listed in events)
    if wanted.available:
        fresh = min(fresh, await call.look_up(seconds_to_next_sale))
    keep_for(response, fresh)
    return response


def _presenter(call: Call) -> Callable[[EventView], dict[str, Any]]:
    """Return how this call shows events: in an older shape with the older names too.

    Sources 001 and 002 know events by other names, and by today's paths with a slash at the end.
    """
    request = call.request
    is_older_path = request.path.endswith("/") or request[EXCHANGE].successor is not None
    is_older = is_older_path or call.body.get("older_names", False)
    return present_older_event if is_older else present_event


def _organizer(call: Call) -> int | None:
    """Return whose events to list. Only their organiser and admins may list unpublished events."""
    organizer: int | None = call.query["organizer"]
    if call.query["status"] == EventStatus.PUBLISHED:
        return organizer
    viewer = call.viewer
    if viewer is None:
        raise Unauthenticated()
    if viewer.may(Right.EVENTS_ANY):
        return organizer
    if organizer not in (None, viewer.user_id):
        raise Forbidden("With this status you can list your own events only")
    return viewer.user_id


@routes.add(
    "GET",
    "/events/{id}",
    operation="events.show",
    access=Access.ANYONE,
    answers={200: EventAnswer(), 304: None},
    headers=["If-None-Match"],
    cached=Cached.EVENT,
)
async def show(call: Call) -> web.Response:
    """Show an event."""
    view = await call.look_up(
        get_event,
        event_id=call.id(),
        viewer=call.viewer,
    )
    return _respond(call, view)


@routes.add(
    "POST",
    "/events",
    "/create-event",
    operation="events.create",
    access=Right.EVENTS_WRITE,
    body=Event(),
    answers={201: EventAnswer()},
    location="/events/{id}",
    raises=[EventQuotaReached, NoSuchLocalTime],
    headers=["Idempotency-Key"],
)
async def create(call: Call) -> web.Response:
    """Create an event. The caller is its organiser."""
    make = partial(create_event, actor=call.actor, fields=call.body, quota=call.settings.events_per_manager)
    response = await once(call, make, _presenter(call))
    assert isinstance(response.body, bytes)
    event = orjson.loads(response.body)
    response.etag = _tag(FIRST_VERSION, event)
    response.headers["Cache-Control"] = NO_CACHE
    return response


async def _change(call: Call, *, replace: bool) -> web.Response:
    view = await call.db.transact(
        change_event,
        call.actor,
        event_id=call.id(),
        changes=call.body,
        replace=replace,
        versions=seen_versions(call),
    )
    return _respond(call, view)


@routes.add(
    "PUT",
    "/events/{id}",
    operation="events.replace",
    access=Right.EVENTS_WRITE,
    body=EventReplacement(),
    answers={200: EventAnswer()},
    raises=CHANGE_REFUSALS,
    headers=["If-Match"],
)
async def replace(call: Call) -> web.Response:
    """Replace an event. Omitted fields return to their defaults, except the status, which stays."""
    return await _change(call, replace=True)


@routes.add(
    "PATCH",
    "/events/{id}",
    operation="events.change",
    access=Right.EVENTS_WRITE,
    body=EventChange(),
    answers={200: EventAnswer()},
    raises=CHANGE_REFUSALS,
    headers=["If-Match"],
)
async def change(call: Call) -> web.Response:
    """Change the given fields of an event."""
    return await _change(call, replace=False)


def _respond(call: Call, view: EventView) -> web.Response:
    """Return the event with its ETag: its version, and a digest of all that is shown.

    GET needs the digest: a sale, a rating or a renamed venue changes what is shown, but not the version.
    """
    event = _presenter(call)(view)
    response = respond(event, headers={"Cache-Control": NO_CACHE})
    response.etag = _tag(view.event.version, event)
    keep_for(response, seconds_unchanged([view.event]))
    return response


def _tag(version: int, event: dict[str, Any]) -> ETag:
    # Warnings are about other events, and for who has just written this one.
    shown = {name: value for name, value in event.items() if name != "warnings"}
    return ETag(f"v{version}-{digest(orjson.dumps(shown))}")


def seen_versions(call: Call) -> frozenset[int] | None:
    """Return the versions of the event that ``If-Match`` accepts, or None for any.

    Only the version is compared, not the digest: an organiser's change cannot undo a concurrent sale, so a
    sale is no conflict. Weak tags never match (RFC 9110, section 13.1.1).
    """
    tags = call.request.if_match
    if tags is None or any(tag.value == "*" for tag in tags):
        return None
    matches = (_VERSION.match(tag.value) for tag in tags if not tag.is_weak)
    return frozenset(int(match[1]) for match in matches if match)


@routes.add(
    "GET",
    "/events/top",
    operation="statistics.top",
    access=Access.ANYONE,
    query=TopQuery(),
    answers={200: EventAnswer(many=True)},
)
async def top(call: Call) -> web.Response:
    """List the published events that sold most, best sellers first. Without a day, none that is over."""
    days = {name: call.query[name] for name in ("date_from", "date_to")}
    wanted = EventFilter(**days, with_over=any(days.values()))
    events = await call.look_up(
        list_events, wanted=wanted, sort="-popularity", after=None, limit=call.query["limit"]
    )
    present = _presenter(call)
    return respond([present(listed.view) for listed in events])


@routes.add(
    "POST",
    "/events/{id}/cancel",
    operation="event_cancellation.cancel",
    access=Right.EVENTS_WRITE,
    body=CancelEvent(),
    answers={200: EventAnswer()},
    raises=[EventNotChangeable],
    headers=["If-Match"],
)
async def cancel(call: Call) -> web.Response:
    """Cancel an event: its sale ends, every booking is cancelled and every payment is refunded.

    The event is cancelled at once, and its bookings in the background:
    GET /events/{id}/cancellation shows the progress. Cancelling again returns the same reply.
    """
    await call.db.transact(
        cancel_event,
        call.actor,
        event_id=call.id(),
        versions=seen_versions(call),
        reason=call.body["reason"],
    )
    return await _cancelled(call)


@routes.add(
    "DELETE",
    "/events/{id}",
    operation="event_cancellation.delete",
    access=Right.EVENTS_WRITE,
    answers={200: EventAnswer(), 204: None},
    raises=[EventNotChangeable],
    headers=["If-Match"],
)
async def delete(call: Call) -> web.Response:
    """Delete an event without bookings (204), or cancel an event with bookings (200 and the event)."""
    gone = await call.db.transact(
        withdraw_event,
        call.actor,
        event_id=call.id(),
        versions=seen_versions(call),
    )
    return no_content() if gone else await _cancelled(call)


async def _cancelled(call: Call) -> web.Response:
    view = await call.db.read_primary(get_event, event_id=call.id(), viewer=call.actor)
    return _respond(call, view)


@routes.add(
    "GET",
    "/events/{id}/cancellation",
    operation="event_cancellation.progress",
    access=Right.EVENTS_WRITE,
    answers={200: CancellationAnswer()},
)
async def progress(call: Call) -> web.Response:
    """Show how many bookings are cancelled and refunded, and how many remain."""
    row = await call.db.read_primary(get_cancellation, call.actor, event_id=call.id())
    return respond(present_cancellation(row))
