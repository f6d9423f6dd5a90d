"""Routes of pages: who may send a form, what is kept for everybody, and how it is put together.

A page is a handler that calls one command or query and renders. This module does the rest: the session, the
language, the form's origin and token. Errors become pages in ``errors``.
"""

import enum
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from dataclasses import dataclass
from urllib.parse import quote

from aiohttp import web

from bms.cache.kept import Cache
from bms.cache.stamps import slot_of
from bms.errors import BMSError, ForgedForm
from bms.http import keys
from bms.http.bodies import read_form
from bms.http.call import id_in
from bms.http.limits import admit_dear
from bms.i18n.languages import Language
from bms.web.kit.headers import protect
from bms.web.kit.kept import KeptPage
from bms.web.kit.redirects import see_other
from bms.web.kit.visit import LANGUAGE_PARAMETER, SignInFirst, Visit, corner, language_of
from bms.web.kit.visitors import has_cookie

EVENT_PAGES = web.AppKey("event_pages", Cache[KeptPage])
LIST_PAGES = web.AppKey("list_pages", Cache[KeptPage])

Handler = Callable[[Visit], Awaitable[web.Response]]
FormHandler = Callable[[Visit, dict[str, str]], Awaitable[web.Response]]


class Kept(enum.Enum):
    """What a kept page is made of."""

    EVENT = "event"  # exact: the event whose id the path holds
    EVENTS = "events"  # any events; a moment old at most


@dataclass(frozen=True, slots=True)
class PageRoute:
    """A GET of a page. ``known`` are the query parameters that it knows; it ignores all others."""

    path: str
    handler: Handler
    kept: Kept | None
    known: frozenset[str]

    async def __call__(self, request: web.Request) -> web.StreamResponse:
        if self.kept is not None and (at_hand := self._at_hand(request, self.kept)) is not None:
            return at_hand
        visit = await Visit.begin(request, self.known)
        if self.kept is None:
            return finish(request, await _admitted(visit, self.handler(visit), self.path))
        page = await self._kept(visit, self.kept)
        if page.canonical not in (None, request.rel_url.raw_path):
            return protect(
                web.Response(status=302, headers={"Location": page.canonical or "/"}), is_secure=False
            )
        if visit.visitor is None:
            return page.for_stranger(request)
        return page.for_visitor(corner(visit.words, visit.visitor), visit.token)

    def _at_hand(self, request: web.Request, kept: Kept) -> web.Response | None:
        """Return what is kept for strangers, if nothing has to be waited for: the way of a crowd."""
        if request.query_string or has_cookie(request):
            return None
        key = self._key(request, language_of(request, None), ())
        if kept is Kept.EVENT:
            page = request.app[EVENT_PAGES].at_hand(key, slot_of(id_in(request, "id")))
        else:
            page = request.app[LIST_PAGES].at_hand(key)
        if page is None or page.canonical not in (None, request.rel_url.raw_path):
            return None
        return page.for_stranger(request)

    def _key(self, request: web.Request, words: Language, known: Iterable[tuple[str, str]]) -> str:
        # Not the whole path: whoever made up names for one event would push all others out.
        return repr((self.path, request.match_info.get("id"), words.tag, sorted(known)))

    async def _kept(self, visit: Visit, kept: Kept) -> KeptPage:
        request = visit.request
        key = self._key(request, visit.words, visit.known.items())

        async def make() -> KeptPage:
            response = finish(request, await self.handler(visit.for_nobody()))
            return KeptPage.of(response, corner(visit.words, None))

        if kept is Kept.EVENT:
            return await request.app[EVENT_PAGES].get(key, make, slot_of(id_in(request, "id")))
        return await request.app[LIST_PAGES].get(key, make)


@dataclass(frozen=True, slots=True)
class FormRoute:
    """A POST of a form. Each costs as much as a dear call of the API.

    ``is_proof``: the path is a secret. ``again`` shows the form once more if its token is out of date.
    ``most`` is how many bytes are read of who is signed in, None: as of any request.
    """

    path: str
    handler: FormHandler
    again: FormHandler | None
    known: frozenset[str]
    is_proof: bool
    most: int | None = None

    async def __call__(self, request: web.Request) -> web.StreamResponse:
        visit = await Visit.begin(request, self.known)
        visit.check_origin(is_proof=self.is_proof)
        await admit_dear(visit)
        typed = await read_form(request, None if visit.visitor is None else self.most)
        if visit.has_token(typed):
            return finish(request, await _admitted(visit, self.handler(visit, typed), self.path))
        if self.again is None:
            raise ForgedForm()
        try:
            response = await self.again(visit, typed)
        except BMSError as error:
            if error.status >= 500:
                raise
            raise ForgedForm() from error  # There is no such form here any more.
        response.set_status(ForgedForm.status)
        return finish(request, response)


Route = PageRoute | FormRoute

# The pages for who must set a second factor up before anything else.
ENROLLING = ("/account/second-factor", "/sign-out", "/language")


async def _admitted(visit: Visit, reply: Awaitable[web.Response], path: str) -> web.Response:
    """Return ``reply``, or the way to where the visitor signs in, or sets up what their role needs."""
    if visit.caller_or_none is not None and visit.caller.must_enrol and not path.startswith(ENROLLING):
        if isinstance(reply, Coroutine):
            reply.close()
        return see_other("/account/second-factor")
    try:
        return await reply
    except SignInFirst:
        there = visit.path if visit.request.method in ("GET", "HEAD") else "/tickets"
        return see_other(f"/sign-in?next={quote(there, safe='')}")


def finish(request: web.Request, response: web.Response) -> web.Response:
    """Add to a page's response the headers that are missing."""
    return protect(response, is_secure=request.app[keys.LINKS].is_secure)


class Pages:
    """The routes of some pages."""

    def __init__(self) -> None:
        self.routes: list[Route] = []

    def get(
        self, *paths: str, kept: Kept | None = None, known: tuple[str, ...] = ()
    ) -> Callable[[Handler], Handler]:
        """Return a decorator that shows a page at each of ``paths``."""

        def register(handler: Handler) -> Handler:
            names = frozenset((*known, LANGUAGE_PARAMETER))
            self.routes += [PageRoute(path, handler, kept, names) for path in paths]
            return handler

        return register

    def post(
        self,
        path: str,
        *,
        again: FormHandler | None = None,
        known: tuple[str, ...] = (),
        is_proof: bool = False,
        most: int | None = None,
    ) -> Callable[[FormHandler], FormHandler]:
        """Return a decorator that takes the form that is posted to ``path``."""
        names = frozenset((*known, LANGUAGE_PARAMETER))

        def register(handler: FormHandler) -> FormHandler:
            self.routes.append(FormRoute(path, handler, again, names, is_proof, most))
            return handler

        return register

    def install(self, app: web.Application) -> None:
        """Add the routes to ``app``."""
        resources: dict[str, web.Resource] = {}
        for route in self.routes:
            if route.path not in resources:
                resources[route.path] = app.router.add_resource(route.path)
            resource = resources[route.path]
            if isinstance(route, PageRoute):
                resource.add_route("GET", route.__call__)
                resource.add_route("HEAD", route.__call__)
            else:
                resource.add_route("POST", route.__call__)
