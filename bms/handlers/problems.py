"""What each problem means: the pages that the ``type`` of a problem document leads to (RFC 9457)."""

from typing import Any

from aiohttp import hdrs, web

from bms.errors import BMSError, NotFound
from bms.http import keys
from bms.http.call import Access, Call
from bms.http.endpoint import Routes
from bms.http.pages import respond
from bms.schemas.answers.problems import ProblemKindAnswer
from bms.schemas.problem_words import KINDS
from bms.schemas.problems import present_kind
from bms.terms import Service

routes = Routes(Service.SITE)


@routes.add(
    "GET",
    "/problems",
    operation="docs.problems",
    access=Access.CREDENTIALS,
    answers={200: ProblemKindAnswer(many=True)},
)
async def index(call: Call) -> web.Response:
    """List all problems by code: what each means, when it comes, and what to do. A page for browsers."""
    return _respond(call, list(KINDS.values()), [present_kind(kind) for kind in KINDS.values()])


@routes.add(
    "GET",
    "/problems/{code}",
    operation="docs.problem",
    access=Access.CREDENTIALS,
    answers={200: ProblemKindAnswer()},
)
async def show(call: Call) -> web.Response:
    """Show one problem: what it means, when it comes, and what to do. A page for browsers."""
    kind = KINDS.get(call.request.match_info["code"])
    if kind is None:
        raise NotFound("There is no such problem. /problems lists them")
    return _respond(call, [kind], present_kind(kind))


def _respond(call: Call, kinds: list[type[BMSError]], data: Any) -> web.Response:
    response = call.request.app[keys.PROBLEM_PAGE](call.request, kinds) or respond(data)
    response.headers.add(hdrs.VARY, hdrs.ACCEPT)
    response.headers.add(hdrs.VARY, hdrs.ACCEPT_LANGUAGE)
    return response
