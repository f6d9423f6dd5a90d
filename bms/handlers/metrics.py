"""Figures for Prometheus. Each server process reports its own."""

import asyncio
import hmac

from aiohttp import hdrs, web

from bms.errors import DatabaseUnavailable, Forbidden, Overloaded, Unauthenticated
from bms.http import keys
from bms.http.addresses import LOOPBACK, network
from bms.http.call import Access, Call
from bms.http.endpoint import Routes
from bms.metrics import CONTENT_TYPE
from bms.queries.backlog import get_backlog

BACKLOG_SECONDS = 2.0

routes = Routes()


@routes.add(
    "GET",
    "/metrics",
    operation="metrics.show",
    access=Access.OPERATOR,
    answers={200: "text/plain"},
    raises=(Unauthenticated, Forbidden),
)
async def show(call: Call) -> web.Response:
    """Show the figures of this process and the backlog in the database, in Prometheus's text format.

    While the setting ``BMS_METRICS_TOKEN`` is empty, it answers this machine only.
    """
    app = call.request.app
    _check(call.request, call.settings.metrics_token)
    metrics = app[keys.METRICS]
    # Before the query below, which would count itself.
    metrics.observe_pools(call.db.usage())
    metrics.observe_replica(call.db.replica_is_up)
    metrics.observe_cache("replies", app[keys.REPLIES].requests._asdict())
    metrics.observe_cache("callers", app[keys.CALLERS].requests._asdict())
    try:
        async with asyncio.timeout(BACKLOG_SECONDS):
            metrics.observe_backlog(await call.db.read_primary(get_backlog))
    except (DatabaseUnavailable, Overloaded, TimeoutError):
        metrics.observe_backlog(None)
    # Hundreds of series take longer than other requests should wait.
    body = await asyncio.to_thread(metrics.render)
    return web.Response(body=body, headers={"Content-Type": CONTENT_TYPE})


def _check(request: web.Request, token: str | None) -> None:
    """Raise Unauthenticated or Forbidden unless the figures are the caller's to see."""
    if token is not None:
        given = request.headers.get(hdrs.AUTHORIZATION, "")
        if not hmac.compare_digest(given.encode(), f"Bearer {token}".encode()):
            raise Unauthenticated("The bearer token of BMS_METRICS_TOKEN is needed")
    elif hdrs.X_FORWARDED_FOR in request.headers or network(request.remote or "") != LOOPBACK:
        raise Forbidden("The figures are for this machine. Set BMS_METRICS_TOKEN to read them from another.")
