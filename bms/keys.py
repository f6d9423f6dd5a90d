"""The keys under which the application and its requests keep things."""

from aiohttp import web

from bms.auth import Auth, Caller
from bms.payments.gateway import Gateway
from bms.settings import Settings
from bms.sql.database import Database

SETTINGS = web.AppKey("settings", Settings)
DATABASE = web.AppKey("database", Database)
AUTH = web.AppKey("auth", Auth)
GATEWAY = web.AppKey("gateway", Gateway)

CALLER = web.RequestKey("caller", Caller)
REQUEST_ID = web.RequestKey("request_id", str)
