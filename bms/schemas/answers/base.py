"""The base of answer schemas and their fields. Tests check answers against them; no request runs them."""

from typing import Any, ClassVar

from marshmallow import Schema, fields, validate

from bms.schemas.base import JsonSchema
from bms.terms import MAX_ID


class AnswerSchema(Schema):
    """An answer. Every field is always present, except the ``optional`` ones, and there are no others."""

    optional: ClassVar[tuple[str, ...]] = ()

    def on_bind_field(self, field_name: str, field_obj: fields.Field[Any]) -> None:
        field_obj.required = field_name not in self.optional


class Key(fields.Integer):
    """An id."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(strict=True, validate=validate.Range(1, MAX_ID), **kwargs)


class Number(fields.Integer):
    """A count."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(strict=True, validate=validate.Range(min=0), **kwargs)


class Amount(fields.String):
    """An amount of money as text, with the decimals of its currency: none, two or three."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(validate=validate.Regexp(r"[0-9]{1,12}(\.[0-9]{2,3})?\Z"), **kwargs)


class Currency(fields.String):
    """An ISO 4217 code."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(validate=validate.Regexp(r"[A-Z]{3}\Z"), **kwargs)


class Time(fields.String):
    """A time in RFC 3339, in UTC with Z. Milliseconds are written unless they are 0."""

    FORM = r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{3})?Z\Z"

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(validate=validate.Regexp(self.FORM), **kwargs)

    def json_schema(self) -> JsonSchema:
        return {"type": "string", "format": "date-time"}


class Date(fields.String):
    """A date of the form 2027-08-01, in the time zone of the event."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(validate=validate.Regexp(r"[0-9]{4}-[0-9]{2}-[0-9]{2}\Z"), **kwargs)

    def json_schema(self) -> JsonSchema:
        return {"type": "string", "format": "date"}


class Clock(fields.String):
    """A time of day of the form 19:30:00, in the time zone of the event."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(validate=validate.Regexp(r"[0-9]{2}:[0-9]{2}:[0-9]{2}\Z"), **kwargs)


def word(*words: str, **kwargs: Any) -> fields.String:
    """Return a field whose value is one of ``words``."""
    return fields.String(validate=validate.OneOf(words), **kwargs)
