"""What the tests of bad input share: the endpoints there are, raw requests, and a picture of the database."""

import re
from collections.abc import Callable, Iterator
from typing import Any

from bms.app import ROUTES
from bms.http import keys
from bms.http.endpoint import Endpoint
from bms.security.signatures import HEADER
from tests.kit.api import Api, Client, Reply
from tests.kit.catalogue import tables
from tests.kit.tsql import Sql

ENDPOINTS: list[Endpoint] = [endpoint for module in ROUTES for endpoint in module.routes.endpoints]
# One of those that share a schema: by its other names an endpoint is the same one. Those whose handler reads
# the body itself have tests of their own.
WITH_BODY = list({id(e.body): e for e in reversed(ENDPOINTS) if e.parse is not None}.values())[::-1]

# Text that a statement put together from pieces, a driver that knows escapes, or LIKE would act upon.
SQL_TEXTS = (
    "'; DROP TABLE users; --",
    '" OR 1=1',
    "' OR 'a'='a",
    "x' UNION SELECT password_hash FROM users --",
    "%",
    "_",
    "[a-z]",
    "{fn now()}",
    "{d '2027-01-01'}",
    "{call x(?)}",
    "? ?? ?1 :name @name $1 %s",
    "\\'; SELECT 1; --",
    "$$ $a$ /* -- */",
    "\\x27 \\0 \\",
    "NULL",
)
UNICODE_TEXTS = (
    "\U0001f3ad\U0001f469\u200d\U0001f680 astral and joined",
    "\u05e9\u05dc\u05d5\u05dd \u0645\u0631\u062d\u0628\u0627 right to left",
    "Z\u0351\u036b\u0313\u1ea1\u0300l\u035b\u0367 combining",
    "\u5cf6\u6751 \ud55c\uad6d\uc5b4 \u0e20\u0e32\u0e29\u0e32",
    "\u1e9e\u0130\u0131\u03a3\u03c2 cases that fold to other lengths",
    "\ufb01\uff21\u2460 compatibility forms",
    "\ufffd\ufeff\ue000",
)


def name_of(endpoint: Endpoint) -> str:
    return f"{endpoint.method} {endpoint.path}"


_PARAMETER = re.compile(r"\{[^}]*\}")


def path_of(endpoint: Endpoint, key: str = "1") -> str:
    """Return the endpoint's path with ``key`` in the place of its id, and 1 in that of any other."""
    return _PARAMETER.sub("1", _PARAMETER.sub(key, endpoint.path, count=1))


async def send(
    client: Client, method: str, path: str, data: Any, *, token: str | None = None, **headers: str
) -> Reply:
    """Send ``data`` as it is, as JSON unless ``content_type`` says otherwise, and return the answer.

    It is signed as the payment gateway signs, for the endpoint that asks for that.
    """
    sent = {"Content-Type": "application/json"}
    if isinstance(data, bytes):
        sent[HEADER] = client.app[keys.SIGNATURES].sign(data)
    sent |= {name.replace("_", "-").title(): value for name, value in headers.items()}
    if token is not None:
        sent["Authorization"] = f"Bearer {token}"
    async with client.request(method, path, data=data, headers=sent) as response:
        return Reply(response.status, await response.text(), response.headers)


def contents(rows: Sql) -> dict[str, list[tuple[Any, ...]]]:
    """Return every row of every table, so that two of these show whether anything was changed."""
    return {
        table: sorted(map(tuple, rows.connection.execute(f"SELECT * FROM {table}").fetchall()), key=repr)
        for table in tables(rows.connection)
    }


async def pages(api: Api, url: str, token: str | None = None) -> list[Any]:
    """Return the whole list at ``url``, read page after page by its Link headers."""
    return [entry async for entry in _entries(api, url, token)]


async def _entries(api: Api, url: str, token: str | None) -> Any:
    while url:
        reply = await api.get(url, token=token)
        assert reply.status == 200, reply.text
        for entry in reply.json:
            yield entry
        link = reply.headers.get("Link", "")
        url = link[1 : link.index(">")] if link.endswith('rel="next"') else ""


def bodies_with(schema: Any, values: Callable[[Any], Iterator[Any]]) -> Iterator[tuple[str, Any]]:
    """Yield (pointer, body) for each field of ``schema``, nested ones too, and each of ``values(field)``."""
    for name, field in schema.load_fields.items():
        for value in values(field):
            yield f"/{name}", {name: value}
        inner: Any = getattr(field, "inner", None)
        if hasattr(inner, "schema"):
            for pointer, body in bodies_with(inner.schema, values):
                yield f"/{name}/0{pointer}", {name: [body]}
        if hasattr(field, "schema"):
            for pointer, body in bodies_with(field.schema, values):
                yield f"/{name}{pointer}", {name: body}
