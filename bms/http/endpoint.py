"""A route with its rules, and how a request is served by them.

A route declares who may call it and what its body and query look like. The endpoint checks both before the
handler runs. The API's description is made from the same declaration.
"""

import enum
import logging
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass

from aiohttp import hdrs, web
from marshmallow import Schema

from bms.cache.stamps import ANY_EVENT, slot_of
from bms.commands import audit
from bms.errors import (
    BMSError,
    DatabaseUnavailable,
    EnrolSecondFactor,
    Forbidden,
    InvalidSignature,
    NotFound,
    Overloaded,
    Unauthenticated,
)
from bms.http import keys
from bms.http.bodies import Parse, parser, read_body, read_query
from bms.http.call import PREFIXES, WITHOUT_TOKEN, Access, Call, check_access, id_in, identify
from bms.http.exchange import EXCHANGE
from bms.http.limits import admit_dear
from bms.http.resources import fill, location_of
from bms.http.shared import SharedReply, compress
from bms.schemas.base import RequestSchema
from bms.security.identity import STRANGER, Caller
from bms.security.signatures import HEADER, BadSignature
from bms.terms import Right, Role, Service

SUBJECT, DETAILS = 32, 2000  # characters that the audit log has for what was read

log = logging.getLogger(__name__)

Handler = Callable[[Call], Awaitable[web.StreamResponse]]

# The body of an answer: by a schema, of one of some media types that are not described further, or none.
Answer = Schema | str | None


class Cached(enum.Enum):
    """What a kept reply is made of, beside venues, categories and accounts, and what invalidates it."""

    EVENT = "event"  # the event whose id the path holds, as {id} or {event_id}
    ALL_EVENTS = "all events"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A route and its declared rules.

    ``operation`` is its id in the API's description, ``answers`` what it may answer by status,
    ``raises`` the domain errors that it raises itself, and ``headers`` the request headers it heeds.
    ``dear`` calls cost so much that each caller and each address has a few. ``enrolling`` calls are open to
    callers who must set a second factor up. ``location`` is where what a 201 made is found, see
    ``location_of``. ``successor`` is the method and path of the call that replaces an older one.
    The API's description is made from them, and the tests hold every reply against them. Serving a request
    looks nothing up in them.
    """

    method: str
    path: str
    operation: str
    handler: Handler
    access: Access | Right
    body: RequestSchema | None
    parse: Parse | None
    query: RequestSchema | None
    answers: Mapping[int, Answer]
    raises: tuple[type[BMSError], ...]
    headers: tuple[str, ...]
    deprecated: bool
    cached: Cached | None
    dear: bool
    enrolling: bool
    media: str | None = None
    location: tuple[str, ...] = ()
    successor: tuple[str, str] | None = None

    @property
    def tag(self) -> str:
        """The group of the operation in the API's description: the first word of its id."""
        return self.operation.partition(".")[0]

    async def __call__(self, request: web.Request) -> web.StreamResponse:
        if self.successor is not None:
            request[EXCHANGE].successor = fill(request, self.successor[1], request.match_info)
        if self.access in WITHOUT_TOKEN:
            return await self._serve(request, None)
        # Most reads are a stranger's. They are spared a coroutine.
        identity = await identify(request) if hdrs.AUTHORIZATION in request.headers else STRANGER
        request[EXCHANGE].identity = identity
        caller, refusal = identity
        if isinstance(refusal, (DatabaseUnavailable, Overloaded)) and self._is_public_read:
            return await self._fall_back(request, refusal)
        if caller is None or self.access is not Access.USER:
            check_access(self.access, caller, refusal)
        if caller is not None and caller.must_enrol and not self.enrolling:
            raise EnrolSecondFactor()
        if self.cached is None and self.access is not Access.ANYONE:
            return await self._serve(request, caller)
        try:
            return await self._reply(request, caller)
        except DatabaseUnavailable as down:
            # Organisers read the primary. While it is down, fall back to the public reply.
            if caller is None or not self._is_public_read or not request.app[keys.DATABASE].replica_is_up:
                raise
            return await self._fall_back(request, down)

    @property
    def _is_public_read(self) -> bool:
        return self.access is Access.ANYONE and self.method == "GET"

    @property
    def _is_private_read(self) -> bool:
        return self.access is not Access.ANYONE and self.method == "GET"

    async def _fall_back(
        self, request: web.Request, reason: DatabaseUnavailable | Overloaded
    ) -> web.StreamResponse:
        """Serve the public reply. Raises ``reason`` where a stranger is refused.

        Only the primary can check a session, so a 401, 403 or 404 to this caller might be wrong.
        """
        try:
            return await self._reply(request, None)
        except (Unauthenticated, Forbidden, NotFound):
            raise reason from None

    async def _reply(self, request: web.Request, caller: Caller | None) -> web.StreamResponse:
        if self.cached is None:
            return await self._serve(request, caller)
        if caller is None or not caller.may(Right.EVENTS_WRITE):
            replies = request.app[keys.REPLIES]
            try:
                slot = self._slot(request, self.cached)
                path = request.raw_path
                reply = replies.at_hand(path, slot)
                if reply is None:
                    reply = await replies.get(path, lambda: self._make(request, None), slot)
                return reply.response(request)
            except (Unauthenticated, Forbidden, NotFound):
                # What a stranger does not get may be the caller's own.
                if caller is None:
                    raise
        return (await self._make(request, caller)).response(request)

    def _slot(self, request: web.Request, cached: Cached) -> int:
        """Return the slot that the kept reply depends on. Raises NotFound if the path holds no id."""
        if cached is Cached.ALL_EVENTS:
            return ANY_EVENT
        return slot_of(id_in(request, "id" if "id" in request.match_info else "event_id"))

    async def _make(self, request: web.Request, caller: Caller | None) -> SharedReply:
        return SharedReply.of(await self._serve(request, caller))

    async def _serve(self, request: web.Request, caller: Caller | None) -> web.StreamResponse:
        call = Call(request, caller, request.app)
        if self.dear:
            await admit_dear(call)  # before anything is read or looked up
        if self.query is not None:
            call.query = read_query(request, self.query, of_links=self._is_public_read)
        if self.parse is not None:
            raw = await read_body(request)
            if self.access is Access.SIGNED:
                _check_signature(request, raw)
            call.raw = raw
            call.body = self.parse(raw)
        response = await self.handler(call)
        if self.cached is None:
            compress(request, response)
        if self.location and response.status == 201:
            assert isinstance(response, web.Response)
            response.headers[hdrs.LOCATION] = location_of(request, response.body, self.location)
        if caller is not None and caller.role is Role.ADMIN and self._is_private_read:
            await self._audit_read(call)
        return response

    async def _audit_read(self, call: Call) -> None:
        """Record that an admin has read what is not public."""
        texts = call.request.match_info.values()
        ids = [int(text) for text in texts if text.isascii() and text.isdigit() and len(text) < 19]
        await call.db.transact(
            audit.record,
            call.actor,
            "read",
            self.operation[:SUBJECT],
            ids[0] if ids else 0,
            details=call.request.raw_path.encode("ascii", "replace").decode()[:DETAILS],
        )


def _check_signature(request: web.Request, raw: bytes) -> None:
    """Raise InvalidSignature unless the header signs the raw body. Only the log says why not."""
    try:
        request.app[keys.SIGNATURES].check(request.headers.get(HEADER), raw)
    except BadSignature as error:
        log.warning("request %s: %s", request[EXCHANGE].request_id, error)
        raise InvalidSignature() from None


class Routes:
    """The endpoints of one resource, each under its path and under /api, with and without a slash.

    Each GET answers HEAD too (RFC 9110, section 9.3.2). ``service`` is the one that has them, None if every
    process does. ``deprecated`` marks all as older call shapes.
    """

    def __init__(self, service: Service | None, *, deprecated: bool = False) -> None:
        self.service = service
        self.endpoints: list[Endpoint] = []
        self._deprecated = deprecated

    def add(
        self,
        method: str,
        *paths: str,
        operation: str,
        access: Access | Right,
        body: RequestSchema | None = None,
        memoised: bool = False,
        query: RequestSchema | None = None,
        answers: Mapping[int, Answer] | None = None,
        raises: Sequence[type[BMSError]] = (),
        headers: Sequence[str] = (),
        cached: Cached | None = None,
        dear: bool = False,
        enrolling: bool = False,
        whole: bool = False,
        media: str | None = None,
        location: str | Sequence[str] = (),
        successor: str | None = None,
    ) -> Callable[[Handler], Handler]:
        """Return a decorator that registers its function at each of ``paths``.

        The first path is the canonical one, the others are older. ``operation`` is the id in the API's
        description: its group, a dot and a name; an older path adds its own words. ``memoised`` says that
        many callers send the very same body. ``cached`` says that everybody but managers and admins gets
        the same reply, and what it is made of: it is kept, and has an ETag. ``dear`` is limited by
        ``admit_dear``. ``enrolling`` calls serve who must set a second factor up, too.
        With ``whole`` the handler reads the body itself, JSON or of ``media``: ``body`` only describes it.
        ``location`` is needed where a 201 is among the answers, and ``successor`` by older call shapes: the
        path that replaces this one, after its method if that is another. Older paths have the canonical one.
        """

        assert access is not Access.SIGNED or body is not None, "what is signed is the body"
        assert not self._deprecated or successor is not None, "name what replaces this older call"
        assert bool(location) == (201 in (answers or {})), "say where what a 201 made is found"
        parse = None if body is None or whole else parser(body, memoised=memoised)

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
                    raises=tuple(raises),
                    headers=tuple(headers),
                    deprecated=self._deprecated or path != paths[0],
                    location=(location,) if isinstance(location, str) else tuple(location),
                    successor=_successor(method, successor if self._deprecated else paths[0], path),
                    cached=cached,
                    dear=dear,
                    enrolling=enrolling,
                    media=media,
                )
                for path in paths
            ]
            return handler

        return register


def install(app: web.Application, endpoints: Sequence[Endpoint]) -> None:
    """Add the routes of ``endpoints`` to ``app``.

    The router tries the resources below a path in turn. So a path is one resource, those without a parameter,
    which are cheap to tell apart, come first, and those with a slash at the end come last.
    """
    resources: dict[str, web.Resource] = {}
    for slash in ("", "/"):
        for endpoint in sorted(endpoints, key=lambda one: "{" in one.path):
            for prefix in PREFIXES:
                path = prefix + endpoint.path + slash
                resource = resources.get(path)
                if resource is None:
                    resource = resources[path] = app.router.add_resource(path)
                resource.add_route(endpoint.method, endpoint.__call__)
                if endpoint.method == "GET":
                    resource.add_route("HEAD", endpoint.__call__)


def _successor(method: str, successor: str | None, path: str) -> tuple[str, str] | None:
    """Return the method and path of ``successor``, None for a call at ``path`` that nothing replaces."""
    if successor is None or successor == path:
        return None
    other, _, there = successor.rpartition(" ")
    return other or method, there


def _words(path: str) -> str:
    return "_".join(re.findall(r"\w+", path))
