"""The base of request schemas, and strict fields: what they accept, every supported database can store."""

import datetime as dt
import difflib
import re
from collections.abc import Iterable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any, ClassVar, cast

from marshmallow import RAISE, Schema, ValidationError, fields, pre_load, validate

from bms import zones
from bms.characters import CONTROL, MAX_MARKS, REORDERING, composed, is_visible
from bms.errors import ValidationFailed
from bms.i18n.tags import MAX_TAG, PATTERN, canonical
from bms.money import EXPONENTS, MAX_AMOUNT, STORED
from bms.terms import MAX_COUNT, MAX_ID
from bms.zones import MAX_NAME as MAX_ZONE

MAX_ERRORS = 100  # in one reply
MAX_FAULTY = 20  # items of one list
MAX_MEMBERS = 100  # of one object; no schema has half as many
MAX_MEANT = 5  # unknown names of one object for which the right one is looked for, 0.1 ms each
MAX_NAME = 40  # characters of such a name

_AMOUNT = re.compile(r"[0-9]{1,10}(\.[0-9]{1,3})?")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_TIME = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,9})?)?"
    r"([Zz]|[+-][0-9]{2}:?[0-9]{2})?"
)


JsonSchema = dict[str, Any]


class RequestSchema(Schema):
    """A request body or query. Unknown fields are refused by name.

    ``older_names`` maps older names of fields to their names. An older name counts as unknown if the field
    itself, or another older name of it, is sent as well. A field with the metadata ``deprecated`` is an older
    name that is read by itself. ``needed`` are the fields that a body has in today's shape, though not in an
    older one.
    """

    older_names: ClassVar[Mapping[str, str]] = {}
    needed: ClassVar[tuple[str, ...]] = ()

    class Meta:
        unknown = RAISE

    error_messages = {  # noqa: RUF012
        "unknown": "There is no such field.",
        "type": "A JSON object is needed.",
    }

    @pre_load
    def rename(self, data: Any, **_: Any) -> Any:
        """Return ``data`` with older names replaced by those of their fields, unless both are sent."""
        if not isinstance(data, dict):
            return data
        if len(data) > MAX_MEMBERS:  # before each is looked at, and gets an error
            raise ValidationError(f"At most {MAX_MEMBERS} fields are read.")
        if not self.older_names:
            return data
        renamed: dict[Any, Any] = {}
        for key, value in data.items():
            name = self.older_names.get(key, key)
            renamed[key if name in data or name in renamed else name] = value
        return renamed

    def handle_error(self, error: ValidationError, data: Any, **_: Any) -> None:
        """Say for unknown fields which one was probably meant."""
        messages = error.messages
        if not isinstance(messages, dict):
            return
        unknown = [name for name, found in messages.items() if found == [self.error_messages["unknown"]]]
        names = [
            field.data_key or name
            for name, field in self.load_fields.items()
            if not field.metadata.get("deprecated")
        ]
        for name in unknown[:MAX_MEANT]:
            meant = closest(name, names) if isinstance(name, str) else None
            if meant is not None:
                messages[name] = [f"{self.error_messages['unknown']} Did you mean `{meant}`?"]

    def parse(self, data: Any) -> dict[str, Any]:
        """Return the validated ``data``.

        Raises ValidationFailed with a JSON Pointer for each of the first MAX_ERRORS mistakes.
        """
        try:
            return cast("dict[str, Any]", self.load(data))
        except ValidationError as error:
            raise ValidationFailed(flatten(error.messages)[:MAX_ERRORS]) from None


def closest(name: str, names: Iterable[str]) -> str | None:
    """Return the one of ``names`` that ``name`` was probably meant to be, None if none is like it."""
    if len(name) > MAX_NAME:
        return None
    found = difflib.get_close_matches(name.lower(), names, n=1, cutoff=0.7)
    return found[0] if found else None


def flatten(messages: Any, pointer: str = "") -> list[dict[str, str]]:
    """Return marshmallow's nested messages as ``{"pointer", "message"}`` (RFC 6901)."""
    if isinstance(messages, Mapping):
        found = []
        for key, value in messages.items():
            step = "" if key == "_schema" else "/" + str(key).replace("~", "~0").replace("/", "~1")
            found += flatten(value, pointer + step)
        return found
    return [{"pointer": pointer, "message": str(message)} for message in messages]


class Text(fields.String):
    """Text of at most ``max`` UTF-16 units, the way SQL Server counts NVARCHAR.

    NUL and lone surrogates are refused, as no database stores them. Unless ``strip`` is off, blanks at the
    ends are removed, equal texts get one form (Unicode's NFC), and characters that reorder others are
    refused. With a ``min`` something must be visible.
    """

    def __init__(self, *, max: int, min: int = 0, strip: bool = True, **kwargs: Any) -> None:  # noqa: A002
        super().__init__(**kwargs)
        self.max, self.min, self.strip = max, min, strip

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        text = super()._deserialize(value, attr, data, **kwargs)
        if self.strip:
            text = text.strip()
        if text.isascii() and text.isprintable() and self.min <= len(text) <= self.max:
            return text  # nearly all texts, and nothing below would object to them
        if "\x00" in text:
            raise ValidationError("The NUL character is not allowed.")
        if len(text) > self.max:  # before its characters are looked at
            raise ValidationError(f"Longer than {self.max} characters.")
        try:
            if self.strip:
                text = composed(text)
            units = len(text.encode("utf-16-le")) // 2
        except UnicodeEncodeError:
            raise ValidationError("Half a surrogate pair is not text.") from None
        except ValueError:
            raise ValidationError(f"More than {MAX_MARKS} marks on one letter.") from None
        if units > self.max:
            raise ValidationError(f"Longer than {self.max} characters.")
        if self.strip and REORDERING.search(text):
            raise ValidationError("Characters that change the direction of text are not allowed.")
        if self.strip and self.min and not is_visible(text):
            raise ValidationError("May not be empty.")
        if len(text) < self.min:
            raise ValidationError(
                "May not be empty." if self.min == 1 else f"Shorter than {self.min} characters."
            )
        return text

    def json_schema(self) -> JsonSchema:
        bounds = {"minLength": self.min} if self.min else {}
        return {"type": "string", "maxLength": self.max, **bounds}


class Line(Text):
    """Text of one line: no line breaks or other control characters."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        text = super()._deserialize(value, attr, data, **kwargs)
        if CONTROL.search(text):
            raise ValidationError("Control characters are not allowed.")
        return text


class Items(fields.List[Any]):
    """A list of ``low`` to ``high`` items. Its length is checked before any of them.

    Items after MAX_FAULTY faulty ones are not looked at.
    """

    def __init__(self, item: fields.Field[Any], *, low: int, high: int, **kwargs: Any) -> None:
        super().__init__(item, **kwargs)
        self.low, self.high = low, high

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> list[Any]:
        if not isinstance(value, list):
            raise self.make_error("invalid")
        if not self.low <= len(value) <= self.high:
            raise ValidationError(f"From {self.low} to {self.high} are needed.")
        items: list[Any] = []
        errors: dict[int, Any] = {}
        for index, item in enumerate(value):
            try:
                items.append(self.inner.deserialize(item, **kwargs))
            except ValidationError as error:
                errors[index] = error.messages
                if len(errors) >= MAX_FAULTY:
                    break
        if errors:
            raise ValidationError(cast("dict[str, Any]", errors))
        return items

    def json_schema(self) -> JsonSchema:
        return {"type": "array", "minItems": self.low, "maxItems": self.high}


class LanguageTag(fields.String):
    """A language, as a tag of BCP 47 such as ``pt-BR``; loaded in its usual case."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        try:
            return canonical(super()._deserialize(value, attr, data, **kwargs))
        except ValueError:
            raise ValidationError('A language tag such as "de" or "pt-BR" is needed.') from None

    def json_schema(self) -> JsonSchema:
        return {
            "type": "string",
            "maxLength": MAX_TAG,
            "pattern": f"^{PATTERN}$",
            "description": "A language, as a tag of BCP 47 such as de or pt-BR. "
            "BMS writes in its own default while it has no texts in this one.",
        }


class Id(fields.Integer):
    """An id. Only JSON numbers are accepted."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            strict=True, validate=validate.Range(1, MAX_ID, error="There is no such id."), **kwargs
        )


class Count(fields.Integer):
    """A whole number from ``low`` to ``high``."""

    def __init__(self, *, low: int = 1, high: int = MAX_COUNT, **kwargs: Any) -> None:
        message = f"A whole number from {low} to {high} is needed."
        super().__init__(strict=True, validate=validate.Range(low, high, error=message), **kwargs)


class MoneyField(fields.Field[Decimal]):
    """An amount as text ("25.00") or number: not negative, at most three decimals.

    Its currency may have fewer. Who knows the currency checks that.
    """

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Decimal:
        if isinstance(value, bool) or not isinstance(value, int | float | str):
            raise ValidationError('An amount such as "25.00" is needed.')
        try:
            # Decimal accepts more: digits of any script, 1_000, 1e2, NaN.
            if isinstance(value, str) and not _AMOUNT.fullmatch(value.strip()):
                raise InvalidOperation
            amount = Decimal(str(value).strip())
            if not amount.is_finite() or not 0 <= amount <= MAX_AMOUNT or amount != amount.quantize(STORED):
                raise ValidationError(f"An amount from 0.00 to {MAX_AMOUNT} is needed.")
        except InvalidOperation:
            raise ValidationError('An amount such as "25.00" is needed.') from None
        return abs(amount.quantize(STORED))  # -0.0 is 0.000

    def json_schema(self) -> JsonSchema:
        return {
            "type": "string",
            "pattern": r"^\s*[0-9]{1,10}(\.[0-9]{1,3})?\s*$",
            "description": "An amount as text, with at most the decimals of its currency.",
        }

    def older_schema(self) -> JsonSchema:
        return {
            **self.json_schema(),
            "type": ["string", "number"],
            "minimum": 0,
            "maximum": float(MAX_AMOUNT),
            "description": "An amount with at most the decimals of its currency, best as text.",
        }


class CurrencyCode(fields.String):
    """A currency of ISO 4217 with none, two or three decimals, as a code of three capitals."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            validate=validate.OneOf(EXPONENTS, error="An ISO 4217 code such as EUR is needed."), **kwargs
        )

    def json_schema(self) -> JsonSchema:
        return {
            "type": "string",
            "pattern": "^[A-Z]{3}$",
            "description": "A currency of ISO 4217 with none, two or three decimals.",
        }


class Moment(fields.Field[dt.datetime]):
    """A time in RFC 3339, cut to milliseconds: in UTC if it has an offset, else in local time."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> dt.datetime:
        try:
            # fromisoformat accepts more: weeks, any character between date and time, NUL at the end.
            if not isinstance(value, str) or not _TIME.fullmatch(value):
                raise ValueError
            time = dt.datetime.fromisoformat(value)
            if time.tzinfo is not None:
                time = time.astimezone(dt.UTC)
        except (ValueError, OverflowError):
            raise ValidationError('A time such as "2027-08-01T19:30:00Z" is needed.') from None
        return time.replace(microsecond=time.microsecond // 1000 * 1000)

    def json_schema(self) -> JsonSchema:
        return {
            "type": "string",
            "format": "date-time",
            "description": "A time in RFC 3339. Without an offset it is meant in the event's time zone.",
        }


class ZoneName(fields.String):
    """A time zone by its name in the IANA database."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        name = super()._deserialize(value, attr, data, **kwargs)
        if len(name) > MAX_ZONE or name not in zones.names():
            raise ValidationError('A time zone of the IANA database such as "Europe/Amsterdam" is needed.')
        return name

    def json_schema(self) -> JsonSchema:
        return {
            "type": "string",
            "maxLength": MAX_ZONE,
            "description": "A time zone by its name in the IANA database, such as Europe/Amsterdam.",
        }


class Day(fields.Field[dt.date]):
    """A date of the form 2027-08-01."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> dt.date:
        try:
            if not isinstance(value, str) or not _DAY.fullmatch(value):
                raise ValueError
            return dt.date.fromisoformat(value)
        except ValueError:
            raise ValidationError('A date such as "2027-08-01" is needed.') from None

    def json_schema(self) -> JsonSchema:
        return {"type": "string", "format": "date"}


class OneOf(fields.Raw):
    """An object of one of ``choices``. The schema that contains the field decides which."""

    def __init__(self, *choices: RequestSchema, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.choices = choices


class Flag(fields.Field[bool]):
    """JSON's true or false. 1, 0 and texts are refused."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> bool:
        if not isinstance(value, bool):
            raise ValidationError("Either true or false is needed.")
        return value

    def json_schema(self) -> JsonSchema:
        return {"type": "boolean"}
