"""One request: who calls, whether they may, and what they sent."""

import enum
import time
from dataclasses import dataclass, field
from typing import Any, ParamSpec, TypeVar

from aiohttp import hdrs, web

from bms.cache.counters import Counters
from bms.checkout.charts import Charts
from bms.checkout.live_seats import SeatWatch
from bms.checkout.till import Till
from bms.checkout.turnstile import Turnstile
from bms.errors import BMSError, DatabaseUnavailable, Forbidden, NotFound, Overloaded, Unauthenticated
from bms.http import keys
from bms.http.addresses import LOOPBACK, client_address, network
from bms.http.exchange import EXCHANGE
from bms.http.shared import SharedReply
from bms.i18n.tags import preferred
from bms.payments.gateway import Gateway
from bms.security.devices import Devices
from bms.security.identity import Caller, Identity, KnownCaller
from bms.security.link_tokens import LinkTokens
from bms.security.passwords import Asker, Passwords
from bms.security.second_factor import SecondFactors
from bms.security.tokens import Tokens
from bms.settings import Settings
from bms.sql.database import Database, Work
from bms.terms import MAX_ID, RIGHTS, Actor, Right, Role

P = ParamSpec("P")
T = TypeVar("T")

PREFIXES = ("", "/api")
BEARER = "Bearer "


class Access(enum.Enum):
    """Who may call an endpoint that asks for no right.

    Whose rows they may see, the command or query decides.
    """

    ANYONE = "anyone"
    CREDENTIALS = "credentials"  # The body identifies the caller. A presented token is ignored.
    SIGNED = "signed"  # The payment gateway signs the body. A presented token is ignored.
    OPERATOR = "operator"  # The handler checks the operator's own token. It is no access token.
    USER = "user"


# A tuple, since an enum's hash takes longer than three comparisons.
WITHOUT_TOKEN = (Access.CREDENTIALS, Access.SIGNED, Access.OPERATOR)


def check_access(access: Access | Right, caller: Caller | None, refusal: BMSError | None = None) -> None:
    """Raise Unauthenticated or Forbidden unless ``caller`` may call an endpoint with ``access``.

    ``refusal`` is the error that the presented token caused, or None.
    """
    if access in WITHOUT_TOKEN:
        return
    if refusal is not None:
        raise refusal
    if access is Access.ANYONE:
        return
    if caller is None:
        raise Unauthenticated()
    if isinstance(access, Right) and not caller.may(access):
        raise Forbidden(f"This needs the role {roles_with(access)}")


async def identify(request: web.Request) -> Identity:
    """Return who makes the request, by its bearer token (RFC 6750), or why that is unknown."""
    app, header = request.app, request.headers[hdrs.AUTHORIZATION]
    callers = app[keys.CALLERS]
    try:
        # So nearly everybody writes it, and nearly every caller is known.
        known = callers.at_hand(header[len(BEARER) :]) if header.startswith(BEARER) else None
        if known is None:
            token = _token_in(header)
            known = await callers.get(token, lambda: _look_up(app, token))
        if known.expires_at <= time.time():
            raise Unauthenticated("The access token has expired")
    except (Unauthenticated, DatabaseUnavailable, Overloaded) as error:
        return Identity(refusal=error)
    return known.identity


def _token_in(header: str) -> str:
    scheme, _, token = header.partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise Unauthenticated("Authorization: Bearer ACCESS_TOKEN is needed")
    return token.strip()


async def _look_up(app: web.Application, token: str) -> KnownCaller:
    claims = app[keys.TOKENS].read_access(token)
    session = await app[keys.SESSIONS].find(claims.session_id, claims.user_id)
    role = Role(session.role)
    must_enrol = session.second_factor_at is None and role in app[keys.SETTINGS].require_second_factor
    caller = Caller(claims.user_id, claims.session_id, role, session.locale, must_enrol)
    return KnownCaller(Identity(caller), claims.expires_at)


def roles_with(right: Right) -> str:
    """Return the names of the roles that have ``right``, the smallest first, as a sentence has them."""
    return " or ".join(role for role, rights in RIGHTS.items() if right in rights)


@dataclass(slots=True)
class Call:
    """One request after its checks: who calls, and the parsed body and query.

    ``raw`` is the body as it came, None where the endpoint's schema did not read it.
    """

    request: web.Request
    caller_or_none: Caller | None
    app: web.Application
    raw: bytes | None = None
    body: dict[str, Any] = field(default_factory=dict)
    query: dict[str, Any] = field(default_factory=dict)

    @property
    def caller(self) -> Caller:
        """The caller, on a route that asks for one."""
        assert self.caller_or_none is not None
        return self.caller_or_none

    @property
    def actor(self) -> Actor:
        """The caller as commands know who acts, on a route that asks for one."""
        caller = self.caller_or_none
        assert caller is not None
        return Actor(caller.user_id, caller.role, self.request[EXCHANGE].request_id)

    @property
    def viewer(self) -> Actor | None:
        """The caller on a route for anyone; None for a stranger."""
        return None if self.caller_or_none is None else self.actor

    @property
    def viewer_id(self) -> int | None:
        """Whose bookings, payments and refunds the caller may see; None for everybody's."""
        return None if self.actor.may(Right.BOOKINGS_ANY) else self.caller.user_id

    @property
    def db(self) -> Database:
        return self.app[keys.DATABASE]

    async def look_up(self, query: Work[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run a query of venues, categories or events, on the replica if there is one.

        Managers and admins read the primary, since they must see what they have just changed.
        """
        caller = self.caller_or_none
        run = self.db.read if caller is None or not caller.may(Right.EVENTS_WRITE) else self.db.read_primary
        return await run(query, *args, **kwargs)

    @property
    def turnstile(self) -> Turnstile:
        return self.app[keys.TURNSTILE]

    @property
    def till(self) -> Till:
        return self.app[keys.TILL]

    @property
    def charts(self) -> Charts:
        return self.app[keys.CHARTS]

    @property
    def seat_watch(self) -> SeatWatch[SharedReply]:
        return self.app[keys.SEAT_WATCH]

    @property
    def settings(self) -> Settings:
        return self.app[keys.SETTINGS]

    @property
    def tokens(self) -> Tokens:
        return self.app[keys.TOKENS]

    @property
    def passwords(self) -> Passwords:
        return self.app[keys.PASSWORDS]

    @property
    def devices(self) -> Devices:
        return self.app[keys.DEVICES]

    @property
    def link_tokens(self) -> LinkTokens:
        return self.app[keys.LINK_TOKENS]

    @property
    def second_factors(self) -> SecondFactors:
        return self.app[keys.SECOND_FACTORS]

    @property
    def counters(self) -> Counters:
        return self.app[keys.COUNTERS]

    @property
    def asker(self) -> Asker:
        """Who waits for a password to be hashed or checked."""
        return Asker(self.network, lambda: has_hung_up(self.request))

    @property
    def gateway(self) -> Gateway:
        return self.app[keys.GATEWAY]

    @property
    def request_id(self) -> str:
        return self.request[EXCHANGE].request_id

    @property
    def language(self) -> str | None:
        """The language that the request prefers, None if it does not say."""
        header = self.request.headers.get(hdrs.ACCEPT_LANGUAGE)
        return None if header is None else preferred(header)

    @property
    def address(self) -> str:
        """The client's address: the connection's, or the one that the trusted proxies report."""
        return client_address(self.request, self.settings.trusted_proxies)

    @property
    def network(self) -> str | None:
        """What limits count as one client: ``network`` of the address. None for this machine.

        Whoever calls from this machine is behind a proxy that we do not know of, or an operator.
        """
        found = network(self.address)
        return None if found == LOOPBACK else found

    def id(self, name: str = "id") -> int:
        """Return an id from the path. Raises as ``id_in``."""
        return id_in(self.request, name)


def id_in(request: web.Request, name: str) -> int:
    """Return the id at ``{name}`` of the route's path. Raises NotFound for text that cannot be an id."""
    text = request.match_info[name]
    if len(text) <= 19 and text.isascii() and text.isdigit():
        number = int(text)
        if 0 < number <= MAX_ID:
            return number
    raise NotFound()


def has_hung_up(request: web.Request) -> bool:
    """Return whether the client has closed the connection: nobody would get the reply."""
    return request.transport is None or request.transport.is_closing()
