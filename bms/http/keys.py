"""Typed keys of what the application carries."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from aiohttp import web

from bms.cache.counters import Counters
from bms.cache.kept import Cache
from bms.checkout.charts import Charts
from bms.checkout.live_seats import SeatWatch
from bms.checkout.till import Till
from bms.checkout.turnstile import Turnstile
from bms.errors import BMSError
from bms.http.access_log import AccessLog
from bms.http.refusals import Refusals
from bms.http.sessions import Sessions
from bms.http.shared import SharedReply
from bms.links import Links
from bms.mail.transports import Transport
from bms.metrics.process import Metrics
from bms.payments.gateway import Gateway
from bms.security.booking_links import BookingLinks
from bms.security.devices import Devices
from bms.security.identity import KnownCaller
from bms.security.link_tokens import LinkTokens
from bms.security.passwords import Passwords
from bms.security.second_factor import SecondFactors
from bms.security.signatures import Signatures
from bms.security.tokens import Tokens
from bms.settings import Settings
from bms.sql.database import Database

SETTINGS = web.AppKey("settings", Settings)
DATABASE = web.AppKey("database", Database)
TURNSTILE = web.AppKey("turnstile", Turnstile)
TILL = web.AppKey("till", Till)
CHARTS = web.AppKey("charts", Charts)
SEAT_WATCH = web.AppKey("seat_watch", SeatWatch[SharedReply])
ACCESS_LOG = web.AppKey("access_log", AccessLog)
REPLIES = web.AppKey("replies", Cache[SharedReply])
CALLERS = web.AppKey("callers", Cache[KnownCaller])
CACHES = web.AppKey("caches", dict[str, Cache[Any]])  # all of them, by the names that /metrics shows
SESSIONS = web.AppKey("sessions", Sessions)
TOKENS = web.AppKey("tokens", Tokens)
DEVICES = web.AppKey("devices", Devices)
REFUSALS = web.AppKey("refusals", Refusals)
COUNTERS = web.AppKey("counters", Counters)
LINK_TOKENS = web.AppKey("link_tokens", LinkTokens)
SECOND_FACTORS = web.AppKey("second_factors", SecondFactors)
PASSWORDS = web.AppKey("passwords", Passwords)
SIGNATURES = web.AppKey("signatures", Signatures)
GATEWAY = web.AppKey("gateway", Gateway)
LINKS = web.AppKey("links", Links)
BOOKING_LINKS = web.AppKey("booking_links", BookingLinks)
METRICS = web.AppKey("metrics", Metrics)
# The API's paths as they are written today, by their form.
PATHS: web.AppKey[Mapping[str, str]] = web.AppKey("paths")
# The API's description, or with True that of the older call shapes.
DESCRIPTION: web.AppKey[Callable[[bool], SharedReply]] = web.AppKey("description")
TRANSPORT = web.AppKey("transport", Transport)
# The page for an error, or None where the API answers.
ErrorPage = Callable[[web.Request, BMSError], web.Response | None]
ERROR_PAGE: web.AppKey[ErrorPage] = web.AppKey("error_page")
# The page about kinds of problems, or None where a program asks.
ProblemPage = Callable[[web.Request, Sequence[type[BMSError]]], web.Response | None]
PROBLEM_PAGE: web.AppKey[ProblemPage] = web.AppKey("problem_page")
# Called when the application begins to shut down, before its last requests have ended.
STOPPING: web.AppKey[list[Callable[[], None]]] = web.AppKey("stopping")
