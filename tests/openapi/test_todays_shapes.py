"""The document of today's calls: each thing once, described, and in a form that generators can use."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from bms.openapi.glossary import OF_SCHEMA
from bms.openapi.glossary.anywhere import ANYWHERE
from bms.openapi.glossary.parameters import IN_PATHS
from tests.kit import contract

DOCUMENT = contract.document()
SCHEMAS = DOCUMENT["components"]["schemas"]
BOTH = (DOCUMENT, contract.document(older=True))


def operations(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield f"{method.upper()} {path}", operation


def parts(part: Any) -> Iterator[dict[str, Any]]:
    """Yield each object in a part of a document."""
    if isinstance(part, dict):
        yield part
        for name, value in part.items():
            if name != "examples":
                yield from parts(value)
    elif isinstance(part, list):
        for value in part:
            yield from parts(value)


def undescribed(document: dict[str, Any]) -> set[str]:
    """Return the fields and parameters that nothing is said of."""
    fields = {
        f"{name}.{field}"
        for name, schema in document["components"]["schemas"].items()
        for part in parts(schema)
        for field, described in part.get("properties", {}).items()
        if not described.get("description")
    }
    parameters = {
        f"{operation} {parameter['name']}"
        for operation, described in operations(document)
        for parameter in described["parameters"]
        if "$ref" not in parameter and not parameter.get("description")
    }
    shared = document["components"].get("parameters", {}).items()
    return fields | parameters | {name for name, one in shared if not one.get("description")}


def folded(name: str) -> str:
    """Return a name as generators may write it: without case and separators."""
    return re.sub(r"[^a-z0-9]", "", name.lower())


def collisions(schema: dict[str, Any]) -> set[str]:
    """Return what generators would give one name to: values of an enum, or members of an object."""
    # The hyphen of an order says that it is turned round: generators name it apart.
    values = [folded(str(one)) for one in schema.get("enum", ()) if not str(one).startswith("-")]
    fields = [folded(name) for name in schema.get("properties", ())]
    return {one for one in values if values.count(one) > 1} | {one for one in fields if fields.count(one) > 1}


@pytest.mark.parametrize("document", BOTH, ids=["today", "older"])
def test_each_field_and_parameter_is_described(document: dict[str, Any]) -> None:
    assert undescribed(document) == set()


def test_what_is_not_described_is_noticed() -> None:
    """The twin: a field, a nested one and a parameter without words are found."""
    nested = {"type": "array", "items": {"properties": {"b": {}}}, "description": "Some."}
    schema = {"properties": {"a": {"type": "string"}, "list": nested}}
    operation = {"parameters": [{"name": "c", "in": "query"}]}
    document = {"components": {"schemas": {"S": schema}}, "paths": {"/x": {"get": operation}}}
    assert undescribed(document) == {"S.a", "S.b", "GET /x c"}


def test_no_word_of_the_glossary_is_unused() -> None:
    text = json.dumps(BOTH)
    said = {*OF_SCHEMA.values(), *ANYWHERE.values(), *IN_PATHS.values()}
    assert {words for words in said if json.dumps(words)[1:-1] not in text} == set()


def test_nothing_is_there_twice() -> None:
    assert {
        name: collisions(one) for name, one in SCHEMAS.items() for one in parts(one) if collisions(one)
    } == {}
    queries = [one["parameters"] for _, one in operations(DOCUMENT)]
    assert [one for query in queries for one in parts(query) if collisions(one)] == []
    assert not any(part.get("deprecated") is True for part in parts(DOCUMENT))


def test_what_is_there_twice_is_noticed() -> None:
    """The twin: what real generators fell over."""
    assert collisions({"enum": ["USER", "User"]}) == {"user"}
    assert collisions({"properties": {"event_id": {}, "eventId": {}}}) == {"eventid"}


def test_a_field_of_a_body_has_one_type_and_no_default() -> None:
    for name, schema in SCHEMAS.items():
        for field, described in schema.get("properties", {}).items():
            types = described.get("type", "object")
            known = [one for one in ([types] if isinstance(types, str) else types) if one != "null"]
            assert len(known) == 1, (name, field)
            assert "default" not in described, (name, field)


def test_there_is_one_problem() -> None:
    problems = [
        media["schema"]
        for part in parts(DOCUMENT)
        for kind, media in part.get("content", {}).items()
        if kind == "application/problem+json"
    ]
    assert problems
    assert all(schema == {"$ref": "#/components/schemas/Problem"} for schema in problems)


def test_older_calls_are_in_the_other_document_alone() -> None:
    older = dict(operations(BOTH[1]))
    deprecated = {name for name, operation in older.items() if operation.get("deprecated")}
    assert deprecated
    assert deprecated.isdisjoint(dict(operations(DOCUMENT)))
    assert older["GET /events/"]["operationId"] == "events.index"
    names = BOTH[1]["components"]["schemas"]["EventAnswer"]["properties"]
    assert {"max_tickets", "total_tickets", "tickets_sold"} <= names.keys()
    assert {"max_tickets", "name", "sold_tickets"}.isdisjoint(SCHEMAS["EventAnswer"]["properties"])
    assert SCHEMAS["Register"]["properties"]["role"]["enum"] == ["USER", "EVENT_MANAGER", "ADMIN"]
    assert SCHEMAS["Event"]["properties"]["category"]["type"] == ["string", "null"]
    assert SCHEMAS["Register"]["required"] == ["password", "username"]


def test_no_words_for_developers_of_the_service_are_on_the_page() -> None:
    for tag in DOCUMENT["tags"]:
        assert "\n" not in tag["description"]
    found = re.findall(r"source 00\d|``|:class:|decision \d+|bms/\w+", json.dumps(DOCUMENT))
    assert found == []
