"""The pages about the API's problems, for people who meet their addresses in a browser."""

from collections.abc import Sequence

from aiohttp import web

from bms.errors import BMSError
from bms.schemas.problems import present_kind
from bms.web.kit.error_pages import reads_pages
from bms.web.kit.visit import strangers_visit


def problem_page(request: web.Request, kinds: Sequence[type[BMSError]]) -> web.Response | None:
    """Return the page about ``kinds`` of problems, one of them or the whole list, or None for a program."""
    if not reads_pages(request):
        return None
    visit = strangers_visit(request)
    template = "problem" if len(kinds) == 1 else "problems"
    return visit.render(template, here=request.rel_url.raw_path, kinds=[present_kind(kind) for kind in kinds])
