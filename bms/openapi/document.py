"""The API's description (OpenAPI 3.1), generated from the declared endpoints and their schemas."""

import inspect
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from http import HTTPStatus
from typing import Any

from apispec import APISpec
from marshmallow import Schema

from bms import __version__, errors
from bms.errors import BMSError
from bms.http.call import WITHOUT_TOKEN, Access, roles_with
from bms.http.endpoint import Endpoint
from bms.openapi.fields import plugin
from bms.openapi.parts import (
    ACCESS_TOKEN,
    OPERATOR_TOKEN,
    PARAMETERS,
    PROBLEM,
    RESPONSE_HEADERS,
    SECURITY,
    SIGNATURE,
    example_of_problem,
    link,
)
from bms.terms import Right

OLDER = "older shapes"
UNAVAILABLE = "unavailable"  # the response that every endpoint may give
_UNAVAILABLE: list[type[BMSError]] = [errors.DatabaseUnavailable, errors.Overloaded]
_PARAMETER = re.compile(r"\{(\w+)(?::[^{}]*)?\}")
_WHO = {
    Access.ANYONE: "Anyone may call this.",
    Access.CREDENTIALS: "Anyone may call this.",
    Access.SIGNED: "Needs the payment gateway's signature.",
    Access.OPERATOR: "For operators.",
    Access.USER: "Needs an access token.",
}

Document = dict[str, Any]


def describe(endpoints: Sequence[Endpoint], tags: Mapping[str, str]) -> Document:
    """Return the OpenAPI document of ``endpoints``. Paths have no ``/api`` and no slash at the end.

    ``tags`` are the groups of the canonical operations, with their descriptions.
    """
    spec = APISpec(
        title="BMS",
        version=__version__,
        openapi_version="3.1.0",
        plugins=[plugin()],
        info={
            "description": "Events, bookings, payments. A slash at the end of a path makes no difference. "
            "Errors are problem documents (RFC 9457).",
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        servers=[{"url": "/"}, {"url": "/api"}],
        tags=[
            *({"name": name, "description": description} for name, description in tags.items()),
            {"name": OLDER, "description": "Calls in older shapes. They remain supported."},
        ],
    )
    for name, scheme in SECURITY.items():
        spec.components.security_scheme(name, scheme)
    for name, header in RESPONSE_HEADERS.items():
        spec.components.header(name, header)
    for name, parameter in PARAMETERS.items():
        spec.components.parameter(name, parameter["in"], parameter)
    spec.components.schema("Problem", PROBLEM)
    for error in sorted(all_errors(), key=lambda error: error.code):
        spec.components.example(error.code, {"value": example_of_problem(error)})
        spec.components.response(error.code, _problem_response([error]))
    spec.components.response(UNAVAILABLE, _problem_response(_UNAVAILABLE))
    paths: dict[str, Document] = defaultdict(dict)
    for endpoint in endpoints:
        paths[path_of(endpoint)][endpoint.method.lower()] = _operation(endpoint)
    # Sorted by name: the order of modules and routes is not part of the contract.
    for path, operations in sorted(paths.items()):
        spec.path(path, operations=dict(sorted(operations.items())))
    return spec.to_dict()


def path_of(endpoint: Endpoint) -> str:
    """Return the endpoint's path as the document writes it: parameters have a name and no pattern."""
    return _PARAMETER.sub(r"{\1}", endpoint.path)


def all_errors(of: type[BMSError] = BMSError) -> set[type[BMSError]]:
    """Return ``of`` and all domain errors derived from it."""
    return {of}.union(*(all_errors(kind) for kind in of.__subclasses__()))


def refusals(endpoint: Endpoint) -> list[type[BMSError]]:
    """Return the errors that an endpoint may answer with: implied by its declaration, or declared."""
    found: list[type[BMSError]] = [errors.MalformedRequest]
    if endpoint.access is Access.SIGNED:
        found.append(errors.InvalidSignature)
    if endpoint.access not in WITHOUT_TOKEN:
        found.append(errors.Unauthenticated)
    if isinstance(endpoint.access, Right):
        found.append(errors.Forbidden)
    if "{" in endpoint.path:
        found.append(errors.NotFound)
    if endpoint.query is not None or endpoint.body is not None:
        found.append(errors.ValidationFailed)
    if endpoint.body is not None:
        found += [errors.PayloadTooLarge, errors.RequestTimeout, errors.UnsupportedMediaType]
    if "Idempotency-Key" in endpoint.headers:
        found += [errors.IdempotencyKeyReused, errors.RequestInProgress]
    if "If-Match" in endpoint.headers:
        found.append(errors.PreconditionFailed)
    if endpoint.dear:
        found.append(errors.TooManyRequests)
    found += [*endpoint.raises, BMSError, *_UNAVAILABLE]
    return list(dict.fromkeys(found))


def _operation(endpoint: Endpoint) -> Document:
    summary, description = _words(endpoint)
    operation: Document = {
        "operationId": endpoint.operation,
        "tags": [OLDER if endpoint.deprecated else endpoint.tag],
        "summary": summary,
        "description": description,
        "security": _security(endpoint.access),
        "parameters": list(_parameters(endpoint)),
        "responses": {str(status): response for status, response in _responses(endpoint)},
    }
    if endpoint.deprecated:
        operation["deprecated"] = True
    if endpoint.body is not None:
        operation["requestBody"] = {
            # A body is required if an empty one is refused.
            "required": bool(endpoint.body.validate({})),
            "content": {"application/json": {"schema": endpoint.body}},
        }
    return operation


def _words(endpoint: Endpoint) -> tuple[str, str]:
    text = inspect.getdoc(endpoint.handler) or ""
    summary, _, rest = " ".join(text.split()).partition(". ")
    return summary.rstrip(".") + ".", f"{rest} {_who(endpoint.access)}".strip()


def _who(access: Access | Right) -> str:
    return f"Needs the role {roles_with(access)}." if isinstance(access, Right) else _WHO[access]


def _security(access: Access | Right) -> list[Document]:
    if access is Access.CREDENTIALS:
        return []
    if access is Access.SIGNED:
        return [{SIGNATURE: []}]
    if access is Access.OPERATOR:
        return [{}, {OPERATOR_TOKEN: []}]
    token: list[Document] = [{ACCESS_TOKEN: []}]
    return [{}, *token] if access is Access.ANYONE else token


def _parameters(endpoint: Endpoint) -> Iterator[Any]:
    for name in _PARAMETER.findall(endpoint.path):
        is_id = name == "id" or name.endswith("_id")
        schema = {"type": "integer", "minimum": 1, "maximum": 2**63 - 1} if is_id else {"type": "string"}
        yield {"in": "path", "name": name, "required": True, "schema": schema}
    if endpoint.query is not None:
        yield {"in": "query", "schema": endpoint.query}
    for name in (*endpoint.headers, "X-Request-Id"):
        yield name


def _responses(endpoint: Endpoint) -> Iterator[tuple[int, Any]]:
    by_status: dict[int, list[type[BMSError]]] = defaultdict(list)
    for error in refusals(endpoint):
        by_status[error.status].append(error)
    for status, answer in sorted(endpoint.answers.items()):
        headers = {"X-Request-Id": link("headers", "X-Request-Id")}
        headers |= {name: link("headers", name) for name in _headers(endpoint, status)}
        response: Document = {"description": HTTPStatus(status).phrase, "headers": headers}
        if isinstance(answer, Schema):
            response["content"] = {"application/json": {"schema": answer}}
        elif answer is not None:
            schema = {} if answer.endswith("json") else {"type": "string"}
            response["content"] = {answer: {"schema": schema}}
        if status in by_status:
            response["content"] |= _problem_response(by_status.pop(status))["content"]
        yield status, response
    for status, kinds in sorted(by_status.items()):
        if len(kinds) == 1:
            yield status, kinds[0].code
        else:
            yield status, UNAVAILABLE if kinds == _UNAVAILABLE else _problem_response(kinds)


def _headers(endpoint: Endpoint, status: int) -> Iterator[str]:
    """Yield the names of an answer's headers."""
    answer = endpoint.answers[status]
    query = {} if endpoint.query is None else endpoint.query.fields
    if isinstance(answer, Schema) and answer.many and "cursor" in query:
        yield "Link"
    if {"If-Match", "If-None-Match"} & set(endpoint.headers) and status != HTTPStatus.NO_CONTENT:
        yield "ETag"
    if "Idempotency-Key" in endpoint.headers:
        yield "Idempotency-Replayed"
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        yield "Retry-After"
    if endpoint.dear:
        yield "RateLimit"
        yield "RateLimit-Policy"


def _problem_response(kinds: Sequence[type[BMSError]]) -> Document:
    """Return the response for any of ``kinds``, which share a status."""
    headers = ["X-Request-Id"]
    if any(kind.default_retry_after is not None for kind in kinds):
        headers.append("Retry-After")
    if errors.TooManyRequests in kinds:
        headers += ["RateLimit", "RateLimit-Policy"]
    if kinds[0].status == HTTPStatus.UNAUTHORIZED:
        headers.append("WWW-Authenticate")
    codes = {"code": {"enum": [kind.code for kind in kinds]}}
    return {
        "description": "; ".join(f"{kind.title} (`{kind.code}`)" for kind in kinds) + ".",
        "headers": {name: link("headers", name) for name in headers},
        "content": {
            "application/problem+json": {
                "schema": {"allOf": [link("schemas", "Problem"), {"properties": codes}]},
                "examples": {kind.code: link("examples", kind.code) for kind in kinds},
            }
        },
    }
