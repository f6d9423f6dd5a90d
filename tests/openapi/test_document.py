"""The API's description, held against the router, the schemas and stored copies.

``BMS_UPDATE_GOLDEN=1`` rewrites the stored copies, and fails when it had something to write.
"""

import json
import os
import re
from pathlib import Path
from typing import Any

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
from bms.openapi.document import all_errors, describe
from bms.openapi.examples import ANSWERS, EXAMPLES, REQUESTS
from bms.openapi.operations import CODES, OLDER, path_of, refusals
from bms.openapi.parts import PROBLEM, example_of_problem
from bms.schemas.problem_words import WORDS
from tests.kit import contract

DOCS = Path(__file__).parents[2] / "docs"
DOCUMENTS = {"openapi.json": contract.document(), "openapi-legacy.json": contract.document(older=True)}


def operations_of(document: dict[str, Any]) -> dict[tuple[str, str], Any]:
    return {
        (method.upper(), path): operation
        for path, operations in document["paths"].items()
        for method, operation in operations.items()
    }


TODAYS = operations_of(contract.document())
OLDER_ONES = operations_of(contract.document(older=True))
OPERATIONS = TODAYS | {key: one for key, one in OLDER_ONES.items() if one.get("deprecated")}


def name_of(endpoint: Endpoint) -> str:
    return f"{endpoint.method} {endpoint.path}"


def document_with(operation: tuple[str, str]) -> dict[str, Any]:
    return contract.document(older=operation not in TODAYS)


def response_of(operation: tuple[str, str], status: str) -> dict[str, Any]:
    response: dict[str, Any] = OPERATIONS[operation]["responses"][status]
    while "$ref" in response:
        response = document_with(operation)["components"]["responses"][response["$ref"].rpartition("/")[2]]
    return response


@pytest.mark.parametrize("name", DOCUMENTS)
def test_the_stored_copy_is_this_document(name: str) -> None:
    text = json.dumps(DOCUMENTS[name], indent=2, ensure_ascii=False) + "\n"
    path = DOCS / name
    stored = path.read_text(encoding="utf-8") if path.exists() else None
    if stored != text and os.environ.get("BMS_UPDATE_GOLDEN") == "1":
        path.write_text(text, encoding="utf-8")
        pytest.fail(f"docs/{name} is rewritten: look at the diff, then run without BMS_UPDATE_GOLDEN")
    assert stored is not None, f"docs/{name} is missing: run with BMS_UPDATE_GOLDEN=1"
    assert text == stored, "the contract has changed: run with BMS_UPDATE_GOLDEN=1 and look at the diff"


@pytest.mark.parametrize("name", DOCUMENTS)
def test_it_is_valid_openapi(name: str) -> None:
    assert [error.message for error in OpenAPIV31SpecValidator(DOCUMENTS[name]).iter_errors()] == []


def test_it_holds_what_the_router_holds(app: web.Application) -> None:
    routed: dict[tuple[str, str], set[str]] = {}
    for route in app.router.routes():
        assert route.resource is not None
        if getattr(route.handler, "__module__", "").startswith("bms.web"):
            continue  # the site
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
    key = (endpoint.method, path_of(endpoint))
    operation = OPERATIONS[key]
    assert endpoint.answers, "declare answers={status: schema} where the route is added"
    assert any(status < 300 for status in endpoint.answers)
    assert {str(status) for status in endpoint.answers} <= operation["responses"].keys()
    assert operation["summary"] not in ("", "."), "the handler needs a docstring"
    assert operation.get("deprecated", False) == endpoint.deprecated
    assert operation["tags"] == [OLDER if endpoint.deprecated else endpoint.tag]
    assert "401" in operation["responses"] or endpoint.access is Access.CREDENTIALS
    needs_none = endpoint.access in (Access.ANYONE, Access.CREDENTIALS)
    assert (operation["security"] == []) == needs_none
    assert ({} in operation["security"]) == (endpoint.access is Access.OPERATOR)
    for status in map(str, {error.status for error in refusals(endpoint)}):
        codes = {error.code for error in refusals(endpoint) if str(error.status) == status}
        assert set(response_of(key, status)[CODES]) == codes
        content = response_of(key, status)["content"]["application/problem+json"]
        assert content["schema"] == {"$ref": "#/components/schemas/Problem"}
        assert content["examples"].keys() == codes
    if endpoint.successor is not None:
        assert f"Replaced by {' '.join(endpoint.successor)}." in operation["description"]
        assert endpoint.successor in TODAYS
    if endpoint.body is not None:
        assert {"413", "415", "422"} <= operation["responses"].keys()
    for schema in (endpoint.body, *endpoint.answers.values()):
        assert not isinstance(schema, Schema) or type(schema) in EXAMPLES, "give an example of its body"


def test_an_endpoint_without_declarations_is_noticed() -> None:
    routes = Routes(None)

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


def test_every_code_is_explained() -> None:
    assert set(WORDS) == all_errors()
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
@pytest.mark.parametrize("name", DOCUMENTS)
def test_examples_are_as_documented(name: str, schema: type) -> None:
    components = DOCUMENTS[name]["components"]
    if schema.__name__ in components["schemas"]:
        (example,) = components["schemas"][schema.__name__]["examples"]
        reference = {"$ref": f"#/components/schemas/{schema.__name__}", "components": components}
        assert [e.message for e in contract.Draft202012Validator(reference).iter_errors(example)] == []
        assert example.items() <= EXAMPLES[schema].items()


def test_every_example_is_used() -> None:
    used = {type(endpoint.body) for endpoint in ENDPOINTS if endpoint.body is not None}
    used |= {type(answer) for endpoint in ENDPOINTS for answer in endpoint.answers.values()}
    assert EXAMPLES.keys() <= used


def test_older_names_are_documented_beside_those_of_today() -> None:
    document = contract.document(older=True)
    hold = document["components"]["schemas"]["Hold"]
    assert hold["properties"]["event_id"]["deprecated"]
    assert hold["additionalProperties"] is False
    validator = contract.Draft202012Validator({**hold, "components": document["components"]})
    for body, fits in (({"event_id": 1}, True), ({"event": 1}, True), ({"quantity": 1}, False)):
        assert validator.is_valid(body) == fits, body


@pytest.mark.parametrize("path", ["/openapi.json", "/api/openapi.json"])
async def test_it_is_served(client: TestClient, path: str) -> None:
    async with client.get(path) as response:
        assert response.status == 200
        assert response.content_type == "application/json"
        assert await response.json() == contract.document()


async def test_that_of_older_shapes_is_served(client: TestClient) -> None:
    async with client.get("/openapi-legacy.json") as response:
        assert response.status == 200
        assert await response.json() == contract.document(older=True)
