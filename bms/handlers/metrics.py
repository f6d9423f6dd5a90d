"""Figures for Prometheus. Each server process reports its own."""

from aiohttp import web

from bms.errors import DatabaseUnavailable, Overloaded
from bms.http import keys
from bms.http.call import Access, Call
from bms.http.endpoint import Routes
from bms.metrics import CONTENT_TYPE
from bms.queries.backlog import get_backlog

routes = Routes()


@routes.add("GET", "/metrics", operation="metrics.show", access=Access.ANYONE, answers={200: "text/plain"})
async def show(call: Call) -> web.Response:
    """Show the figures of this process and the backlog in the database, in Prometheus's text format."""
    app = call.request.app
    metrics = app[keys.METRICS]
    # Before the query below, which would count itself.
    metrics.observe_pools(call.db.usage())
    metrics.observe_replica(call.db.replica_is_up)
    metrics.observe_cache("replies", app[keys.REPLIES].requests._asdict())
    metrics.observe_cache("callers", app[keys.CALLERS].requests._asdict())
    try:
        metrics.observe_backlog(await call.db.read_primary(get_backlog))
    except (DatabaseUnavailable, Overloaded):
        metrics.observe_backlog(None)
    return web.Response(
        body=metrics.render(), headers={"Content-Type": CONTENT_TYPE, "Cache-Control": "no-store"}
    )
