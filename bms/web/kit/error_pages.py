"""Errors as pages, for people who meet them with a browser."""

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from aiohttp import hdrs, web

from bms.errors import BMSError
from bms.http.exchange import EXCHANGE
from bms.web.kit.pages import FormRoute, PageRoute
from bms.web.kit.refusals import sorry
from bms.web.kit.visit import VISIT, Visit, strangers_visit

_HTML = re.compile(r"\btext/html\b(?!\s*;\s*q=0(\.0*)?\s*(,|\Z))", re.IGNORECASE)


WAITING = "waiting"  # in the ``extra`` of a page's own error: what the page waits for


class Waiting(NamedTuple):
    """A page that asks again by itself whether ``there`` is to be seen, ``seconds`` apart."""

    template: str
    there: str
    seconds: int
    values: Mapping[str, Any]


def error_page(request: web.Request, error: BMSError) -> web.Response | None:
    """Return the page for ``error``, or None where the API answers.

    Pages have their own errors. So do paths of nobody, where a browser asks. A path of the API never does.
    """
    if not _is_page(request):
        return None
    visit: Visit = request.get(VISIT) or strangers_visit(request)
    waiting = error.extra.get(WAITING)
    response = _not_yet(visit, error, waiting) if isinstance(waiting, Waiting) else _sorry(visit, error)
    response.headers["Referrer-Policy"] = "no-referrer"  # the path may be a secret
    if error.retry_after is not None:
        response.headers["Retry-After"] = str(error.retry_after)
    return response


def _not_yet(visit: Visit, error: BMSError, waiting: Waiting) -> web.Response:
    again: dict[str, Any] = {"again": waiting.there, "seconds": waiting.seconds}
    return visit.render(waiting.template, status=error.status, here="/", **again, **waiting.values)


def _sorry(visit: Visit, error: BMSError) -> web.Response:
    found, request = sorry(error.status), visit.request
    return visit.render(
        "error",
        status=error.status,
        here="/",
        title=visit.gettext(found.title),
        advice=visit.gettext(found.advice),
        request_id=request[EXCHANGE].request_id,
        again=request.rel_url.raw_path if _may_help(request, error) else None,
    )


def _may_help(request: web.Request, error: BMSError) -> bool:
    """Return whether the same address may show something else later."""
    return request.method in ("GET", "HEAD") and error.status != 404


def _is_page(request: web.Request) -> bool:
    handler = getattr(request.match_info.handler, "__self__", None)
    if isinstance(handler, PageRoute | FormRoute):
        return True
    nobodys = request.match_info.http_exception is not None and request.match_info.route.resource is None
    return nobodys and reads_pages(request)


def reads_pages(request: web.Request) -> bool:
    """Return whether a browser asks, for a person to read the reply."""
    return bool(_HTML.search(request.headers.get(hdrs.ACCEPT, "")))
