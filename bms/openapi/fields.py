"""JSON Schema (draft 2020-12) of our schemas' fields, for the API's description.

apispec knows marshmallow's own fields. Ours describe themselves: the shape of today (``json_schema``), and
where more is read than that, all of it (``older_schema``).
"""

import inspect
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from apispec.ext.marshmallow import MarshmallowPlugin
from apispec.ext.marshmallow.openapi import OpenAPIConverter
from marshmallow import Schema, fields, validate

from bms.openapi.examples import EXAMPLES
from bms.openapi.glossary import describe_field
from bms.schemas.base import JsonSchema, OneOf, RequestSchema


def plugin(*, older: bool) -> MarshmallowPlugin:
    """Return apispec's plugin with support for our fields, with ``older`` for the older shapes too."""
    extended = MarshmallowPlugin(schema_name_resolver=_name)
    extended.Converter = _OlderConverter if older else _Converter
    return extended


def has_older_shape(schema: Schema) -> bool:
    """Return whether ``schema`` has older names or values beside those of today."""
    if isinstance(schema, RequestSchema) and schema.older_names:
        return True
    return any(_is_older(field) for field in schema.fields.values())


def _is_older(field: fields.Field[Any]) -> bool:
    if field.metadata.get("deprecated") or hasattr(field, "older_schema"):
        return True
    if isinstance(field, fields.Nested):
        return has_older_shape(field.schema)
    if isinstance(field, OneOf):
        return any(has_older_shape(choice) for choice in field.choices)
    return isinstance(field, fields.List) and _is_older(field.inner)


def prose(text: str | None) -> str:
    """Return a docstring as one paragraph of CommonMark, with names in single backticks."""
    return " ".join((text or "").split()).replace("``", "`")


class _Converter(OpenAPIConverter):
    older = False

    def init_attribute_functions(self) -> None:
        super().init_attribute_functions()  # type: ignore[no-untyped-call]
        self.add_attribute_function(_describe)  # type: ignore[no-untyped-call]

    def _field2parameter(self, field: fields.Field[Any], *, name: str, location: str) -> JsonSchema:
        parameter: JsonSchema = super()._field2parameter(field, name=name, location=location)
        schema = parameter["schema"]
        # A parameter is absent or text: none can be null.
        if isinstance(schema.get("type"), list):
            kinds = [kind for kind in schema["type"] if kind != "null"]
            schema["type"] = kinds[0] if len(kinds) == 1 else kinds
        if "enum" in schema:
            schema["enum"] = [value for value in schema["enum"] if value is not None]
        return parameter

    def schema2jsonschema(self, schema: Any) -> JsonSchema:
        described: JsonSchema = super().schema2jsonschema(schema)  # type: ignore[no-untyped-call]
        described["description"] = prose(inspect.getdoc(type(schema)))
        example = EXAMPLES.get(type(schema))
        if isinstance(schema, RequestSchema):
            _say_defaults(described["properties"])
            described = self._in_shape(described, schema)
        else:
            # Clients must accept new members of an answer.
            described.pop("additionalProperties", None)
        if not self.older:
            described = _without_deprecated(described)
        if example is not None:
            known = described.get("properties", {})
            is_open = not known or described.get("additionalProperties") is True
            described["examples"] = [
                example if is_open else {name: value for name, value in example.items() if name in known}
            ]
        return described

    def _in_shape(self, described: JsonSchema, schema: RequestSchema) -> JsonSchema:
        if self.older:
            return _with_older_names(described, schema.older_names)
        required = {*described.pop("required", ()), *schema.needed}
        return {**described, "required": sorted(required)} if required else described


class _OlderConverter(_Converter):
    older = True


def _describe(converter: Any, field: fields.Field[Any], ret: JsonSchema, **_: Any) -> JsonSchema:
    """Return the keywords of ``field`` that apispec does not find. ``ret`` holds what it found."""
    if ret.get("default", ...) is None:
        del ret["default"]  # None only says that the field is optional
    elif isinstance(ret.get("default"), Decimal):
        ret["default"] = str(ret["default"])
    found: JsonSchema = {}
    own = getattr(field, "older_schema" if converter.older else "json_schema", None)
    own = own or getattr(field, "json_schema", None)
    if own is not None:
        found = own()
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
    if isinstance(field.parent, Schema):
        said = ret.get("description") or describe_field(type(field.parent), str(field.data_key or field.name))
        words = " ".join(filter(None, (said, found.get("description"))))
        if words:
            found["description"] = words
    return found


def _say_defaults(properties: dict[str, JsonSchema]) -> None:
    """Turn defaults into words. Generators take a field with a default for one that is always there."""
    for described in properties.values():
        default = described.pop("default", None)
        if default not in (None, "", [], {}):
            written = str(default).lower() if isinstance(default, bool) else default
            described["description"] = f"{described.get('description', '')} Unless given: {written}.".strip()


def _without_deprecated(described: JsonSchema) -> JsonSchema:
    """Return the object's description without its older names."""
    properties = described.get("properties", {})
    older = {name for name, field in properties.items() if field.get("deprecated")}
    if not older:
        return described
    kept = {name: field for name, field in properties.items() if name not in older}
    required = [name for name in described.pop("required", ()) if name not in older]
    return {**described, "properties": kept, **({"required": required} if required else {})}


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
            "description": f"Another name of `{newer}`.",
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
