"""The application put together: routes, middlewares and the resources they use. No logic."""

from collections.abc import AsyncIterator

from aiohttp import web

from bms.cache.kept import Cache
from bms.cache.stamps import CALLERS, EVENTS
from bms.checkout.turnstile import Turnstile
from bms.description import Description
from bms.handlers import (
    TAGS,
    accounts,
    aliases,
    bookings,
    categories,
    docs,
    events,
    health,
    metrics,
    notifications,
    payments,
    refunds,
    reviews,
    sessions,
    statistics,
    venues,
)
from bms.http import keys
from bms.http.access_log import AccessLog
from bms.http.middleware import surround
from bms.http.shared import SharedReply
from bms.mail.transports import transport_from_url
from bms.metrics import Metrics
from bms.openapi.document import describe
from bms.payments.simulated.gateway import SimulatedGateway
from bms.resources import open_database
from bms.security.passwords import Passwords
from bms.security.tokens import Tokens
from bms.settings import Settings
from bms.tasks.runner import background

ROUTES = (
    health,
    sessions,
    venues,
    categories,
    events,
    bookings,
    payments,
    refunds,
    aliases,
    accounts,
    statistics,
    notifications,
    reviews,
    metrics,
    docs,
)
# What a process may keep of what it has read.
REPLIES_BYTES = 16 * 2**20
CALLERS_BYTES = 8 * 2**20
CALLER_BYTES = 1000  # what one takes beside its token

ENDPOINTS = [endpoint for module in ROUTES for endpoint in module.routes.endpoints]


def create_app(settings: Settings, database_url: str) -> web.Application:
    """Return the application for ``database_url`` (the embedded server's, or the one of ``settings``)."""
    app = web.Application(middlewares=[surround], client_max_size=settings.max_body_bytes)
    app[keys.SETTINGS] = settings
    app[keys.METRICS] = Metrics()
    app[keys.ACCESS_LOG] = AccessLog(enabled=settings.log_level in ("DEBUG", "INFO"))
    app[keys.DATABASE] = open_database(settings, database_url, app[keys.METRICS].observe_unit)
    board = app[keys.DATABASE].board
    lifetime = 0.0 if board is None else board.kept_seconds
    # A replica that is behind may be read after the stamps have changed: not to be kept for long.
    replies_lifetime = lifetime if settings.database_read_url is None else min(lifetime, 1.0)
    app[keys.REPLIES] = Cache(
        board, EVENTS, lifetime=replies_lifetime, capacity=REPLIES_BYTES, weigh=SharedReply.weigh
    )
    app[keys.CALLERS] = Cache(
        board, CALLERS, lifetime=lifetime, capacity=CALLERS_BYTES, weigh=lambda _: CALLER_BYTES
    )
    app[keys.TURNSTILE] = Turnstile(app[keys.DATABASE])
    app[keys.TOKENS] = Tokens(
        settings.secret_key,
        access_seconds=settings.access_token_seconds,
        refresh_seconds=settings.refresh_token_seconds,
    )
    app[keys.PASSWORDS] = Passwords(settings.bcrypt_rounds)
    app[keys.GATEWAY] = SimulatedGateway(settings.data_dir / "gateway.sqlite3")
    app[keys.TRANSPORT] = transport_from_url(settings.smtp_url, settings.mail_dir)
    app[keys.DESCRIPTION] = Description(lambda: describe(ENDPOINTS, TAGS))
    for module in ROUTES:
        module.routes.install(app)
    app.cleanup_ctx.append(_resources)
    if settings.background_tasks:
        app.cleanup_ctx.append(_background)
    return app


async def _resources(app: web.Application) -> AsyncIterator[None]:
    await app[keys.DATABASE].open()
    yield
    await app[keys.TURNSTILE].close()
    await app[keys.TRANSPORT].close()
    await app[keys.DATABASE].close()
    app[keys.PASSWORDS].close()
    app[keys.ACCESS_LOG].flush()


async def _background(app: web.Application) -> AsyncIterator[None]:
    async with background(app[keys.DATABASE], app[keys.TRANSPORT], app[keys.GATEWAY], app[keys.SETTINGS]):
        yield
