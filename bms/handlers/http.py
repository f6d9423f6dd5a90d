"""What every handler shares: routes with their rules, the parsed call, answers and pages.

A route declares who may call it and what its body and query look like; the wrapper checks both
before the handler runs, and the same declaration is what the API's description is made from.
"""

import base64
import binascii
import enum
import ipaddress
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ParamSpec, TypeVar

import orjson
from aiohttp import web
from marshmallow import Schema

from bms import keys
from bms.answers import SharedAnswer
from bms.checkout.turnstile import Turnstile
from bms.errors import (
    BMSError,
    DatabaseUnavailable,
    Forbidden,
    NotFound,
    Unauthenticated,
    ValidationFailed,
)
from bms.handlers.bodies import Parse, parser, read_body, read_query
from bms.payments.gateway import Gateway
from bms.schemas.base import RequestSchema
from bms.security.identity import Caller
from bms.security.passwords import Passwords
from bms.security.tokens import Tokens
from bms.settings import Settings
from bms.sql.database import Database, Work
from bms.terms import MAX_ID

P = ParamSpec("P")
T = TypeVar("T")
PREFIXES = ("", "/api")


class Access(enum.Enum):
    """Who may call an endpoint; whose rows they may see is decided by the command or query."""

    ANYONE = "anyone"
    CREDENTIALS = "credentials"  # the body tells who calls; a client may still send its expired token along
    USER = "user"
    MANAGER = "manager"
    ADMIN = "admin"

    def check(self, caller: Caller | None, refusal: BMSError | None = None) -> None:
        """Raise Unauthenticated or Forbidden unless ``caller`` may go on. ``refusal`` is why the token that
        was sent tells of nobody, if it does not.
        """
        if self is Access.CREDENTIALS:
            return
        if refusal is not None:
            raise refusal
        if self is Access.ANYONE:
            return
        if caller is None:
            raise Unauthenticated()
        if self is Access.MANAGER and caller.role not in ("EVENT_MANAGER", "ADMIN"):
            raise Forbidden("This needs the role EVENT_MANAGER or ADMIN")
        if self is Access.ADMIN and not caller.is_admin:
            raise Forbidden("This needs the role ADMIN")


@dataclass(slots=True)
class Call:
    """One request after its checks: who calls, and the parsed body and query."""

    request: web.Request
    caller_or_none: Caller | None
    body: dict[str, Any] = field(default_factory=dict)
    query: dict[str, Any] = field(default_factory=dict)

    @property
    def caller(self) -> Caller:
        """The caller, on a route that asks for one."""
        assert self.caller_or_none is not None
        return self.caller_or_none

    @property
    def db(self) -> Database:
        return self.request.app[keys.DATABASE]

    async def look_up(self, query: Work[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run a query of venues, categories or events, on a replica if there is one.

        For managers and admins it runs on the primary: they must see what they have just changed.
        """
        caller = self.caller_or_none
        run = self.db.read if caller is None or caller.role == "USER" else self.db.read_primary
        return await run(query, *args, **kwargs)

    @property
    def turnstile(self) -> Turnstile:
        return self.request.app[keys.TURNSTILE]

    @property
    def settings(self) -> Settings:
        return self.request.app[keys.SETTINGS]

    @property
    def tokens(self) -> Tokens:
        return self.request.app[keys.TOKENS]

    @property
    def passwords(self) -> Passwords:
        return self.request.app[keys.PASSWORDS]

    @property
    def gateway(self) -> Gateway:
        return self.request.app[keys.GATEWAY]

    @property
    def request_id(self) -> str:
        return self.request[keys.REQUEST_ID]

    @property
    def address(self) -> str:
        """The client's address: of the connection, or as the trusted proxies in front report it."""
        trusted = self.settings.trusted_proxies
        # Each proxy adds whom it heard from, at the end or in a line of its own.
        hops = ",".join(self.request.headers.getall("X-Forwarded-For", [])).split(",")
        reported = _address(hops[-trusted].strip()) if 0 < trusted <= len(hops) else None
        return reported or self.request.remote or "unknown"

    def id(self, name: str = "id") -> int:
        """Return an id of the path. Raises NotFound for what can be no id."""
        text = self.request.match_info[name]
        if not text.isascii() or not text.isdigit() or not 0 < int(text[:20]) <= MAX_ID or len(text) > 19:
            raise NotFound()
        return int(text)


def _address(text: str) -> str | None:
    """Return the IP address that ``text`` is, without a port; None for anything else."""
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        return None if "%" in text else str(ipaddress.ip_address(text))
    except ValueError:
        return None


Handler = Callable[[Call], Awaitable[web.StreamResponse]]

# What an answer's body is: of a schema, of a media type that is not described further, or none.
Answer = Schema | str | None


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A route and its declared rules.

    ``operation`` is its id in the API's description, ``answers`` what it may answer by status,
    ``refusals`` the domain errors that it raises itself, and ``headers`` the request headers it heeds.
    They are the API's description and what the tests hold every answer against; nothing is looked up in
    them to answer a request.
    """

    method: str
    path: str
    operation: str
    handler: Handler
    access: Access
    body: RequestSchema | None
    parse: Parse | None
    query: RequestSchema | None
    answers: Mapping[int, Answer]
    refusals: tuple[type[BMSError], ...]
    headers: tuple[str, ...]
    older: bool
    shared: bool

    @property
    def tag(self) -> str:
        """The group of the operation in the API's description: the first word of its id."""
        return self.operation.partition(".")[0]

    async def __call__(self, request: web.Request) -> web.StreamResponse:
        caller, refusal = request[keys.IDENTITY]
        if isinstance(refusal, DatabaseUnavailable) and self._is_for_strangers:
            return await self._serve_stranger(request, refusal)
        self.access.check(caller, refusal)
        serve = self._serve_shared if self.shared else self._serve
        try:
            return await serve(request, caller)
        except DatabaseUnavailable as away:
            # An organiser's reading is the primary's, and what anyone sees is better than nothing.
            if caller is None or not self._is_for_strangers or not request.app[keys.DATABASE].replica_is_up:
                raise
            return await self._serve_stranger(request, away)

    async def _serve_shared(self, request: web.Request, caller: Caller | None) -> web.StreamResponse:
        if caller is None or caller.role == "USER":
            answers = request.app[keys.ANSWERS]
            try:
                answer = await answers.get(request.raw_path, lambda: self._make(request, None))
                return answer.response(request)
            except (Unauthenticated, Forbidden, NotFound):
                # What strangers do not get may be the caller's own.
                if caller is None:
                    raise
        return (await self._make(request, caller)).response(request)

    async def _make(self, request: web.Request, caller: Caller | None) -> SharedAnswer:
        return SharedAnswer.of(await self._serve(request, caller))

    @property
    def _is_for_strangers(self) -> bool:
        return self.access is Access.ANYONE and self.method == "GET"

    async def _serve_stranger(self, request: web.Request, unknown: DatabaseUnavailable) -> web.StreamResponse:
        # The primary alone knows whether a session has ended, and it is away: the caller sees what anyone
        # sees, as long as a replica answers, and is told nothing that may be wrong of who they are.
        try:
            serve = self._serve_shared if self.shared else self._serve
            return await serve(request, None)
        except (Unauthenticated, Forbidden, NotFound):
            raise unknown from None

    async def _serve(self, request: web.Request, caller: Caller | None) -> web.StreamResponse:
        call = Call(request, caller)
        if self.query is not None:
            call.query = self.query.parse(read_query(request))
        if self.parse is not None:
            call.body = self.parse(await read_body(request))
        return await self.handler(call)


class Routes:
    """The endpoints of one resource, each under its path and under /api, with and without a slash.

    What answers GET answers HEAD (RFC 9110, section 9.3.2). ``older`` marks all as call shapes of the
    older sources.
    """

    def __init__(self, *, older: bool = False) -> None:
        self.endpoints: list[Endpoint] = []
        self._older = older

    def add(
        self,
        method: str,
        *paths: str,
        operation: str,
        access: Access,
        body: RequestSchema | None = None,
        repeats: bool = False,
        query: RequestSchema | None = None,
        answers: Mapping[int, Answer] | None = None,
        refusals: Sequence[type[BMSError]] = (),
        headers: Sequence[str] = (),
        shared: bool = False,
    ) -> Callable[[Handler], Handler]:
        """Return a decorator that registers its function at each of ``paths``: the first is the canonical
        one, the others are older. ``operation`` is the id in the API's description: its group, a dot and a
        name; an older path adds its own words. ``repeats`` says that many send the very same body.
        ``shared`` says that managers and admins aside everybody gets the same answer, made of events and
        what belongs to them: it is kept, and has an ETag.
        """

        parse = None if body is None else parser(body, repeats=repeats)

        def register(handler: Handler) -> Handler:
            self.endpoints += [
                Endpoint(
                    method=method,
                    path=path,
                    operation=operation if path == paths[0] else f"{operation}.{_words(path)}",
                    handler=handler,
                    access=access,
                    body=body,
                    parse=parse,
                    query=query,
                    answers=answers or {},
                    refusals=tuple(refusals),
                    headers=tuple(headers),
                    older=self._older or path != paths[0],
                    shared=shared,
                )
                for path in paths
            ]
            return handler

        return register

    def install(self, app: web.Application) -> None:
        for endpoint in self.endpoints:
            for prefix in PREFIXES:
                for slash in ("", "/"):
                    resource = app.router.add_resource(prefix + endpoint.path + slash)
                    resource.add_route(endpoint.method, endpoint.__call__)
                    if endpoint.method == "GET":
                        resource.add_route("HEAD", endpoint.__call__)


def _words(path: str) -> str:
    return "_".join(re.findall(r"\w+", path))


def respond(data: Any, status: int = 200, headers: dict[str, str] | None = None) -> web.Response:
    """Return ``data`` as JSON."""
    return web.Response(
        body=orjson.dumps(data), status=status, headers=headers, content_type="application/json"
    )


def no_content(status: int = 204) -> web.Response:
    return web.Response(status=status)


def encode_cursor(*position: Any) -> str:
    """Return an opaque cursor for the row at ``position``: its sort key and its id."""
    return base64.urlsafe_b64encode(orjson.dumps(position)).decode().rstrip("=")


def decode_cursor(cursor: str | None, *types: type) -> tuple[Any, ...]:
    """Return the position that ``cursor`` holds, or that many None. Raises ValidationFailed for another's."""
    if cursor is None:
        return (None,) * len(types)
    try:
        position = orjson.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (binascii.Error, ValueError):
        position = None
    fits = isinstance(position, list) and len(position) == len(types)
    if not fits or not all(_may_be(part, kind) for part, kind in zip(position, types, strict=True)):
        raise ValidationFailed.of("cursor", "This cursor is not one of ours.")
    return tuple(position)


def _may_be(part: Any, kind: type) -> bool:
    """Return whether ``part`` of somebody's cursor is a ``kind`` that the database takes."""
    if kind is int:
        return type(part) is int and 0 <= part <= MAX_ID
    return isinstance(part, str) and "\x00" not in part


def page(
    request: web.Request, rows: Sequence[Any], limit: int, present: Callable[[Any], Any], *key: str
) -> web.Response:
    """Return the first ``limit`` of ``rows`` as a JSON array, with a Link to the next page if there is one.

    ``rows`` holds one more than ``limit`` when more follow; ``key`` names the columns of the cursor.
    """
    shown = rows[:limit]
    headers = {}
    if len(rows) > limit:
        cursor = encode_cursor(*(_plain(getattr(shown[-1], name)) for name in key))
        url = request.rel_url.update_query(cursor=cursor)
        headers["Link"] = f'<{url}>; rel="next"'
    return respond([present(row) for row in shown], headers=headers)


def _plain(value: Any) -> Any:
    return value if isinstance(value, int) else str(value)
