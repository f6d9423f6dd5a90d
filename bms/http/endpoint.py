"""What every handler shares: routes with their rules, the parsed call, answers and pages.

A route declares who may call it and what its body and query look like; the wrapper checks both
before the handler runs, and the same declaration is what the API's description is made from.
"""

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass

from aiohttp import web
from marshmallow import Schema

from bms.errors import (
    BMSError,
    DatabaseUnavailable,
    Forbidden,
    NotFound,
    Unauthenticated,
)
from bms.http import keys
from bms.http.bodies import Parse, parser, read_body, read_query
from bms.http.call import PREFIXES, Access, Call, check_access
from bms.http.shared import SharedReply
from bms.schemas.base import RequestSchema
from bms.security.identity import Caller
from bms.terms import Right, Role

Handler = Callable[[Call], Awaitable[web.StreamResponse]]

# What an answer's body is: of a schema, of a media type that is not described further, or none.
Answer = Schema | str | None


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A route and its declared rules.

    ``operation`` is its id in the API's description, ``answers`` what it may answer by status,
    ``raises`` the domain errors that it raises itself, and ``headers`` the request headers it heeds.
    They are the API's description and what the tests hold every answer against; nothing is looked up in
    them to answer a request.
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
    cached: bool

    @property
    def tag(self) -> str:
        """The group of the operation in the API's description: the first word of its id."""
        return self.operation.partition(".")[0]

    async def __call__(self, request: web.Request) -> web.StreamResponse:
        caller, refusal = request[keys.IDENTITY]
        if isinstance(refusal, DatabaseUnavailable) and self._is_for_strangers:
            return await self._serve_stranger(request, refusal)
        check_access(self.access, caller, refusal)
        serve = self._serve_shared if self.cached else self._serve
        try:
            return await serve(request, caller)
        except DatabaseUnavailable as away:
            # An organiser's reading is the primary's, and what anyone sees is better than nothing.
            if caller is None or not self._is_for_strangers or not request.app[keys.DATABASE].replica_is_up:
                raise
            return await self._serve_stranger(request, away)

    async def _serve_shared(self, request: web.Request, caller: Caller | None) -> web.StreamResponse:
        if caller is None or caller.role is Role.USER:
            answers = request.app[keys.REPLIES]
            try:
                answer = await answers.get(request.raw_path, lambda: self._make(request, None))
                return answer.response(request)
            except (Unauthenticated, Forbidden, NotFound):
                # What strangers do not get may be the caller's own.
                if caller is None:
                    raise
        return (await self._make(request, caller)).response(request)

    async def _make(self, request: web.Request, caller: Caller | None) -> SharedReply:
        return SharedReply.of(await self._serve(request, caller))

    @property
    def _is_for_strangers(self) -> bool:
        return self.access is Access.ANYONE and self.method == "GET"

    async def _serve_stranger(self, request: web.Request, unknown: DatabaseUnavailable) -> web.StreamResponse:
        # The primary alone knows whether a session has ended, and it is away: the caller sees what anyone
        # sees, as long as a replica answers, and is told nothing that may be wrong of who they are.
        try:
            serve = self._serve_shared if self.cached else self._serve
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

    What answers GET answers HEAD (RFC 9110, section 9.3.2). ``deprecated`` marks all as call shapes of the
    older sources.
    """

    def __init__(self, *, deprecated: bool = False) -> None:
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
        cached: bool = False,
    ) -> Callable[[Handler], Handler]:
        """Return a decorator that registers its function at each of ``paths``: the first is the canonical
        one, the others are older. ``operation`` is the id in the API's description: its group, a dot and a
        name; an older path adds its own words. ``memoised`` says that many send the very same body.
        ``cached`` says that managers and admins aside everybody gets the same answer, made of events and
        what belongs to them: it is kept, and has an ETag.
        """

        parse = None if body is None else parser(body, memoised=memoised)

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
                    cached=cached,
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
