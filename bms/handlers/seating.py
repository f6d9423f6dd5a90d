"""The seats of events: pin a plan, look, suggest, block, re-seat."""

import gzip
from typing import Any

from aiohttp import ETag, web

from bms.checkout.pinning import AT_ONCE, pin_seats
from bms.commands.events.seat_blocks import block_seats, unblock_seats
from bms.commands.events.seating import Pin, begin_seating, remove_seating
from bms.commands.sales.pricing import Wanted
from bms.commands.sales.reseat import reseat_booking, reseat_tickets
from bms.commands.sales.seat_reading import LiveSeats, suggest_seats
from bms.errors import (
    BMSError,
    BookingsWithoutSeats,
    CapacityBelowSold,
    CompanionSeat,
    EventNotChangeable,
    Forbidden,
    NoBlock,
    NotFound,
    NotOnSale,
    NotTogether,
    OrphanSeat,
    OtherCategory,
    Overloaded,
    SeatsSold,
    SeatsTaken,
    SoldOut,
    TableWhole,
)
from bms.formats import rfc3339
from bms.handlers.seating_plans import worked
from bms.http.call import Access, Call
from bms.http.endpoint import Routes
from bms.http.pages import no_content, respond, respond_with
from bms.http.shared import NO_CACHE, SharedReply
from bms.money import Money
from bms.queries.booking_lookup import get_bookings
from bms.queries.bookings import get_booking
from bms.queries.events import get_event
from bms.queries.seating_plans import get_layout, get_version, get_version_of
from bms.queries.seats import find_seating
from bms.schemas.answers.bookings import BookingAnswer
from bms.schemas.answers.seating import (
    AvailabilityAnswer,
    ChangedSeatsAnswer,
    PinnedAnswer,
    SeatingAnswer,
    SuggestionAnswer,
)
from bms.schemas.bookings import QuoteTickets, present_booking
from bms.schemas.seating import (
    BlockSeats,
    PinSeating,
    Reseat,
    SeatChanges,
    SeatingPreview,
    SeatingQuery,
    UnblockSeats,
)
from bms.seating import jobs
from bms.seating.maps import PlanVersion
from bms.terms import Right, Service

routes = Routes(Service.EVENTS)

WHOLE = 5000  # seats below which a reply has the layout itself
# What a choice of seats may be refused with.
REFUSALS: list[type[BMSError]] = [
    SeatsTaken,
    OtherCategory,
    NoBlock,
    TableWhole,
    CompanionSeat,
    OrphanSeat,
    NotTogether,
]


@routes.add(
    "PUT",
    "/events/{id}/seating",
    operation="seating.pin",
    access=Right.EVENTS_WRITE,
    body=PinSeating(),
    query=SeatingPreview(),
    answers={200: PinnedAnswer(), 202: PinnedAnswer()},
    raises=[EventNotChangeable, SeatsSold, BookingsWithoutSeats, CapacityBelowSold, Overloaded],
    dear=True,
)
async def pin(call: Call) -> web.Response:
    """Seat an event by a published plan. With ``preview`` only say what would change.

    Above 5,000 seats the reply is 202, and the sale opens when all seats are written.
    """
    body = call.body
    version = await call.db.read_primary(
        get_version, call.actor, plan_id=body["plan"], version=body["version"]
    )
    wanted = PlanVersion(version.plan_id, version.version)
    chart = await call.charts.load(wanted)
    rule = body["release_accessible"]
    release = () if rule is None else (rule["hours_before"], rule["when_rest_is_sold"])
    preview = call.query["preview"] == "true"
    difference = await call.db.transact(
        begin_seating,
        call.actor,
        event_id=call.id(),
        pin=Pin(*wanted, body["categories"], body["orphan_rule"], *release),
        chart=chart,
        preview=preview,
    )
    state = "PREVIEW" if preview else "PINNING"
    if not preview and difference.seats <= AT_ONCE:
        await pin_seats(call.db, call.charts, call.id())
        state = "OPEN"
    shown = {"plan": version.plan_id, "version": version.version, "state": state, **difference._asdict()}
    return respond(shown, 202 if state == "PINNING" else 200)


@routes.add(
    "DELETE",
    "/events/{id}/seating",
    operation="seating.remove",
    access=Right.EVENTS_WRITE,
    answers={204: None},
    raises=[SeatsSold],
)
async def remove(call: Call) -> web.Response:
    """Sell an event's tickets without seats again, while none is held or sold."""
    await call.db.transact(remove_seating, call.actor, event_id=call.id())
    return no_content()


@routes.add(
    "GET",
    "/events/{id}/seating",
    operation="seating.show",
    access=Access.ANYONE,
    query=SeatingQuery(),
    answers={200: SeatingAnswer()},
    raises=[Overloaded],
)
async def show(call: Call) -> web.Response:
    """Show how an event is seated: its plan and what sells which category, and the layout of small plans."""
    await call.look_up(get_event, event_id=call.id(), viewer=call.viewer)
    seating = await call.db.read_primary(find_seating, event_id=call.id())
    if seating is None:
        raise NotFound("The event has no seating")
    version = await call.db.read_primary(get_version_of, plan_id=seating.plan_id, version=seating.version)
    shown: dict[str, Any] = {
        "plan": seating.plan_id,
        "version": seating.version,
        "state": seating.state,
        "sha256": version.sha256,
        "layout_url": f"/seating-layouts/{version.sha256}",
        "orphan_rule": seating.orphan_rule,
        "release_accessible": {
            "hours_before": seating.release_hours,
            "when_rest_is_sold": seating.release_when_sold,
            "released_at": rfc3339(seating.released_at),
        },
        "seats": version.seats,
        "categories": [
            {
                "name": category.name,
                "standing": category.is_standing,
                "seats": category.seats,
                "free": category.free,
                "ticket_types": sorted(kind for kind, of in seating.types.items() if number in of),
            }
            for number, category in seating.categories.items()
        ],
    }
    section, part = call.query["section"], call.query["layout"]
    if section is None and part is None and version.seats >= WHOLE:
        return respond(shown)
    packed = await call.db.read_primary(get_layout, plan_id=version.plan_id, version=version.version)
    if section is not None:
        found = await worked(call, jobs.section_in, packed, section)
        if found is None:
            raise NotFound("The plan has no such section")
        layout = found
    elif part is not None:
        layout = await worked(call, jobs.outline_of, packed)
    else:
        layout = gzip.decompress(packed)
    return respond_with(shown, "layout", layout, {"Cache-Control": NO_CACHE})


@routes.add(
    "GET",
    "/events/{id}/seating/availability",
    operation="seating.availability",
    access=Access.ANYONE,
    query=SeatChanges(),
    answers={200: AvailabilityAnswer(), 304: None},
    raises=[NotOnSale],
    headers=["If-None-Match"],
)
async def availability(call: Call) -> web.Response:
    """Show which seats are free, at most 250 ms ago; with ``since`` only those that changed."""
    event_id, since = call.id(), call.query["since"]
    live = await call.seat_watch.look(event_id)
    if live.is_draft:
        await call.look_up(get_event, event_id=event_id, viewer=call.viewer)
    changes = None if since is None else live.seat_map.changes_since(since)
    if changes is None:
        return (await call.seat_watch.share(event_id)).response(call.request)
    shown = {"plan_version": live.seating.version, "sequence": live.seat_map.sequence, "changes": changes}
    return respond(shown, headers={"Cache-Control": NO_CACHE})


def all_seats(live: LiveSeats) -> SharedReply:
    """Return the reply to whoever asks for the state of all seats of an event."""
    lowest, currency = live.lowest_prices(), live.offered.event.currency
    more: dict[str, dict[str, Any]] = {}
    for number, category in live.seating.categories.items():
        more[category.name] = {"price_from": Money(lowest[number], currency).text}
        if category.is_standing:
            more[category.name]["free"] = category.free
    rendered = live.seat_map.snapshot().render(live.seating.version, more)
    response = web.Response(body=rendered.identity, content_type="application/json")
    response.etag = ETag(f"{live.seating.opened}-{rendered.digest}")
    reply = SharedReply.of(response)
    reply.gzipped = rendered.compressed
    return reply


@routes.add(
    "POST",
    "/events/{id}/seating/suggest",
    operation="seating.suggest",
    access=Access.ANYONE,
    body=QuoteTickets(),
    answers={200: SuggestionAnswer()},
    raises=[NotOnSale, SoldOut, *REFUSALS],
    dear=True,
)
async def suggest(call: Call) -> web.Response:
    """Suggest seats for a booking. Nothing is held."""
    wanted = [Wanted(*line) for line in call.body["wanted"]]
    found = await call.charts.run(
        lambda: call.db.read_primary(suggest_seats, event_id=call.id(), wanted=wanted, maps=call.charts.maps)
    )
    lines = [
        {
            "ticket_type": kind,
            "seats": [
                {"guid": seat.guid, "section": seat.section, "row": seat.row, "number": seat.number}
                for seat in seats
            ],
        }
        for kind, seats in found.lines.items()
    ]
    return respond({"fit": found.fit or "together", "lines": lines})


@routes.add(
    "POST",
    "/events/{id}/seats/block",
    operation="seating.block",
    access=Right.SEATS_MANAGE,
    body=BlockSeats(),
    answers={200: ChangedSeatsAnswer()},
    raises=[SeatsTaken, Overloaded],
)
async def block(call: Call) -> web.Response:
    """Block free seats with a reason. Only the event's organiser and admins may."""
    seats = {"event_id": call.id(), "guids": call.body["seats"]}
    count = await call.charts.run(
        lambda: call.db.transact(block_seats, call.actor, **seats, reason=call.body["reason"])
    )
    return respond({"seats": count})


@routes.add(
    "POST",
    "/events/{id}/seats/unblock",
    operation="seating.unblock",
    access=Right.SEATS_MANAGE,
    body=UnblockSeats(),
    answers={200: ChangedSeatsAnswer()},
    raises=[Overloaded],
)
async def unblock(call: Call) -> web.Response:
    """Free blocked seats. Only the event's organiser and admins may."""
    seats = {"event_id": call.id(), "guids": call.body["seats"]}
    count = await call.charts.run(lambda: call.db.transact(unblock_seats, call.actor, **seats))
    return respond({"seats": count})


@routes.add(
    "POST",
    "/bookings/{id}/reseat",
    operation="seating.reseat",
    access=Right.SEATS_MANAGE,
    body=Reseat(),
    answers={200: BookingAnswer()},
    raises=[SeatsTaken, OtherCategory, NotOnSale, Forbidden, Overloaded],
)
async def reseat(call: Call) -> web.Response:
    """Give tickets of a booking other seats, or let them exchange theirs. No money moves.

    The holder is told. To exchange seats of several bookings, name their event.
    """
    await call.charts.run(
        lambda: call.db.transact(reseat_booking, call.actor, booking_id=call.id(), moves=_moves(call))
    )
    view = await call.db.read_primary(get_booking, booking_id=call.id(), viewer_id=None)
    return respond(present_booking(view))


@routes.add(
    "POST",
    "/events/{id}/reseat",
    operation="seating.reseat_event",
    access=Right.SEATS_MANAGE,
    body=Reseat(),
    answers={200: BookingAnswer(many=True)},
    raises=[SeatsTaken, OtherCategory, NotOnSale, Overloaded],
)
async def reseat_event(call: Call) -> web.Response:
    """Give tickets of an event other seats, all at once: those of several bookings may exchange theirs.

    Only the event's organiser and admins may. No money moves, codes stay, and the holders are told. Returns
    their bookings.
    """
    ids = await call.charts.run(
        lambda: call.db.transact(reseat_tickets, call.actor, event_id=call.id(), moves=_moves(call))
    )
    views = await call.db.read_primary(get_bookings, booking_ids=ids)
    return respond([present_booking(view) for view in views])


def _moves(call: Call) -> list[tuple[int, str]]:
    return [(move["ticket"], move["to"]) for move in call.body["moves"]]
