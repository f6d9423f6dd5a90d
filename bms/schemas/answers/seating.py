"""Replies with seating plans and the seating of events."""

from marshmallow import fields

from bms.schemas.answers.base import Amount, AnswerSchema, Key, Number, Time, word
from bms.schemas.base import JsonSchema


class AnyObject(fields.Raw):
    """A JSON object that is described elsewhere."""

    def json_schema(self) -> JsonSchema:
        return {"type": "object"}


class FaultAnswer(AnswerSchema):
    """A fault of a layout, and where it is (RFC 6901)."""

    pointer = fields.String()
    message = fields.String()


class PlanAnswer(AnswerSchema):
    """A seating plan. ``published`` is its last version; ``seats`` and ``fault_count`` are the draft's."""

    id = Key()
    name = fields.String()
    owner = Key()
    venue = Key(allow_none=True)
    shared = fields.Boolean()
    published = Number(allow_none=True)
    seats = Number()
    fault_count = Number()
    revision = Number()
    created_at = Time()
    updated_at = Time()


class DraftAnswer(PlanAnswer):
    """A plan that has just been stored, with all faults of its layout."""

    faults = fields.List(fields.Nested(FaultAnswer))


class DrawingAnswer(PlanAnswer):
    """A plan with the layout that is being drawn."""

    layout = AnyObject()


class CheckedAnswer(AnswerSchema):
    """What a layout holds, and what is wrong with it."""

    seats = Number()
    faults = fields.List(fields.Nested(FaultAnswer))


class ImportedAnswer(CheckedAnswer):
    """A layout that was read or made, and is stored nowhere."""

    layout = AnyObject()


class VersionAnswer(AnswerSchema):
    """A published version. ``categories`` counts the seats of each."""

    plan = Key()
    version = Key()
    sha256 = fields.String()
    seats = Number()
    categories = AnyObject()
    layout_url = fields.String()
    created_at = Time()


class PinnedAnswer(AnswerSchema):
    """What a plan changes for an event, and whether its seats can be bought already."""

    plan = Key()
    version = Key()
    state = word("OPEN", "PINNING", "PREVIEW")
    seats = Number()
    added = Number()
    removed = Number()
    repriced = Number()


class SeatCategoryAnswer(AnswerSchema):
    """A category, and the ticket types that sell it. A standing area has no seats but room."""

    name = fields.String()
    standing = fields.Boolean()
    seats = Number()
    free = Number()
    ticket_types = fields.List(Key())


class ReleaseAnswer(AnswerSchema):
    """When accessible places go to the general sale, and when they have gone."""

    hours_before = Number(allow_none=True)
    when_rest_is_sold = fields.Boolean()
    released_at = Time(allow_none=True)


class SeatingAnswer(AnswerSchema):
    """How an event is seated. ``layout`` is there below 5,000 seats, or where a part was asked for."""

    optional = ("layout",)

    plan = Key()
    version = Key()
    state = word("OPEN", "PINNING")
    sha256 = fields.String()
    layout_url = fields.String()
    orphan_rule = fields.String()
    release_accessible = fields.Nested(ReleaseAnswer)
    seats = Number()
    categories = fields.List(fields.Nested(SeatCategoryAnswer))
    layout = AnyObject()


class CategoryLeftAnswer(AnswerSchema):
    """What is free of a category. A standing area has nothing together."""

    optional = ("largest_together",)

    name = fields.String()
    free = Number()
    largest_together = Number()
    price_from = Amount()


class AvailabilityAnswer(AnswerSchema):
    """All seats, or those that changed. Seat n is two bits of ``states`` (base64): 0 free, 1 held, 2 sold, 3
    blocked; of byte n div 4 those from 2 (n mod 4) on, the lowest first.
    """

    optional = ("seats", "states", "categories", "changes")

    plan_version = Key()
    sequence = Number()
    seats = Number()
    states = fields.String()
    categories = fields.List(fields.Nested(CategoryLeftAnswer))
    changes = fields.List(fields.List(Number()))


class SuggestedSeatAnswer(AnswerSchema):
    """A seat that is free now."""

    guid = fields.String()
    section = fields.String()
    row = fields.String()
    number = fields.String()


class SuggestedLineAnswer(AnswerSchema):
    """Seats for a line."""

    ticket_type = Key()
    seats = fields.List(fields.Nested(SuggestedSeatAnswer))


class SuggestionAnswer(AnswerSchema):
    """Seats that are free now. Nothing is held."""

    fit = word("together", "split", "standing")
    lines = fields.List(fields.Nested(SuggestedLineAnswer))


class ChangedSeatsAnswer(AnswerSchema):
    """How many seats changed."""

    seats = Number()
