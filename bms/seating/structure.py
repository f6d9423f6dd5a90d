"""Whether a layout has the form that the schema asks for.

The library answers yes or no for any part of a layout in a tenth of a second for 60,000 seats. It could list
the errors too, but lists them all before it shows the first: 4 million wrong values, which fit into 8 MiB,
took it 5 GB. So this module asks about smaller and smaller parts and stops at the bounds. The length of a
list is looked at before its members.
"""

from functools import cache
from typing import TYPE_CHECKING, Any

from bms.seating.faults import Faults, step
from bms.seating.schema import schema
from bms.seating.terms import MAX_DEPTH, MAX_SEATS

if TYPE_CHECKING:
    import jsonschema_rs

Node = dict[str, Any]

_TYPES = {
    "string": "Text",
    "number": "A number",
    "integer": "A whole number",
    "boolean": "true or false",
    "array": "A list",
    "object": "A JSON object",
    "null": "null",
}


def out_of_bounds(document: Any, most_depth: int = MAX_DEPTH) -> str | None:
    """Return why ``document`` is too much to be walked by functions that recurse, or None.

    No list has more items than a plan has seats.
    """
    level, depth = [document], 0
    while level:
        level = [value for value in level if isinstance(value, dict | list)]
        depth += bool(level)
        if depth > most_depth:
            return f"Objects and lists are in each other more than {MAX_DEPTH} times."
        if any(isinstance(value, list) and len(value) > MAX_SEATS for value in level):
            return f"A list has more than {MAX_SEATS} items."
        level = [inner for outer in level for inner in (outer.values() if isinstance(outer, dict) else outer)]
    return None


def is_sound(name: str, value: Any) -> bool:
    """Return whether ``value`` has the form of the schema's definition ``name``, such as area."""
    return _is_valid(_definitions()[name], value)


def find_structural_faults(layout: Any, faults: Faults) -> None:
    """Add what the schema finds wrong. Raises TooMany."""
    _descend(layout, _root(), "", faults)


def _descend(value: Any, node: Node, pointer: str, faults: Faults) -> None:
    if _is_valid(node, value):
        return
    node = _resolved(node)
    types = node.get("type")
    if isinstance(value, dict) and types == "object":
        _look_into_object(value, node, pointer, faults)
    elif isinstance(value, list) and types == "array":
        _look_into_list(value, node, pointer, faults)
    else:
        faults.add(pointer, _words(node, value))


def _look_into_object(value: dict[Any, Any], node: Node, pointer: str, faults: Faults) -> None:
    properties, others = node.get("properties", {}), node["additionalProperties"]
    if others and len(value) > node["maxProperties"]:
        faults.add(pointer, f"At most {node['maxProperties']} members are read.")
        return
    for name in node.get("required", ()):
        if name not in value:
            faults.add(step(pointer, name), "Missing data for required field.")
    for name, member in value.items():
        if name in properties:
            _descend(member, properties[name], step(pointer, name), faults)
        elif others:
            _descend(member, others, step(pointer, name), faults)
        else:
            faults.add(step(pointer, str(name)[:100]), "There is no such field.")


def _look_into_list(value: list[Any], node: Node, pointer: str, faults: Faults) -> None:
    most, least = node["maxItems"], node.get("minItems", 0)
    if not least <= len(value) <= most:
        faults.add(pointer, f"From {least} to {most} are needed.")
        return
    before = len(faults)
    for at, item in enumerate(value):
        _descend(item, node["items"], step(pointer, at), faults)
    if len(faults) == before:
        faults.add(pointer, "Something is in the list twice.")


def _words(node: Node, value: Any) -> str:
    try:
        kind = next(iter(_validator(node).iter_errors(value))).kind.as_dict()
    except (ValueError, StopIteration):  # nothing that JSON can hold
        kind = {"types": [node.get("type", "string")]}
    match kind:
        case {"types": types}:
            names = [_TYPES[name] for name in sorted(types, key=list(_TYPES).index)]
            return f"{' or '.join(names)} is needed."
        case {"options": options}:
            shown = ", ".join("null" if option is None else f'"{option}"' for option in options)
            return f"One of {shown} is needed."
        case {"expected_value": expected}:
            return f'"{expected}" is needed.'
        case {"pattern": _}:
            return "A colour such as #7f4a91 is needed."
    return _words_of_bounds(node, value)


def _words_of_bounds(node: Node, value: Any) -> str:
    if isinstance(value, str):
        return f"Longer than {node['maxLength']} characters." if value else "May not be empty."
    types = node["type"]
    return f"{_TYPES[types]} from {node['minimum']} to {node['maximum']} is needed."


def _resolved(node: Node) -> Node:
    return _definitions()[node["$ref"].rsplit("/", 1)[1]] if "$ref" in node else node


def _is_valid(node: Node, value: Any) -> bool:
    try:
        return _validator(node).is_valid(value)
    except ValueError:  # keys that are no text, objects that are no JSON
        return False


@cache
def _root() -> Node:
    return schema()


def _definitions() -> Node:
    definitions: Node = _root()["$defs"]
    return definitions


# By the id of a part of _root(), which stays.
_validators: dict[int, "jsonschema_rs.Draft202012Validator"] = {}


def _validator(node: Node) -> "jsonschema_rs.Draft202012Validator":
    found = _validators.get(id(node))
    if found is None:
        import jsonschema_rs  # 4 MB, of which a process that is sent no plans has no need

        # Without a mask, an error would hold a copy of what is wrong, however large.
        found = jsonschema_rs.Draft202012Validator({**node, "$defs": _definitions()}, mask="it")
        _validators[id(node)] = found
    return found
