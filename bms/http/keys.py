"""Typed keys of what the application and each request carry."""

from collections.abc import Callable

from aiohttp import web

from bms.cache.counters import Counters, Taken
from bms.cache.kept import Cache
from bms.checkout.turnstile import Turnstile
from bms.http.access_log import AccessLog
from bms.http.addresses import Forwarded
from bms.http.refusals import Refusals
from bms.http.shared import SharedReply
from bms.mail.transports import Transport
from bms.metrics import Metrics
from bms.payments.gateway import Gateway
from bms.security.devices import Devices
from bms.security.identity import Identity, KnownCaller
from bms.security.passwords import Passwords
from bms.security.signatures import Signatures
from bms.security.tokens import Tokens
from bms.settings import Settings
from bms.sql.database import Database
from bms.terms import Rate

SETTINGS = web.AppKey("settings", Settings)
DATABASE = web.AppKey("database", Database)
TURNSTILE = web.AppKey("turnstile", Turnstile)
ACCESS_LOG = web.AppKey("access_log", AccessLog)
REPLIES = web.AppKey("replies", Cache[SharedReply])
CALLERS = web.AppKey("callers", Cache[KnownCaller])
TOKENS = web.AppKey("tokens", Tokens)
DEVICES = web.AppKey("devices", Devices)
FORWARDED = web.AppKey("forwarded", Forwarded)
REFUSALS = web.AppKey("refusals", Refusals)
COUNTERS = web.AppKey("counters", Counters)
PASSWORDS = web.AppKey("passwords", Passwords)
SIGNATURES = web.AppKey("signatures", Signatures)
GATEWAY = web.AppKey("gateway", Gateway)
METRICS = web.AppKey("metrics", Metrics)
DESCRIPTION: web.AppKey[Callable[[], SharedReply]] = web.AppKey("description")
TRANSPORT = web.AppKey("transport", Transport)

IDENTITY = web.RequestKey("identity", Identity)
REQUEST_ID = web.RequestKey("request_id", str)
# What the reply says about limits: the name and rate of each, and what is left of it.
LIMITS: web.RequestKey[list[tuple[str, Rate, Taken]]] = web.RequestKey("limits")
