"""Figures for Prometheus, of all the processes of this host."""

import hmac

from aiohttp import hdrs, web

from bms.errors import Forbidden, Unauthenticated
from bms.http import keys
from bms.http.addresses import LOOPBACK, network
from bms.http.call import Access, Call
from bms.http.endpoint import Routes
from bms.metrics.answer import answer
from bms.metrics.exposition import CONTENT_TYPE
from bms.queries.figures import get_figures

routes = Routes(None)


@routes.add(
    "GET",
    "/metrics",
    operation="metrics.show",
    access=Access.OPERATOR,
    answers={200: "text/plain"},
    raises=(Unauthenticated, Forbidden),
)
async def show(call: Call) -> web.Response:
    """Show the figures of all processes of this host and the backlog in the database, in Prometheus's text
    format.

    While the setting ``BMS_METRICS_TOKEN`` is empty, it answers this machine only.
    """
    _check(call.request, call.settings.metrics_token)
    metrics = call.request.app[keys.METRICS]
    # Before the query below, which would count itself.
    metrics.sample()
    body = await answer(metrics.totals, lambda: call.db.read_primary(get_figures), call.settings.data_dir)
    return web.Response(body=body, headers={"Content-Type": CONTENT_TYPE})


def has_token(request: web.Request, token: str) -> bool:
    """Return whether the caller has given ``token``."""
    given = request.headers.get(hdrs.AUTHORIZATION, "")
    return hmac.compare_digest(given.encode(), f"Bearer {token}".encode())


def _check(request: web.Request, token: str | None) -> None:
    """Raise Unauthenticated or Forbidden unless the figures are the caller's to see."""
    if token is not None:
        if not has_token(request, token):
            raise Unauthenticated("The bearer token of BMS_METRICS_TOKEN is needed")
    elif hdrs.X_FORWARDED_FOR in request.headers or network(request.remote or "") != LOOPBACK:
        raise Forbidden("The figures are for this machine. Set BMS_METRICS_TOKEN to read them from another.")
