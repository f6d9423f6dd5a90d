"""The API's description (OpenAPI 3.1), generated from the declared endpoints and their schemas.

There are two documents. The first has the calls as they are written today, each name and value once. The
second has the older shapes: the older paths, and today's paths with the older names that they take and show.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from apispec import APISpec

from bms import __version__
from bms.errors import BMSError
from bms.http.endpoint import Endpoint
from bms.openapi.fields import plugin
from bms.openapi.operations import (
    OLDER,
    describe_operation,
    has_older_call,
    older_path_of,
    path_of,
    shared_responses,
)
from bms.openapi.parts import PARAMETERS, PROBLEM, RESPONSE_HEADERS, SECURITY, example_of_problem

Document = dict[str, Any]

TODAYS = (
    "Events, bookings, payments. Each path is below `/api` too, with and without a slash at its end. Errors "
    "are problem documents (RFC 9457), whose `type` leads to a page; `x-problem-codes` lists the codes of a "
    'response. Lists are read page by page: follow the `Link` header with `rel="next"`, relative to the '
    "request's address (RFC 8288). Older call shapes go on working; they are in `/openapi-legacy.json`."
)
OLDER_ONES = (
    "Older call shapes, which go on working: other paths, names and values. Those of today are in "
    "`/openapi.json`. Replies to an older path carry `Deprecation` and a `Link` to its successor "
    '(`rel="successor-version"`). Events are shown with their older names by an older path, after a body of '
    "older names, and by today's paths with a slash at the end."
)


def describe(endpoints: Sequence[Endpoint], tags: Mapping[str, str], *, older: bool = False) -> Document:
    """Return the OpenAPI document of ``endpoints``, with ``older`` that of their older shapes.

    Paths have no ``/api``. ``tags`` are the groups of the operations, with their descriptions.
    """
    paths: dict[str, Document] = defaultdict(dict)
    used = set()
    for endpoint in endpoints:
        if has_older_call(endpoint) if older else not endpoint.deprecated:
            path = older_path_of(endpoint) if older else path_of(endpoint)
            paths[path][endpoint.method.lower()] = describe_operation(endpoint, older=older)
            used.add(OLDER if endpoint.deprecated else endpoint.tag)
    groups = {**tags, OLDER: "Older paths. They remain supported."}
    spec = APISpec(
        title="BMS, older call shapes" if older else "BMS",
        version=__version__,
        openapi_version="3.1.0",
        plugins=[plugin(older=older)],
        info={
            "description": OLDER_ONES if older else TODAYS,
            "contact": {"name": "The operator of this server"},
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        servers=[{"url": "/"}, {"url": "/api"}],
        tags=[{"name": name, "description": text} for name, text in groups.items() if name in used],
    )
    _add_components(spec)
    # Sorted by name: the order of modules and routes is not part of the contract.
    for path, operations in sorted(paths.items()):
        spec.path(path, operations=dict(sorted(operations.items())))
    return _referenced(spec.to_dict())


def all_errors(of: type[BMSError] = BMSError) -> set[type[BMSError]]:
    """Return ``of`` and all domain errors derived from it."""
    return {of}.union(*(all_errors(kind) for kind in of.__subclasses__()))


def _add_components(spec: APISpec) -> None:
    for name, scheme in SECURITY.items():
        spec.components.security_scheme(name, scheme)
    for name, header in RESPONSE_HEADERS.items():
        spec.components.header(name, header)
    for name, parameter in PARAMETERS.items():
        spec.components.parameter(name, parameter["in"], parameter)
    spec.components.schema("Problem", PROBLEM)
    kinds = sorted(all_errors(), key=lambda error: error.code)
    for name, response in shared_responses(kinds):
        spec.components.response(name, response)
    for error in kinds:
        example = {"summary": error.title, "value": example_of_problem(error)}
        spec.components.example(error.code, example)


def _referenced(document: Document) -> Document:
    """Return the document without the components that nothing in it refers to."""
    named: set[tuple[str, str]] = set()

    def follow(part: Any) -> None:
        if isinstance(part, dict):
            reference = part.get("$ref")
            if isinstance(reference, str):
                _, _, kind, name = reference.split("/")
                if (kind, name) not in named:
                    named.add((kind, name))
                    follow(document["components"][kind][name])
            for value in part.values():
                follow(value)
        elif isinstance(part, list):
            for value in part:
                follow(value)

    follow(document["paths"])
    for operation in (one for operations in document["paths"].values() for one in operations.values()):
        named.update(("securitySchemes", name) for need in operation["security"] for name in need)
    components = {
        kind: {name: part for name, part in parts.items() if (kind, name) in named}
        for kind, parts in document["components"].items()
    }
    return {**document, "components": {kind: parts for kind, parts in components.items() if parts}}
