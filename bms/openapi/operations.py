"""An endpoint as an operation of the API's description."""

import inspect
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from http import HTTPStatus
from typing import Any

from marshmallow import Schema

from bms import errors
from bms.errors import BMSError
from bms.http.call import WITHOUT_TOKEN, Access, roles_with
from bms.http.endpoint import Endpoint
from bms.http.phrases import phrase
from bms.openapi.fields import has_older_shape, prose
from bms.openapi.glossary import describe_place
from bms.openapi.parts import ACCESS_TOKEN, OPERATOR_TOKEN, SIGNATURE, link
from bms.schemas.answers.events import EventAnswer
from bms.terms import Right

OLDER = "older shapes"
CODES = "x-problem-codes"  # of a response: the codes that its problem document may have
UNAVAILABLE = "unavailable"  # the response that every endpoint may give
_UNAVAILABLE: list[type[BMSError]] = [errors.DatabaseUnavailable, errors.Overloaded]
_PARAMETER = re.compile(r"\{(\w+)(?::[^{}]*)?\}")
_WHO = {
    Access.ANYONE: "Anyone may call this, with or without an access token.",
    Access.CREDENTIALS: "Anyone may call this.",
    Access.SIGNED: "Needs the payment gateway's signature.",
    Access.OPERATOR: "For operators.",
    Access.USER: "Needs an access token.",
}
_BESIDE = "Today's shape is in /openapi.json. This one has older names and values beside it."

Operation = dict[str, Any]


def path_of(endpoint: Endpoint) -> str:
    """Return the endpoint's path as the document writes it: parameters have a name and no pattern."""
    return _PARAMETER.sub(r"{\1}", endpoint.path)


def older_path_of(endpoint: Endpoint) -> str:
    """Return the path by which older clients know the endpoint.

    Events have their older names where the path ends in a slash, as sources 001 and 002 print it.
    """
    shown = [type(answer) for answer in endpoint.answers.values()]
    return path_of(endpoint) + ("/" if EventAnswer in shown and not endpoint.deprecated else "")


def has_older_call(endpoint: Endpoint) -> bool:
    """Return whether the endpoint is an older one, or takes or shows older names and values."""
    schemas = [schema for schema in (endpoint.body, *endpoint.answers.values()) if isinstance(schema, Schema)]
    return endpoint.deprecated or any(map(has_older_shape, schemas))


def refusals(endpoint: Endpoint) -> list[type[BMSError]]:
    """Return the errors that an endpoint may answer with: implied by its declaration, or declared."""
    found: list[type[BMSError]] = [errors.MalformedRequest]
    if endpoint.access is Access.SIGNED:
        found.append(errors.InvalidSignature)
    if endpoint.access not in WITHOUT_TOKEN:
        found.append(errors.Unauthenticated)
        if not endpoint.enrolling:
            found.append(errors.EnrolSecondFactor)
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


def shared_responses(kinds: Iterable[type[BMSError]]) -> Iterator[tuple[str, Operation]]:
    """Yield the names and responses that operations refer to: one for each of ``kinds``, and one for 503."""
    for kind in kinds:
        yield kind.code, problem_response([kind])
    yield UNAVAILABLE, problem_response(_UNAVAILABLE)


def describe_operation(endpoint: Endpoint, *, older: bool) -> Operation:
    """Return the operation of ``endpoint``, with ``older`` in its older shapes."""
    summary, description = _words(endpoint)
    if older:
        description = f"{description} {_replaced(endpoint)}"
    operation: Operation = {
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
            "content": {
                "application/json": {"schema": endpoint.body},
                **({} if endpoint.media is None else {endpoint.media: {"schema": {"type": "string"}}}),
            },
        }
    return operation


def _words(endpoint: Endpoint) -> tuple[str, str]:
    summary, _, rest = prose(inspect.getdoc(endpoint.handler)).partition(". ")
    return summary.rstrip(".") + ".", f"{rest} {_who(endpoint.access)}".strip()


def _who(access: Access | Right) -> str:
    return f"Needs the role {roles_with(access)}." if isinstance(access, Right) else _WHO[access]


def _replaced(endpoint: Endpoint) -> str:
    return _BESIDE if endpoint.successor is None else f"Replaced by {' '.join(endpoint.successor)}."


def _security(access: Access | Right) -> list[Operation]:
    """Return what an operation needs: nothing where no token is needed, though one may show more."""
    if access in (Access.ANYONE, Access.CREDENTIALS):
        return []
    if access is Access.SIGNED:
        return [{SIGNATURE: []}]
    if access is Access.OPERATOR:
        return [{}, {OPERATOR_TOKEN: []}]
    return [{ACCESS_TOKEN: []}]


def _parameters(endpoint: Endpoint) -> Iterator[Any]:
    path = path_of(endpoint)
    for name in _PARAMETER.findall(endpoint.path):
        is_id = name == "id" or name.endswith("_id")
        schema = {"type": "integer", "minimum": 1, "maximum": 2**63 - 1} if is_id else {"type": "string"}
        description = describe_place(path, name)
        yield {"in": "path", "name": name, "required": True, "description": description, "schema": schema}
    if endpoint.query is not None:
        yield {"in": "query", "schema": endpoint.query}
    for name in (*endpoint.headers, "X-Request-Id"):
        yield name


def _responses(endpoint: Endpoint) -> Iterator[tuple[int, Operation]]:
    by_status: dict[int, list[type[BMSError]]] = defaultdict(list)
    for error in refusals(endpoint):
        by_status[error.status].append(error)
    for status, answer in sorted(endpoint.answers.items()):
        response: Operation = {
            "description": phrase(status),
            "headers": {name: link("headers", name) for name in _headers(endpoint, status)},
        }
        if isinstance(answer, Schema):
            response["content"] = {"application/json": {"schema": answer}}
        elif answer is not None:
            response["content"] = {
                kind: {"schema": {} if kind.endswith("json") else {"type": "string"}}
                for kind in answer.split(", ")
            }
        if status in by_status:
            problem = problem_response(by_status.pop(status))
            response["content"] |= problem["content"]
            response[CODES] = problem[CODES]
        yield status, response
    for status, kinds in sorted(by_status.items()):
        name = UNAVAILABLE if kinds == _UNAVAILABLE else kinds[0].code if len(kinds) == 1 else None
        yield status, problem_response(kinds) if name is None else link("responses", name)


def _headers(endpoint: Endpoint, status: int) -> Iterator[str]:
    """Yield the names of an answer's headers."""
    answer = endpoint.answers[status]
    query = {} if endpoint.query is None else endpoint.query.fields
    yield "X-Request-Id"
    if (isinstance(answer, Schema) and answer.many and "cursor" in query) or endpoint.successor is not None:
        yield "Link"
    if endpoint.successor is not None:
        yield "Deprecation"
    if status == HTTPStatus.CREATED:
        yield "Location"
    if {"If-Match", "If-None-Match"} & set(endpoint.headers) and status != HTTPStatus.NO_CONTENT:
        yield "ETag"
    if "Idempotency-Key" in endpoint.headers:
        yield "Idempotency-Replayed"
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        yield "Retry-After"
    if endpoint.dear:
        yield "RateLimit"
        yield "RateLimit-Policy"


def problem_response(kinds: Sequence[type[BMSError]]) -> Operation:
    """Return the response for any of ``kinds``, which share a status: one schema, and the codes beside it."""
    headers = ["X-Request-Id"]
    if any(kind.default_retry_after is not None for kind in kinds):
        headers.append("Retry-After")
    if errors.TooManyRequests in kinds:
        headers += ["RateLimit", "RateLimit-Policy"]
    if kinds[0].status == HTTPStatus.UNAUTHORIZED:
        headers.append("WWW-Authenticate")
    return {
        "description": "; ".join(f"{kind.title} (`{kind.code}`)" for kind in kinds) + ".",
        "headers": {name: link("headers", name) for name in headers},
        "content": {
            "application/problem+json": {
                "schema": link("schemas", "Problem"),
                "examples": {kind.code: link("examples", kind.code) for kind in kinds},
            }
        },
        CODES: [kind.code for kind in kinds],
    }
