"""Seating plans: request bodies."""

from typing import Any, cast

import orjson
from marshmallow import INCLUDE, ValidationError, fields, validate, validates_schema

from bms.formats import rfc3339
from bms.queries.seating_plans import PlanRow, VersionRow
from bms.schemas.base import Count, Flag, Id, Items, JsonSchema, Line, RequestSchema
from bms.schemas.listing import ListQuery
from bms.seating.faults import Fault
from bms.seating.forms import Form
from bms.seating.generator import MAX_SECTIONS, Bays, Section
from bms.seating.orphans import OrphanRule
from bms.seating.row_names import Numbering
from bms.terms import MAX_TICKET_TYPES

MAX_ROWS = 500  # of one section
MAX_SEATS_PER_ROW = 500
_NUMBERINGS = tuple(Numbering)


class WheelchairBays(RequestSchema):
    """``count`` wheelchair places from the seat ``from`` on, each with a companion's seat after it."""

    row = Line(max=32, min=1, required=True)
    start = Count(high=MAX_SEATS_PER_ROW, required=True, data_key="from")
    count = Count(high=MAX_SEATS_PER_ROW, required=True)


class GeneratedSection(RequestSchema):
    """A block of equal rows. ``aisles_after`` counts seats from the left, whatever their numbers are."""

    name = Line(max=64, min=1, required=True)
    category = Line(max=100, min=1, required=True)
    rows = Count(high=MAX_ROWS, required=True)
    seats_per_row = Count(high=MAX_SEATS_PER_ROW, required=True)
    curve = fields.Float(
        allow_nan=False,
        validate=validate.Range(0, 1, error="A number from 0 to 1 is needed."),
        load_default=0.0,
    )
    numbering = fields.String(
        validate=validate.OneOf(_NUMBERINGS, error=f"Must be one of {', '.join(_NUMBERINGS)}."),
        load_default=Numbering.LEFT_TO_RIGHT,
    )
    first_row = fields.String(
        validate=validate.Regexp(
            r"([A-Z]{1,3}|[0-9]{1,4})\Z", error="Letters such as A, or a number, are needed."
        ),
        load_default="A",
    )
    skip_letters = fields.String(
        validate=validate.Regexp(r"[A-Z]{0,20}\Z", error="Letters such as IO are needed."), load_default=""
    )
    aisles_after = Items(Count(high=MAX_SEATS_PER_ROW), low=0, high=20, load_default=list)
    wheelchair_bays = Items(fields.Nested(WheelchairBays()), low=0, high=100, load_default=list)


class GeneratePlan(RequestSchema):
    """POST /seating-plans/generate."""

    name = Line(max=200, min=1, load_default="Plan")
    sections = Items(fields.Nested(GeneratedSection()), low=1, high=MAX_SECTIONS, required=True)


def sections_of(body: dict[str, Any]) -> list[Section]:
    """Return the sections in a parsed ``GeneratePlan``."""
    return [
        Section(
            **{
                **section,
                "numbering": Numbering(section["numbering"]),
                "wheelchair_bays": [Bays(**bays) for bays in section["wheelchair_bays"]],
            }
        )
        for section in body["sections"]
    ]


class LayoutField(fields.Raw):
    """A layout, which a process of its own checks."""

    def json_schema(self) -> JsonSchema:
        return {
            "type": "object",
            "description": "bms-plan/1 (/schemas/seating-plan.json) or pretix's form.",
        }


class PlanFields(RequestSchema):
    """What a plan has besides its layout."""

    name = Line(max=200, min=1, required=True)
    venue = Id(load_default=None, allow_none=True)
    shared = Flag(load_default=False)


class SeatingPlan(PlanFields):
    """POST /seating-plans and PUT /seating-plans/{id}."""

    layout = LayoutField(required=True)


class CheckPlan(RequestSchema):
    """POST /seating-plans/check."""

    layout = LayoutField(required=True)


class PlanFile(RequestSchema):
    """POST /seating-plans/import: the plan as a file. Any members are read, as the form has them."""

    class Meta(RequestSchema.Meta):
        unknown = INCLUDE


class PlanForm(RequestSchema):
    """The form of a plan in a query."""

    format = fields.String(
        validate=validate.OneOf(tuple(Form), error=f"Must be one of {', '.join(Form)}."),
        load_default=Form.BMS,
    )


class PlanList(ListQuery):
    """GET /seating-plans."""


class SeatingPreview(RequestSchema):
    """PUT /events/{id}/seating?preview=true."""

    preview = fields.String(
        validate=validate.OneOf(("true", "false"), error="Must be true or false."), load_default="false"
    )


class TypesByCategory(fields.Field[dict[str, list[int]]]):
    """Ticket types by the name of the category that they sell."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> dict[str, list[int]]:
        if not isinstance(value, dict):
            raise ValidationError("An object of categories and ticket types is needed.")
        if not 1 <= len(value) <= 100:
            raise ValidationError("From 1 to 100 categories are needed.")
        name, ids = Line(max=100, min=1), Items(Id(), low=1, high=MAX_TICKET_TYPES)
        return {
            str(name.deserialize(key)): cast("list[int]", ids.deserialize(one)) for key, one in value.items()
        }

    def json_schema(self) -> JsonSchema:
        ids = {"type": "array", "items": {"type": "integer", "minimum": 1}, "minItems": 1}
        return {"type": "object", "additionalProperties": ids, "minProperties": 1}


class ReleaseAccessible(RequestSchema):
    """When what is left of the wheelchair places and companions' seats goes to the general sale."""

    hours_before = Count(low=0, high=8760, load_default=None, allow_none=True)
    when_rest_is_sold = Flag(load_default=False)


class PinSeating(RequestSchema):
    """PUT /events/{id}/seating: a version of a plan, the last if none is given, and what sells its seats."""

    plan = Id(required=True)
    version = Count(load_default=None)
    categories = TypesByCategory(required=True)
    orphan_rule = fields.String(
        validate=validate.OneOf(tuple(OrphanRule), error=f"Must be one of {', '.join(OrphanRule)}."),
        load_default=OrphanRule.REFUSE,
    )
    release_accessible = fields.Nested(
        ReleaseAccessible(),
        load_default=None,
        allow_none=True,
        metadata={"description": "Without it, accessible places stay for those who need them."},
    )


class SeatingQuery(RequestSchema):
    """GET /events/{id}/seating: all of it, one section, or the outline alone."""

    section = Line(max=100, min=1, load_default=None)
    layout = fields.String(validate=validate.OneOf(("none",), error="Must be none."), load_default=None)


class Since(fields.Field[int]):
    """A sequence in a query."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> int:
        if not isinstance(value, str) or not value.isascii() or not value.isdigit() or len(value) > 18:
            raise ValidationError("A sequence is needed, as an earlier reply has it.")
        return int(value)

    def json_schema(self) -> JsonSchema:
        return {"type": "integer", "minimum": 0, "maximum": 10**18 - 1}


class SeatChanges(RequestSchema):
    """GET /events/{id}/seating/availability: all, or what changed ``since``."""

    since = Since(load_default=None)


class BlockSeats(RequestSchema):
    """POST /events/{id}/seats/block."""

    seats = Items(Line(max=190, min=1), low=1, high=1000, required=True)
    reason = Line(max=200, min=1, required=True)


class UnblockSeats(RequestSchema):
    """POST /events/{id}/seats/unblock."""

    seats = Items(Line(max=190, min=1), low=1, high=1000, required=True)


class Move(RequestSchema):
    """A ticket and the seat it is to have."""

    ticket = Id(required=True)
    to = Line(max=190, min=1, required=True)


class Reseat(RequestSchema):
    """POST /bookings/{id}/reseat. Moves may exchange seats."""

    moves = Items(fields.Nested(Move()), low=1, high=100, required=True)

    @validates_schema
    def each_once(self, data: dict[str, Any], **_: Any) -> None:
        moves = data["moves"]
        if len({move["ticket"] for move in moves}) < len(moves):
            raise ValidationError("A ticket is named twice.", "moves")
        if len({move["to"].casefold() for move in moves}) < len(moves):
            raise ValidationError("A seat is named twice.", "moves")


def present_faults(faults: list[Fault]) -> list[dict[str, str]]:
    """Return what is wrong with a plan as the API shows it."""
    return [fault._asdict() for fault in faults]


def present_plan(plan: PlanRow) -> dict[str, Any]:
    """Return a plan without its layout as the API shows it."""
    return {
        "id": plan.id,
        "name": plan.name,
        "owner": plan.owner_id,
        "venue": plan.venue_id,
        "shared": bool(plan.shared),
        "published": plan.published,
        "seats": plan.seats,
        "fault_count": plan.faults,
        "revision": plan.revision,
        "created_at": rfc3339(plan.created_at),
        "updated_at": rfc3339(plan.updated_at),
    }


def present_version(version: VersionRow) -> dict[str, Any]:
    """Return a version of a plan as the API shows it."""
    return {
        "plan": version.plan_id,
        "version": version.version,
        "sha256": version.sha256,
        "seats": version.seats,
        "categories": orjson.loads(version.categories),
        "layout_url": f"/seating-layouts/{version.sha256}",
        "created_at": rfc3339(version.created_at),
    }
