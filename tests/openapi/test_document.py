"""The API's description, held against the router, the schemas and a stored copy.

``BMS_UPDATE_GOLDEN=1`` rewrites the stored copy, and fails when it had something to write.
"""

import json
import os
import re
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient
from marshmallow import Schema
from openapi_spec_validator import OpenAPIV31SpecValidator

from bms.app import ENDPOINTS, PAGES
from bms.errors import BMSError, NotFound
from bms.handlers import TAGS
from bms.http.call import Access
from bms.http.endpoint import Endpoint, Routes
from bms.openapi.document import OLDER, UNAVAILABLE, all_errors, describe, path_of
from bms.openapi.examples import ANSWERS, EXAMPLES, REQUESTS
from bms.openapi.parts import PROBLEM, example_of_problem
from tests.kit import contract

STORED = Path(__file__).parents[2] / "docs" / "openapi.json"
DOCUMENT = contract.document()
OPERATIONS = {
    (method.upper(), path): operation
    for path, operations in DOCUMENT["paths"].items()
    for method, operation in operations.items()
}


def name_of(endpoint: Endpoint) -> str:
    return f"{endpoint.method} {endpoint.path}"


def test_the_stored_copy_is_this_document() -> None:
    text = json.dumps(DOCUMENT, indent=2, ensure_ascii=False) + "\n"
    stored = STORED.read_text(encoding="utf-8") if STORED.exists() else None
    if stored != text and os.environ.get("BMS_UPDATE_GOLDEN") == "1":
        STORED.write_text(text, encoding="utf-8")
        pytest.fail("docs/openapi.json is rewritten: look at the diff, then run without BMS_UPDATE_GOLDEN")
    assert stored is not None, "docs/openapi.json is missing: run with BMS_UPDATE_GOLDEN=1"
    assert text == stored, "the contract has changed: run with BMS_UPDATE_GOLDEN=1 and look at the diff"


def test_it_is_valid_openapi() -> None:
    assert [error.message for error in OpenAPIV31SpecValidator(DOCUMENT).iter_errors()] == []


def test_it_holds_what_the_router_holds(app: web.Application) -> None:
    routed: dict[tuple[str, str], set[str]] = {}
    for route in app.router.routes():
        assert route.resource is not None
        shape = route.resource.canonical
        path = shape.removeprefix("/api").rstrip("/")
        routed.setdefault((route.method, path), set()).add(shape)
    pages = {(endpoint.method, path_of(endpoint)) for module in PAGES for endpoint in module.routes.endpoints}
    assert pages <= routed.keys()
    routed = {key: shapes for key, shapes in routed.items() if key[0] != "HEAD" and key not in pages}
    assert routed.keys() == OPERATIONS.keys()
    for (_, path), shapes in routed.items():
        assert shapes == {path, f"{path}/", f"/api{path}", f"/api{path}/"}


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=name_of)
def test_each_endpoint_says_what_it_answers(endpoint: Endpoint) -> None:
    operation = OPERATIONS[endpoint.method, path_of(endpoint)]
    assert endpoint.answers, "declare answers={status: schema} where the route is added"
    assert any(status < 300 for status in endpoint.answers)
    assert {str(status) for status in endpoint.answers} <= operation["responses"].keys()
    assert operation["summary"] not in ("", "."), "the handler needs a docstring"
    assert operation.get("deprecated", False) == endpoint.deprecated
    assert operation["tags"] == [OLDER if endpoint.deprecated else endpoint.tag]
    needs_token = endpoint.access not in (Access.ANYONE, Access.CREDENTIALS, Access.OPERATOR)
    assert "401" in operation["responses"] or endpoint.access is Access.CREDENTIALS
    assert ({} not in operation["security"] and operation["security"] != []) == needs_token
    if endpoint.body is not None:
        assert {"413", "415", "422"} <= operation["responses"].keys()
    for schema in (endpoint.body, *endpoint.answers.values()):
        assert not isinstance(schema, Schema) or type(schema) in EXAMPLES, "give an example of its body"


def test_an_endpoint_without_declarations_is_noticed() -> None:
    routes = Routes()

    @routes.add("GET", "/nowhere", operation="tests.nowhere", access=Access.ANYONE)
    async def nowhere(call: object) -> web.Response:
        raise NotFound()

    (endpoint,) = routes.endpoints
    described = describe([endpoint], {})["paths"]["/nowhere"]["get"]["responses"]
    assert not any(status.startswith("2") for status in described)
    assert endpoint.answers == {}


def test_ids_of_operations() -> None:
    ids = [operation["operationId"] for operation in OPERATIONS.values()]
    assert len(set(ids)) == len(ids)
    for (method, path), operation in OPERATIONS.items():
        if not operation.get("deprecated"):
            assert re.fullmatch(r"[a-z_]+\.[a-z_]+(\.(get|post|put|patch|delete))?", operation["operationId"])
        assert operation["operationId"].count(".") >= 1, (method, path)


def test_every_group_of_operations_is_described_and_none_besides() -> None:
    used = {endpoint.tag for endpoint in ENDPOINTS if not endpoint.deprecated}
    assert used == set(TAGS)


def test_every_code_is_described() -> None:
    responses = DOCUMENT["components"]["responses"]
    assert set(responses) == {error.code for error in all_errors()} | {UNAVAILABLE}
    for error in all_errors():
        (kind,) = responses[error.code]["content"]
        assert kind == "application/problem+json"
    assert BMSError in all_errors()


def test_an_example_of_each_problem_has_what_the_schema_asks_for() -> None:
    for error in all_errors():
        example = example_of_problem(error)
        assert set(PROBLEM["required"]) <= example.keys() <= PROBLEM["properties"].keys()
        assert example["status"] == error.status


@pytest.mark.parametrize("schema", REQUESTS, ids=lambda schema: schema.__name__)
def test_examples_of_requests_are_accepted(schema: type) -> None:
    assert schema().validate(REQUESTS[schema]) == {}


@pytest.mark.parametrize("schema", ANSWERS, ids=lambda schema: schema.__name__)
def test_examples_of_answers_are_as_declared(schema: type) -> None:
    assert schema().validate(ANSWERS[schema]) == {}


@pytest.mark.parametrize("schema", EXAMPLES, ids=lambda schema: schema.__name__)
def test_examples_are_as_documented(schema: type) -> None:
    reference = {"$ref": f"#/components/schemas/{schema.__name__}", "components": DOCUMENT["components"]}
    assert [e.message for e in contract.Draft202012Validator(reference).iter_errors(EXAMPLES[schema])] == []


def test_every_example_is_used() -> None:
    used = {type(endpoint.body) for endpoint in ENDPOINTS if endpoint.body is not None}
    used |= {type(answer) for endpoint in ENDPOINTS for answer in endpoint.answers.values()}
    assert EXAMPLES.keys() <= used


def test_deprecated_names_are_documented_beside_the_canonical() -> None:
    hold = DOCUMENT["components"]["schemas"]["Hold"]
    assert hold["properties"]["event_id"]["deprecated"]
    assert hold["additionalProperties"] is False
    validator = contract.Draft202012Validator({**hold, "components": DOCUMENT["components"]})
    for body, fits in (({"event_id": 1}, True), ({"event": 1}, True), ({"quantity": 1}, False)):
        assert validator.is_valid(body) == fits, body


@pytest.mark.parametrize("path", ["/openapi.json", "/api/openapi.json"])
async def test_it_is_served(client: TestClient, path: str) -> None:
    async with client.get(path) as response:
        assert response.status == 200
        assert response.content_type == "application/json"
        assert await response.json() == DOCUMENT
