"""Changes of a drawing, as an editor sends them."""

from typing import Any

from marshmallow import ValidationError, fields, validate, validates_schema

from bms.schemas.base import Count, Items, Line, RequestSchema
from bms.seating.edits import Do, Edit, Where
from bms.seating.terms import MAX_SEATS, Kind

MAX_EDITS = 2000  # of one batch
# What an edit needs besides what it does.
NEEDS = {
    Do.CATEGORY: ("name",),
    Do.KIND: ("kind",),
    Do.ROW: ("name",),
    Do.NEW_CATEGORY: ("name",),
    Do.FOCUS: ("x", "y"),
}
_OF_SEATS = frozenset(Do) - {Do.FOCUS, Do.NEW_CATEGORY, Do.REPAIR}


class Runs(fields.Field[list[tuple[int, int]]]):
    """Seats by their place in document order, as [first, last, first, last, ...]."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> list[tuple[int, int]]:
        if not isinstance(value, list) or len(value) % 2 or len(value) > 2 * MAX_SEATS:
            raise ValidationError("Pairs of a first and a last seat are needed.")
        if not all(type(one) is int and 0 <= one < MAX_SEATS for one in value):
            raise ValidationError("Pairs of a first and a last seat are needed.")
        return list(zip(value[::2], value[1::2], strict=True))


class SeatsByLabel(RequestSchema):
    """Seats by their labels, from the first to the last; an empty label is the first or last there is."""

    section = Line(max=100, required=True)
    first_row = Line(max=32, load_default="")
    last_row = Line(max=32, load_default="")
    first_seat = Line(max=32, load_default="")
    last_seat = Line(max=32, load_default="")


class PlanEdit(RequestSchema):
    """One change."""

    do = fields.String(required=True, validate=validate.OneOf(tuple(Do), error="There is no such change."))
    seats = Runs(load_default=None)
    where = fields.Nested(SeatsByLabel(), load_default=None)
    name = Line(max=100, min=1)
    kind = fields.String(validate=validate.OneOf(tuple(Kind), error="There is no such kind of seat."))
    color = fields.String(
        validate=validate.Regexp(r"#[0-9A-Fa-f]{6}\Z", error="A colour such as #7f4a91 is needed.")
    )
    first = Count(low=1, high=9999, load_default=1)
    step = fields.Integer(
        strict=True,
        validate=validate.OneOf((1, 2, -1, -2), error="A step of 1 or 2 is needed."),
        load_default=1,
    )
    x = fields.Float(allow_nan=False, validate=validate.Range(-1e6, 1e6, error="This is too far away."))
    y = fields.Float(allow_nan=False, validate=validate.Range(-1e6, 1e6, error="This is too far away."))

    @validates_schema
    def complete(self, data: dict[str, Any], **_: Any) -> None:
        do = Do(data["do"])
        for name in NEEDS.get(do, ()):
            if name not in data:
                raise ValidationError("Missing data for required field.", name)
        if do in _OF_SEATS and data["seats"] is None and data["where"] is None:
            raise ValidationError("Missing data for required field.", "seats")
        if do is Do.NUMBER and data["step"] < 0 and data["first"] < 2:
            raise ValidationError("To count down, begin with the highest number.", "first")


class EditPlan(RequestSchema):
    """A batch of changes, one after the other."""

    edits = Items(fields.Nested(PlanEdit()), low=1, high=MAX_EDITS, required=True)


def edits_of(body: dict[str, Any]) -> list[Edit]:
    """Return the edits in a parsed ``EditPlan``."""
    return [
        Edit(
            **{
                **edit,
                "do": Do(edit["do"]),
                "seats": edit["seats"] or (),
                "where": None if edit["where"] is None else Where(**edit["where"]),
                **({"kind": Kind(edit["kind"])} if "kind" in edit else {}),
            }
        )
        for edit in body["edits"]
    ]
