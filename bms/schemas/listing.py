"""The query parameters of lists. Their values are text, so numbers are read from digits."""

from typing import Any

from marshmallow import ValidationError, fields

from bms.schemas.base import JsonSchema, Line, RequestSchema
from bms.terms import MAX_ID

DEFAULT_LIMIT = 50
MAX_LIMIT = 200


class Number(fields.Field[int]):
    """A whole number from ``low`` to ``high``, in digits."""

    def __init__(self, *, low: int = 1, high: int = MAX_ID, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.low, self.high = low, high

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> int:
        text = str(value)
        # Check the length first: parsing a million digits is slow.
        if (
            len(text) > 19
            or not (text.isascii() and text.isdigit())
            or not self.low <= int(text) <= self.high
        ):
            raise ValidationError(f"A whole number from {self.low} to {self.high} is needed.")
        return int(text)

    def json_schema(self) -> JsonSchema:
        return {"type": "integer", "minimum": self.low, "maximum": self.high}


class Switch(fields.Field[bool]):
    """``true`` or ``false``."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> bool:
        if value not in ("true", "false"):
            raise ValidationError("Either true or false is needed.")
        return bool(value == "true")

    def json_schema(self) -> JsonSchema:
        return {"type": "boolean"}


class ListQuery(RequestSchema):
    """How many rows to list, and the cursor to continue from."""

    limit = Number(high=MAX_LIMIT, load_default=DEFAULT_LIMIT)
    cursor = Line(max=1000, load_default=None, metadata={"pattern": "^[A-Za-z0-9_-]*$"})
