"""Two demo halls with seats, each with an event that is sold by seat: a theatre and an arena."""

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import orjson

from bms.commands.events.create import create_event
from bms.commands.events.pinning import pin_batch
from bms.commands.events.seating import Pin, begin_seating
from bms.commands.events.seating_plans import NewPlan, create_plan, publish_plan
from bms.commands.events.venues import create_venue
from bms.schemas.events import Event
from bms.seating.chart import Chart
from bms.seating.demo import arena, theatre
from bms.seating.jobs import Published, chart_of, publish_draft
from bms.seating.maps import PlanVersion, SeatMaps
from bms.seating.orphans import OrphanRule
from bms.seating.walk import Layout
from bms.sql.database import Database
from bms.sql.session import Transaction
from bms.terms import Actor


class Hall(NamedTuple):
    """A hall and the event in it. ``prices`` are those of ticket types, ``sells`` the types of a category."""

    plan: str
    draw: Callable[[], Layout]
    venue: Mapping[str, object]
    title: str
    days: int
    time: str
    category: str
    prices: Mapping[str, str]
    sells: Mapping[str, Sequence[str]]
    orphan_rule: OrphanRule


HALLS = (
    Hall(
        "All seats and standing room",
        theatre,
        {
            "name": "Royal Quay Theatre",
            "location": "1 Theatre Square",
            "city": "The Hague",
            "country": "Netherlands",
            "capacity": 1280,
            "facilities": "Bar, cloakroom, hearing loop, twelve wheelchair places",
            "timezone": "Europe/Amsterdam",
        },
        "The Merchant's Daughter",
        16,
        "19:30",
        "theatre",
        {"Stalls": "45.00", "Stalls, child": "22.50", "Circle": "32.00", "Box": "60.00", "Standing": "15.00"},
        {
            "Stalls": ("Stalls", "Stalls, child"),
            "Circle": ("Circle",),
            "Boxes": ("Box",),
            "Standing": ("Standing",),
        },
        OrphanRule.REFUSE,
    ),
    Hall(
        "Stage in the round",
        arena,
        {
            "name": "Meuse Arena",
            "location": "50 Ring Road",
            "city": "Maastricht",
            "country": "Netherlands",
            "capacity": 12_000,
            "facilities": "Bars, cloakroom, wheelchair places in every block of the lower tier",
            "timezone": "Europe/Amsterdam",
        },
        "The Lanterns, One Last Time",
        82,
        "20:00",
        "concert",
        {"Lower tier": "79.00", "Upper tier": "49.00"},
        {"Lower tier": ("Lower tier",), "Upper tier": ("Upper tier",)},
        OrphanRule.OFF,
    ),
)


class DrawnHall(NamedTuple):
    """A hall with its plan: as it is drawn, as it is published, and its chart."""

    hall: Hall
    layout: bytes
    published: Published
    chart: Chart


def draw_halls() -> list[DrawnHall]:
    """Return the halls with their plans, which takes some tenths of a second."""
    drawn = []
    for hall in HALLS:
        layout = orjson.dumps(hall.draw())
        published = publish_draft(layout, None)
        drawn.append(DrawnHall(hall, layout, published, chart_of(published.layout)))
    return drawn


def load_hall(tx: Transaction, organiser: Actor, drawn: DrawnHall, today: dt.date) -> tuple[int, PlanVersion]:
    """Create a hall, its plan and its event, and begin to seat it. Return the event's id and the version."""
    hall = drawn.hall
    venue = create_venue(tx, organiser, fields=dict(hall.venue))
    seats = drawn.published.seats
    plan = create_plan(tx, organiser, new=NewPlan(hall.plan, venue.id, True, drawn.layout, seats, 0))
    version = publish_plan(
        tx, organiser, plan_id=plan.id, revision=plan.revision, latest=None, published=drawn.published
    ).version
    event = create_event(tx, organiser, fields=Event().parse(_event(hall, venue.id, today)))
    ids = {kind.name: kind.id for kind in event.ticket_types}
    types = {category: [ids[name] for name in names] for category, names in hall.sells.items()}
    pin = Pin(plan.id, version, types, hall.orphan_rule)
    begin_seating(tx, organiser, event_id=event.event.id, pin=pin, chart=drawn.chart)
    return event.event.id, PlanVersion(plan.id, version)


async def open_hall(database: Database, drawn: DrawnHall, event_id: int, version: PlanVersion) -> None:
    """Write the seats of an event, which opens its sale. Should this be cut short, the pinner goes on."""
    maps = SeatMaps()
    maps.keep_chart(version, drawn.chart)
    while await database.transact(pin_batch, event_id=event_id, maps=maps):
        pass


def _event(hall: Hall, venue_id: int, today: dt.date) -> dict[str, object]:
    return {
        "title": hall.title,
        "description": f"{hall.title}, a demo event to pick seats for.",
        "date": (today + dt.timedelta(days=hall.days)).isoformat(),
        "time": hall.time,
        "venue": venue_id,
        "category": hall.category,
        # The plan says how many there are of each.
        "ticket_types": [
            {"name": name, "price": price, "capacity": 1} for name, price in hall.prices.items()
        ],
    }
