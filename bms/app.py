"""The application put together: routes, middlewares and the resources they use. No logic."""

from collections.abc import AsyncIterator, Callable, Iterable
from functools import cache
from typing import Any

import orjson
from aiohttp import web
from aiohttp.typedefs import Middleware

from bms.checkout.turnstile import Turnstile
from bms.commands.refusals import add_refusals
from bms.commands.sales.unpaid import HoldLimits
from bms.handlers import (
    TAGS,
    accounts,
    bookings,
    categories,
    docs,
    events,
    gateway,
    health,
    metrics,
    notifications,
    payments,
    refunds,
    reviews,
    sessions,
    simulated_gateway,
    statistics,
    venues,
)
from bms.handlers.legacy import accounts as legacy_accounts
from bms.handlers.legacy import orders, purchases
from bms.handlers.legacy import payments as legacy_payments
from bms.http import keys
from bms.http.access_log import AccessLog
from bms.http.addresses import Forwarded
from bms.http.cors import allow
from bms.http.middleware import surround
from bms.http.refusals import Refusals
from bms.http.shared import SharedReply
from bms.metrics import Metrics
from bms.openapi.document import describe
from bms.resources import (
    make_caller_cache,
    make_counters,
    make_database,
    make_gateway,
    make_reply_cache,
    make_transport,
)
from bms.security.devices import Devices
from bms.security.passwords import Passwords
from bms.security.signatures import Signatures
from bms.security.tokens import Tokens
from bms.settings import SIMULATED, Settings
from bms.tasks.runner import background

ROUTES = (
    health,
    sessions,
    accounts,
    venues,
    categories,
    events,
    bookings,
    payments,
    gateway,
    refunds,
    legacy_accounts,
    orders,
    purchases,
    legacy_payments,
    statistics,
    notifications,
    reviews,
    metrics,
    docs,
)

# Pages for people, which the API's description leaves out.
PAGES = (simulated_gateway,)
# Whoever calls these decides whether a payment succeeds.
OF_THE_SIMULATED_GATEWAY = (legacy_payments, simulated_gateway)

ENDPOINTS = [endpoint for module in ROUTES for endpoint in module.routes.endpoints]


def create_app(settings: Settings, database_url: str) -> web.Application:
    """Return the application for ``database_url`` (the embedded server's, or the one of ``settings``)."""
    middlewares: list[Middleware] = [surround]
    if settings.cors_origins:
        middlewares.insert(0, allow(settings.cors_origins))
    app = web.Application(middlewares=middlewares, client_max_size=settings.max_body_bytes)
    app[keys.SETTINGS] = settings
    app[keys.METRICS] = Metrics()
    app[keys.ACCESS_LOG] = AccessLog(enabled=settings.log_level in ("DEBUG", "INFO"))
    app[keys.DATABASE] = make_database(settings, database_url, app[keys.METRICS].observe_unit)
    app[keys.REPLIES] = make_reply_cache(settings, app[keys.DATABASE].board)
    app[keys.CALLERS] = make_caller_cache(app[keys.DATABASE].board)
    app[keys.COUNTERS] = make_counters(settings, app[keys.DATABASE])
    app[keys.FORWARDED] = Forwarded(settings.trusted_proxies)
    app[keys.REFUSALS] = Refusals(
        lambda counts: app[keys.DATABASE].transact(
            add_refusals, counts=[(*refused, times) for refused, times in counts.items()]
        )
    )
    app[keys.TURNSTILE] = Turnstile(
        app[keys.DATABASE], per_user=settings.waiting_asks_per_user, limits=_hold_limits(settings)
    )
    app[keys.TOKENS] = Tokens(
        settings.secret_key,
        access_seconds=settings.access_token_seconds,
        refresh_seconds=settings.refresh_token_seconds,
    )
    app[keys.PASSWORDS] = Passwords(settings.bcrypt_rounds, queue=settings.password_queue)
    app[keys.DEVICES] = Devices(settings.secret_key)
    app[keys.SIGNATURES] = Signatures(settings.gateway_secret)
    app[keys.GATEWAY] = make_gateway(settings)
    app[keys.TRANSPORT] = make_transport(settings)
    absent = () if settings.gateway == SIMULATED else OF_THE_SIMULATED_GATEWAY
    routes = [module for module in ROUTES if module not in absent]
    description: Callable[[], SharedReply] = cache(lambda: _description(routes))
    app[keys.DESCRIPTION] = description
    for module in (*routes, *(page for page in PAGES if page not in absent)):
        module.routes.install(app)
    app.cleanup_ctx.append(_resources)
    if settings.background_tasks:
        app.cleanup_ctx.append(_background)
    return app


def _hold_limits(settings: Settings) -> HoldLimits:
    return HoldLimits(
        tickets=settings.unpaid_tickets_per_user,
        bookings=settings.unpaid_bookings_per_user,
        address_tickets=settings.unpaid_tickets_per_address,
        short_seconds=settings.short_hold_seconds,
        free_tickets=settings.free_tickets_per_user,
    )


def _description(routes: Iterable[Any]) -> SharedReply:
    endpoints = [endpoint for module in routes for endpoint in module.routes.endpoints]
    body = orjson.dumps(describe(endpoints, TAGS))
    return SharedReply.of(web.Response(body=body, content_type="application/json"))


async def _resources(app: web.Application) -> AsyncIterator[None]:
    await app[keys.DATABASE].open()
    yield
    await app[keys.TURNSTILE].close()
    await app[keys.COUNTERS].close()
    await app[keys.REFUSALS].close()
    await app[keys.TRANSPORT].close()
    await app[keys.DATABASE].close()
    app[keys.PASSWORDS].close()
    app[keys.ACCESS_LOG].flush()


async def _background(app: web.Application) -> AsyncIterator[None]:
    async with background(app[keys.DATABASE], app[keys.TRANSPORT], app[keys.GATEWAY], app[keys.SETTINGS]):
        yield
