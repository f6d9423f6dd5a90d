"""The parts of the API's description that endpoints share."""

from typing import Any

from bms.errors import BMSError, ValidationFailed
from bms.schemas.problems import PROBLEM_TYPE
from bms.security.signatures import HEADER

Part = dict[str, Any]

ACCESS_TOKEN, SIGNATURE, OPERATOR_TOKEN = "access_token", "signature", "operator_token"

SECURITY: dict[str, Part] = {
    OPERATOR_TOKEN: {"type": "http", "scheme": "bearer", "description": "The setting BMS_METRICS_TOKEN."},
    ACCESS_TOKEN: {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "JWT",
        "description": "The access token from POST /login.",
    },
    SIGNATURE: {
        "type": "apiKey",
        "in": "header",
        "name": HEADER,
        "description": "`t=1764183600,v1=5257a8...`: seconds since 1970, and in hexadecimal the HMAC-SHA256 "
        "of that number, a dot and the raw body, with BMS_GATEWAY_SECRET. The time may be five minutes off.",
    },
}

_ETAG = {"type": "string", "examples": ['"v3-5b2c9a7d1e4f6a80"']}
_KEY = {"type": "string", "minLength": 1, "maxLength": 200, "pattern": "^[!-~]{1,200}$"}

PARAMETERS: dict[str, Part] = {
    "Accept-Language": {
        "name": "Accept-Language",
        "in": "header",
        "description": "The language to write to the caller in, if neither a field nor the account says it.",
        "schema": {"type": "string", "examples": ["de-AT, en;q=0.5"]},
    },
    "Idempotency-Key": {
        "name": "Idempotency-Key",
        "in": "header",
        "description": "A repeat with the same key and body does nothing and gets the first reply again.",
        "schema": {**_KEY, "examples": ["pay-1"]},
    },
    "If-Match": {
        "name": "If-Match",
        "in": "header",
        "description": "The ETag of what you are changing. If it has changed since, nothing is written.",
        "schema": _ETAG,
    },
    "If-None-Match": {
        "name": "If-None-Match",
        "in": "header",
        "description": "The ETag of what you already have. If it is current, the reply is 304.",
        "schema": _ETAG,
    },
    "X-Request-Id": {
        "name": "X-Request-Id",
        "in": "header",
        "description": "An id for this request, to find it in the log. Without one, the server makes one.",
        "schema": {"type": "string", "maxLength": 64, "pattern": "^[A-Za-z0-9._:/+=-]+$"},
    },
}

RESPONSE_HEADERS: dict[str, Part] = {
    "X-Request-Id": {
        "description": "The id of the request, as in the log.",
        "required": True,
        "schema": {"type": "string"},
    },
    "Link": {
        "description": "Other places (RFC 8288), relative to the request's address: the next page of a list "
        'with rel="next", and what replaces an older call with rel="successor-version".',
        "schema": {"type": "string", "examples": ['</events?cursor=WyJkYXRlIl0>; rel="next"']},
    },
    "Location": {
        "description": "Where what was made is found. What has no address of its own is in the list there.",
        "schema": {"type": "string", "format": "uri-reference", "examples": ["/bookings/1"]},
    },
    "Deprecation": {
        "description": "The call is an older one: @ and since when, in seconds since 1970 (RFC 9745).",
        "schema": {"type": "string", "examples": ["@1795737600"]},
    },
    "ETag": {"description": "The version of what this reply shows.", "schema": _ETAG},
    "Idempotency-Replayed": {
        "description": "true if this reply repeats an earlier one.",
        "schema": {"type": "string", "const": "true"},
    },
    "Retry-After": {
        "description": "Seconds to wait before the next attempt.",
        "schema": {"type": "integer", "minimum": 0},
    },
    "RateLimit": {
        "description": "What is left of each limit that counted this call: r calls at once, and more in t "
        "seconds (draft-ietf-httpapi-ratelimit-headers-10). Absent where no limit applies.",
        "schema": {"type": "string", "examples": ['"dear";r=59;t=2']},
    },
    "RateLimit-Policy": {
        "description": "These limits: q calls in w seconds.",
        "schema": {"type": "string", "examples": ['"dear";q=60;w=120']},
    },
    "WWW-Authenticate": {
        "description": "How to authenticate (RFC 6750).",
        "schema": {"type": "string", "examples": ['Bearer realm="bms"']},
    },
}

PROBLEM: Part = {
    "type": "object",
    "description": "What went wrong (RFC 9457). `code` is stable, `detail` is for people. Some problems have "
    "more members, such as `available`: the number of tickets left. `price_changed` has those of a "
    "new quote.",
    "required": ["type", "title", "status", "detail", "code", "request_id"],
    "properties": {
        "type": {
            "type": "string",
            "format": "uri-reference",
            "description": "The page about this kind of problem, the same for each code.",
        },
        "title": {"type": "string", "description": "What it means, the same for each code."},
        "status": {"type": "integer", "description": "The HTTP status."},
        "detail": {"type": "string", "description": "What happened this time, for people."},
        "code": {"type": "string", "description": "The kind of problem, for programs."},
        "request_id": {"type": "string", "description": "The id of the request, as in the log."},
        "errors": {
            "type": "array",
            "description": "The mistakes in the request.",
            "items": {
                "type": "object",
                "required": ["pointer", "message"],
                "properties": {
                    "pointer": {
                        "type": "string",
                        "description": "Where the mistake is: a JSON Pointer into the body (RFC 6901).",
                    },
                    "parameter": {
                        "type": "string",
                        "description": "The parameter of the query that the mistake is in, if it is in one.",
                    },
                    "message": {"type": "string", "description": "What is wrong, and what would be right."},
                },
            },
        },
    },
}


def link(kind: str, name: str) -> Part:
    """Return a reference to a component of the document."""
    return {"$ref": f"#/components/{kind}/{name}"}


def example_of_problem(kind: type[BMSError]) -> Part:
    """Return a problem document of ``kind``."""
    document: Part = {
        "type": f"{PROBLEM_TYPE}{kind.code}",
        "title": kind.title,
        "status": kind.status,
        "detail": kind.title,
        "code": kind.code,
        "request_id": "7f3d1c0a9b2e4d58a1c6e0f94b7d2c35",
    }
    if issubclass(kind, ValidationFailed):
        errors = [{"pointer": "/quantity", "message": "A whole number from 1 to 100 is needed."}]
        document |= {"detail": f"quantity: {errors[0]['message']}", "errors": errors}
    return document
