"""The API as the tests call it."""

import io
import json
from dataclasses import dataclass
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestClient

from tests.kit import contract

Client = TestClient[web.Request, web.Application]


@dataclass
class Reply:
    """An answer of the API, read."""

    status: int
    text: str
    headers: Any

    @property
    def ok(self) -> bool:
        return self.status < 400

    @property
    def json(self) -> Any:
        return json.loads(self.text)

    def problem(self, status: int, code: str) -> dict[str, Any]:
        """Return the problem document, having checked that it is one of this status and code."""
        assert self.status == status, self.text
        assert self.headers["Content-Type"].startswith("application/problem+json")
        document: dict[str, Any] = self.json
        assert document["status"] == status
        assert document["code"] == code, document
        assert document["type"].endswith(code)
        assert document["title"]
        assert document["detail"]
        assert document["request_id"] == self.headers["X-Request-Id"]
        return document


class Api:
    """The API as a client with JSON and a token sees it. Every answer must be one that is declared."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def request(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        token: str | None = None,
        headers: dict[str, str] | None = None,
        **query: Any,
    ) -> Reply:
        sent = dict(headers or {})
        if token is not None:
            sent["Authorization"] = f"Bearer {token}"
        parameters = {name: str(value) for name, value in query.items()}
        options = {"data": io.BytesIO(body)} if isinstance(body, bytes) else {"json": body}
        if body is None:
            options = {}
        async with self._client.request(method, path, headers=sent, params=parameters, **options) as response:
            reply = Reply(response.status, await response.text(), response.headers)
            contract.check(method, path, reply.status, reply.headers, reply.text)
            return reply

    async def get(self, path: str, **options: Any) -> Reply:
        return await self.request("GET", path, **options)

    async def post(self, path: str, body: Any = None, **options: Any) -> Reply:
        return await self.request("POST", path, body, **options)

    async def put(self, path: str, body: Any = None, **options: Any) -> Reply:
        return await self.request("PUT", path, body, **options)

    async def patch(self, path: str, body: Any = None, **options: Any) -> Reply:
        return await self.request("PATCH", path, body, **options)

    async def delete(self, path: str, **options: Any) -> Reply:
        return await self.request("DELETE", path, **options)
