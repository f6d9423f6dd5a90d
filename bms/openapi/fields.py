"""What the fields of our schemas accept, as JSON Schema (draft 2020-12) for the API's description.

apispec knows marshmallow's own fields; here stand ours, each as wide as what it really reads.
"""

import inspect
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from apispec.ext.marshmallow import MarshmallowPlugin
from apispec.ext.marshmallow.openapi import OpenAPIConverter
from marshmallow import Schema, fields, validate

from bms.openapi.examples import EXAMPLES
from bms.schemas.accounts import Flag
from bms.schemas.answers.base import Date, Time
from bms.schemas.base import Day, Money, RequestSchema, Text, UtcTime
from bms.schemas.events import Clock, DayOrTime, Reference
from bms.schemas.listing import Number, Switch
from bms.schemas.payments import CardDetails, NetbankingDetails, UpiDetails, WalletDetails
from bms.schemas.users import MIN_PASSWORD, Email, Password
from bms.security.passwords import MAX_PASSWORD_BYTES
from bms.terms import MAX_ID, MAX_MONEY

Described = dict[str, Any]


def _text(field: Any) -> Described:
    return {"type": "string", "maxLength": field.max} | ({"minLength": field.min} if field.min else {})


_FIELDS: Mapping[type[fields.Field[Any]], Callable[[Any], Described]] = {
    Text: _text,
    Email: lambda field: {**_text(field), "format": "email"},
    Password: lambda _: {
        "type": "string",
        "format": "password",
        "minLength": MIN_PASSWORD,
        "maxLength": MAX_PASSWORD_BYTES,
    },
    Reference: lambda field: {
        **_text(field),
        "type": ["integer", "string"],
        "minimum": 1,
        "maximum": MAX_ID,
        "description": "An id or a name.",
    },
    Money: lambda _: {
        "type": ["string", "number"],
        "pattern": r"^\s*[0-9]{1,10}(\.[0-9]{1,2})?\s*$",
        "minimum": 0,
        "maximum": float(MAX_MONEY),
        "description": "An amount with at most two decimals, best as text.",
    },
    UtcTime: lambda _: {"type": "string", "format": "date-time"},
    Day: lambda _: {"type": "string", "format": "date"},
    DayOrTime: lambda _: {
        "type": "string",
        "anyOf": [{"format": "date"}, {"format": "date-time"}],
        "description": "A date, or a date and time.",
    },
    Clock: lambda _: {
        "type": "string",
        "pattern": "^([01]?[0-9]|2[0-3]):[0-5]?[0-9](:[0-5]?[0-9])?$",
        "description": "A time of day in UTC.",
    },
    Number: lambda field: {"type": "integer", "minimum": field.low, "maximum": field.high},
    Switch: lambda _: {"type": "boolean"},
    Flag: lambda _: {"type": "boolean"},
    Time: lambda _: {"type": "string", "format": "date-time"},
    Date: lambda _: {"type": "string", "format": "date"},
}
_DETAILS = (CardDetails(), UpiDetails(), NetbankingDetails(), WalletDetails())


def _describe(converter: Any, field: fields.Field[Any], ret: Described, **_: Any) -> Described:
    """Return what apispec's own functions, whose findings ``ret`` holds, do not find of ``field``."""
    if ret.get("default", ...) is None:
        del ret["default"]  # that nothing is given need not be said
    elif isinstance(ret.get("default"), Decimal):
        ret["default"] = str(ret["default"])
    found: Described = {}
    for kind in type(field).__mro__:
        if kind in _FIELDS:
            found = _FIELDS[kind](field)
            if field.allow_none:
                types = found["type"]
                found["type"] = [*([types] if isinstance(types, str) else types), "null"]
            break
    if type(field) is fields.Raw:
        found = {"anyOf": [converter.resolve_nested_schema(schema) for schema in _DETAILS]}
    for rule in field.validators:
        if isinstance(rule, validate.Regexp):
            # Python matches from the start on and ends with \Z, JSON Schema searches and ends with $.
            found["pattern"] = "^" + str(rule.regex.pattern).removesuffix(r"\Z") + "$"
        elif isinstance(rule, validate.Equal):
            found["const"] = rule.comparable
    return found


def plugin() -> MarshmallowPlugin:
    """Return apispec's plugin, taught our fields."""
    taught = MarshmallowPlugin(schema_name_resolver=_name)
    taught.Converter = _Converter
    return taught


class _Converter(OpenAPIConverter):
    def init_attribute_functions(self) -> None:
        super().init_attribute_functions()  # type: ignore[no-untyped-call]
        self.add_attribute_function(_describe)  # type: ignore[no-untyped-call]

    def schema2jsonschema(self, schema: Any) -> Described:
        described: Described = super().schema2jsonschema(schema)  # type: ignore[no-untyped-call]
        described["description"] = " ".join((inspect.getdoc(type(schema)) or "").split())
        example = EXAMPLES.get(type(schema))
        if example is not None:
            described["examples"] = [example]
        if isinstance(schema, RequestSchema):
            return _with_older_names(described, schema.older_names)
        # Clients are to bear new members of an answer.
        described.pop("additionalProperties", None)
        return described


def _with_older_names(described: Described, older_names: Mapping[str, str]) -> Described:
    """Return the object's description with each field under its older names too, any of which will do."""
    required = set(described.pop("required", ()))
    choices = []
    for name in sorted(required):
        names = [name, *(older for older, newer in older_names.items() if newer == name)]
        if len(names) > 1:
            required.remove(name)
            choices.append({"anyOf": [{"required": [each]} for each in names]})
    for older, newer in older_names.items():
        described["properties"][older] = {
            **described["properties"][newer],
            "deprecated": True,
            "description": f"An older name of {newer}.",
        }
    if required:
        described["required"] = sorted(required)
    if choices:
        described["allOf"] = choices
    return described


def _name(schema: Schema | type[Schema] | str) -> str:
    if isinstance(schema, str):
        return schema
    kind = schema if isinstance(schema, type) else type(schema)
    return kind.__name__
