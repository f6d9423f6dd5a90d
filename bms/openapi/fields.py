"""JSON Schema (draft 2020-12) of our schemas' fields, for the API's description.

apispec knows marshmallow's own fields. Ours describe themselves, exactly as permissive as they are.
"""

import inspect
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from apispec.ext.marshmallow import MarshmallowPlugin
from apispec.ext.marshmallow.openapi import OpenAPIConverter
from marshmallow import Schema, fields, validate

from bms.openapi.examples import EXAMPLES
from bms.schemas.base import JsonSchema, OneOf, RequestSchema


def _describe(converter: Any, field: fields.Field[Any], ret: JsonSchema, **_: Any) -> JsonSchema:
    """Return the keywords of ``field`` that apispec does not find. ``ret`` holds what it found."""
    if ret.get("default", ...) is None:
        del ret["default"]  # None only says that the field is optional
    elif isinstance(ret.get("default"), Decimal):
        ret["default"] = str(ret["default"])
    found: JsonSchema = {}
    if hasattr(field, "json_schema"):
        found = field.json_schema()
        if field.allow_none:
            types = found["type"]
            found["type"] = [*([types] if isinstance(types, str) else types), "null"]
    if isinstance(field, OneOf):
        found = {"anyOf": [converter.resolve_nested_schema(schema) for schema in field.choices]}
    for rule in field.validators:
        if isinstance(rule, validate.Regexp):
            # Python matches at the start and ends with \Z. JSON Schema searches and ends with $.
            found["pattern"] = "^" + str(rule.regex.pattern).removesuffix(r"\Z") + "$"
        elif isinstance(rule, validate.Equal):
            found["const"] = rule.comparable
    return found


def plugin() -> MarshmallowPlugin:
    """Return apispec's plugin with support for our fields."""
    extended = MarshmallowPlugin(schema_name_resolver=_name)
    extended.Converter = _Converter
    return extended


class _Converter(OpenAPIConverter):
    def init_attribute_functions(self) -> None:
        super().init_attribute_functions()  # type: ignore[no-untyped-call]
        self.add_attribute_function(_describe)  # type: ignore[no-untyped-call]

    def schema2jsonschema(self, schema: Any) -> JsonSchema:
        described: JsonSchema = super().schema2jsonschema(schema)  # type: ignore[no-untyped-call]
        described["description"] = " ".join((inspect.getdoc(type(schema)) or "").split())
        example = EXAMPLES.get(type(schema))
        if example is not None:
            described["examples"] = [example]
        if isinstance(schema, RequestSchema):
            return _with_older_names(described, schema.older_names)
        # Clients must accept new members of an answer.
        described.pop("additionalProperties", None)
        return described


def _with_older_names(described: JsonSchema, older_names: Mapping[str, str]) -> JsonSchema:
    """Return the object's description with the older names of its fields added. Any name satisfies."""
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
