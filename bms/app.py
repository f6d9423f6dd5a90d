"""The application put together: routes, middlewares and the resources they use. No logic."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Iterable
from functools import cache
from typing import Any

from aiohttp import web
from aiohttp.typedefs import Middleware

from bms import logs
from bms.cache.kept import Cache
from bms.checkout.charts import Charts
from bms.checkout.live_seats import SeatWatch
from bms.checkout.till import Till
from bms.checkout.turnstile import CROWD, Turnstile
from bms.commands.refusals import add_refusals
from bms.commands.sales.unpaid import HoldLimits
from bms.formats import json_body
from bms.handlers import (
    TAGS,
    accounts,
    audit,
    bookings,
    categories,
    complimentary,
    contacts,
    docs,
    emails,
    events,
    exports,
    gateway,
    health,
    mails,
    metrics,
    notifications,
    passwords,
    payments,
    problems,
    refunds,
    reviews,
    seating,
    seating_plans,
    second_factors,
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
from bms.http.cors import allow
from bms.http.endpoint import install
from bms.http.middleware import surrounding
from bms.http.refusals import Refusals
from bms.http.resources import known_paths
from bms.http.sessions import Sessions
from bms.http.shared import SharedReply
from bms.lanes import Turns
from bms.links import Links
from bms.openapi.document import describe
from bms.resources import (
    make_caller_cache,
    make_counters,
    make_database,
    make_gateway,
    make_metrics,
    make_reply_cache,
    make_transport,
)
from bms.security.booking_links import BookingLinks
from bms.security.devices import Devices
from bms.security.link_tokens import LinkTokens
from bms.security.passwords import Passwords
from bms.security.second_factor import SecondFactors
from bms.security.signatures import Signatures
from bms.security.tokens import Tokens
from bms.settings import OFF, ON, SIMULATED, Settings
from bms.tasks.runner import background
from bms.terms import Service
from bms.web.site import open_site

ROUTES = (
    health,
    sessions,
    accounts,
    emails,
    passwords,
    second_factors,
    venues,
    categories,
    events,
    seating_plans,
    seating,
    bookings,
    complimentary,
    contacts,
    payments,
    gateway,
    refunds,
    legacy_accounts,
    orders,
    purchases,
    legacy_payments,
    statistics,
    exports,
    notifications,
    reviews,
    mails,
    audit,
    metrics,
    docs,
    problems,
)

# Pages for people, which the API's description leaves out.
PAGES = (simulated_gateway,)
# Whoever calls these decides whether a payment succeeds.
OF_THE_SIMULATED_GATEWAY = (legacy_payments, simulated_gateway)

CLOSE_SECONDS = 2.0  # to write what is left when the application stops

log = logging.getLogger("bms")

ENDPOINTS = [endpoint for module in ROUTES for endpoint in module.routes.endpoints]


def create_app(settings: Settings, database_url: str) -> web.Application:
    """Return the application for ``database_url`` (the embedded server's, or the one of ``settings``)."""
    metrics = make_metrics(settings, "server")
    access_log = AccessLog(
        enabled=settings.access_log != OFF and settings.log_level in ("DEBUG", "INFO"),
        as_json=(settings.log_format if settings.access_log == ON else settings.access_log) == logs.JSON,
    )
    middlewares: list[Middleware] = [surrounding(metrics, access_log, settings.trusted_proxies)]
    if settings.cors_origins:
        middlewares.insert(0, allow(settings.cors_origins))
    app = web.Application(middlewares=middlewares, client_max_size=settings.max_body_bytes)
    app[keys.SETTINGS] = settings
    app[keys.METRICS] = metrics
    app[keys.ACCESS_LOG] = access_log
    app[keys.DATABASE] = make_database(settings, database_url, metrics, is_patient=False)
    app[keys.REPLIES] = make_reply_cache(settings, app[keys.DATABASE].board)
    app[keys.CALLERS] = make_caller_cache(app[keys.DATABASE].board)
    caches: dict[str, Cache[Any]] = {"replies": app[keys.REPLIES], "callers": app[keys.CALLERS]}
    app[keys.CACHES] = caches
    app[keys.COUNTERS] = make_counters(settings, app[keys.DATABASE])
    app[keys.REFUSALS] = Refusals(
        lambda counts: app[keys.DATABASE].transact(
            add_refusals, counts=[(*refused, times) for refused, times in counts.items()]
        )
    )
    app[keys.CHARTS] = Charts(app[keys.DATABASE])
    app[keys.SEAT_WATCH] = SeatWatch(app[keys.DATABASE], app[keys.CHARTS], seating.all_seats)
    # Of several processes one works while the database works for another; one alone needs two groups for it.
    is_alone = settings.workers == 1
    turns = Turns(2 if is_alone else 1)
    app[keys.TURNSTILE] = Turnstile(
        app[keys.DATABASE],
        turns=turns,
        crowd=CROWD if is_alone else None,
        per_user=settings.waiting_asks_per_user,
        limits=_hold_limits(settings),
        charts=app[keys.CHARTS],
        observe_group=metrics.observe_group,
        observe_hold=metrics.observe_hold,
    )
    metrics.sample_with(lambda: _look(app))
    app[keys.TILL] = Till(app[keys.DATABASE], turns=turns)
    app[keys.SESSIONS] = Sessions(app[keys.DATABASE])
    app[keys.TOKENS] = Tokens(
        settings.secret_key,
        access_seconds=settings.access_token_seconds,
        refresh_seconds=settings.refresh_token_seconds,
    )
    app[keys.PASSWORDS] = Passwords(settings.bcrypt_rounds, queue=settings.password_queue)
    app[keys.DEVICES] = Devices(settings.secret_key)
    app[keys.LINK_TOKENS] = LinkTokens(settings.secret_key)
    app[keys.SECOND_FACTORS] = SecondFactors(settings.secret_key)
    app[keys.SIGNATURES] = Signatures(settings.gateway_secret)
    app[keys.GATEWAY] = make_gateway(settings)
    app[keys.LINKS] = Links(settings.public_url)
    app[keys.BOOKING_LINKS] = BookingLinks(settings.secret_key)
    app[keys.TRANSPORT] = make_transport(settings)
    absent = () if settings.gateway == SIMULATED else OF_THE_SIMULATED_GATEWAY
    routes = [module for module in ROUTES if module not in absent]
    app[keys.PATHS] = known_paths(
        endpoint.path for module in routes for endpoint in module.routes.endpoints if not endpoint.deprecated
    )
    # The description is of the whole API, whichever services this process has.
    description: Callable[[bool], SharedReply] = cache(lambda older: _description(routes, older=older))
    app[keys.DESCRIPTION] = description
    served = [module.routes for module in (*routes, *(page for page in PAGES if page not in absent))]
    install(
        app,
        [
            endpoint
            for one in served
            if one.service is None or one.service in settings.services
            for endpoint in one.endpoints
        ],
    )
    if Service.SITE in settings.services:
        open_site(app, app[keys.DATABASE].board)
    else:
        app[keys.ERROR_PAGE] = lambda *_: None
    app[keys.STOPPING] = []
    app.on_shutdown.append(_stop_background)
    app.cleanup_ctx.append(_figures)
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


def _description(routes: Iterable[Any], *, older: bool) -> SharedReply:
    endpoints = [endpoint for module in routes for endpoint in module.routes.endpoints]
    body = json_body(describe(endpoints, TAGS, older=older))
    return SharedReply.of(web.Response(body=body, content_type="application/json"))


def _look(app: web.Application) -> None:
    """Record the figures of this process that nobody counts."""
    metrics, database = app[keys.METRICS], app[keys.DATABASE]
    metrics.record_pools(database.usage())
    metrics.record_replica(database.replica_is_up)
    metrics.record_turnstile(app[keys.TURNSTILE].waiting)
    for name, cached in app[keys.CACHES].items():
        metrics.record_cache(name, cached.requests._asdict())


async def _figures(app: web.Application) -> AsyncIterator[None]:
    async with app[keys.METRICS].beating():
        yield


async def _resources(app: web.Application) -> AsyncIterator[None]:
    await app[keys.DATABASE].open()
    yield
    try:
        async with asyncio.timeout(CLOSE_SECONDS):
            await app[keys.TURNSTILE].close()
            await app[keys.TILL].close()
            app[keys.CHARTS].close()
            await app[keys.COUNTERS].close()
            await app[keys.REFUSALS].close()
    except TimeoutError:
        log.warning("stopping: what was left to write could not be written")
    await app[keys.TRANSPORT].close()
    await app[keys.DATABASE].close()
    app[keys.PASSWORDS].close()
    app[keys.ACCESS_LOG].flush()


async def _stop_background(app: web.Application) -> None:
    # The tasks end beside the last requests, and not after them.
    for stop in app[keys.STOPPING]:
        stop()


async def _background(app: web.Application) -> AsyncIterator[None]:
    async with background(
        app[keys.DATABASE],
        app[keys.TRANSPORT],
        app[keys.GATEWAY],
        app[keys.SETTINGS],
        app[keys.COUNTERS],
        app[keys.METRICS].observe_task,
    ) as stopping:
        app[keys.STOPPING].append(stopping.set)
        yield
