"""A visit: one request for a page, with its visitor, its language and what a page needs to be rendered."""

import gzip
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from aiohttp import hdrs, web
from markupsafe import Markup

from bms.errors import ForgedForm
from bms.http import keys
from bms.http.call import Call
from bms.http.exchange import EXCHANGE
from bms.http.shared import LONG, reads_gzip
from bms.i18n.forms import language_name
from bms.i18n.languages import Language, Languages
from bms.i18n.tags import acceptable
from bms.security.identity import Identity
from bms.web.kit.headers import NO_STORE, protect
from bms.web.kit.kept import CORNER_SLOT, TOKEN_SLOT
from bms.web.kit.origin import check_origin, check_token, new_token
from bms.web.kit.rendering import render
from bms.web.kit.shop_name import ShopName
from bms.web.kit.visitors import Visitor, find_visitor

LANGUAGES = web.AppKey("languages", Languages)
SHOP_NAME = web.AppKey("shop_name", ShopName)
VISIT: "web.RequestKey[Visit]" = web.RequestKey("visit")


class SignInFirst(Exception):
    """The page is for people who are signed in. The visitor is led to sign in, and back again."""


LANGUAGE_COOKIE = "bms_language"
LANGUAGE_PARAMETER = "lang"


@dataclass(slots=True, kw_only=True)
class Visit(Call):
    """One request for a page.

    ``words`` is the reader's language. What ``is_kept`` is rendered for nobody, with slots for the corner of
    the account and for the token. ``known`` holds the query parameters that the page knows.
    """

    visitor: Visitor | None
    words: Language
    known: Mapping[str, str]
    is_kept: bool = False

    @classmethod
    async def begin(cls, request: web.Request, known: frozenset[str]) -> "Visit":
        """Return the visit that a request makes."""
        visitor = await find_visitor(request)
        caller = None if visitor is None else visitor.caller
        request[EXCHANGE].identity = Identity(caller)
        query = {name: value for name, value in request.query.items() if name in known and value.strip()}
        words = language_of(request, None if caller is None else caller.locale)
        visit = cls(request, caller, request.app, visitor=visitor, words=words, known=query)
        request[VISIT] = visit
        return visit

    def for_nobody(self) -> "Visit":
        """Return the visit as a page is rendered that is kept for everybody."""
        return Visit(
            self.request, None, self.app, visitor=None, words=self.words, known=self.known, is_kept=True
        )

    @property
    def origin(self) -> str:
        """The address of the site, without a slash at its end."""
        return self.app[keys.LINKS].origin

    @property
    def is_secure(self) -> bool:
        """Whether people reach the site over TLS."""
        return self.app[keys.LINKS].is_secure

    @property
    def path(self) -> str:
        """The path of this page with the parameters that it knows, as a link to itself has it."""
        query = {name: self.known[name] for name in sorted(self.known) if name != LANGUAGE_PARAMETER}
        return (
            f"{self.request.rel_url.raw_path}?{urlencode(query)}" if query else self.request.rel_url.raw_path
        )

    @property
    def device(self) -> str | None:
        """The browser's User-Agent without what the database cannot store."""
        agent = self.request.headers.get(hdrs.USER_AGENT, "")
        return "".join(c for c in agent if c.isprintable() and c < "\U00010000")[:200] or None

    @property
    def hold_address(self) -> str | None:
        """The network that a hold counts for. None where an address says nothing."""
        return self.network if self.settings.unpaid_tickets_per_address else None

    def require_visitor(self) -> Visitor:
        """Return the visitor. Raises SignInFirst for a stranger."""
        if self.visitor is None:
            raise SignInFirst()
        return self.visitor

    def require_account(self) -> Visitor:
        """Return the visitor, who has an account. Raises SignInFirst for a stranger and for a guest."""
        if self.visitor is None or self.visitor.is_guest:
            raise SignInFirst()
        return self.visitor

    def check_origin(self, *, is_proof: bool = False) -> None:
        """Raise ForgedForm unless a page of ours makes the request; see ``origin.check_origin``."""
        check_origin(self.request, self.origin, is_proof=is_proof)

    def has_token(self, typed: Mapping[str, str]) -> bool:
        """Return whether a form carries the token of the session. Without a session it needs none."""
        if self.visitor is None:
            return True
        try:
            check_token(self.visitor.token_key, typed.get("csrf", ""))
        except ForgedForm:
            return False
        return True

    def token(self) -> str:
        """Return the token for a form of this page."""
        if self.is_kept:
            return TOKEN_SLOT
        return "" if self.visitor is None else new_token(self.visitor.token_key)

    def corner(self) -> str:
        """Return the corner of the account as HTML."""
        return CORNER_SLOT if self.is_kept else corner(self.words, self.visitor)

    def gettext(self, message: str, /, **values: Any) -> str:
        """Return a text of the catalogues in the reader's language."""
        return self.words.gettext(message, **values)

    def render(
        self,
        template: str,
        *,
        status: int = 200,
        cache: str = NO_STORE,
        here: str | None = None,
        **values: Any,
    ) -> web.Response:
        """Return a page: ``template`` with ``values`` in it.

        ``here`` is the path of the page, without the path that it was asked for by. A kept page gives it.
        """
        app = self.request.app
        body = render(
            self.words,
            template,
            visit=self,
            here=self.path if here is None else here,
            shop=app[SHOP_NAME],
            corner=Markup(self.corner()),  # noqa: S704
            token=self.token(),
            languages=[(one.tag, language_name(one.tag)) for one in app[LANGUAGES]],
            **values,
        ).encode()
        response = web.Response(status=status, body=body, content_type="text/html", charset="utf-8")
        if not self.is_kept and len(body) >= LONG and reads_gzip(self.request):
            response.body = gzip.compress(body, 5, mtime=0)
            response.headers[hdrs.CONTENT_ENCODING] = "gzip"
        return protect(response, is_secure=app[keys.LINKS].is_secure, cache=cache)


def strangers_visit(request: web.Request) -> Visit:
    """Return the visit of a request whose visitor is not known, such as while the database is down."""
    words = language_of(request, None)
    return Visit(request, None, request.app, visitor=None, words=words, known={})


def corner(words: Language, visitor: Visitor | None) -> str:
    """Return the corner of the account for a visitor, None for a stranger, as HTML."""
    return render(words, "corner", visitor=visitor)


def language_of(request: web.Request, account: str | None) -> Language:
    """Return the language to answer in: the link's, the one chosen before, the account's, the browser's."""
    header = request.headers.get(hdrs.ACCEPT_LANGUAGE)
    languages = request.app[LANGUAGES]
    chosen: list[str] = []
    if request.query_string or hdrs.COOKIE in request.headers:  # most have neither, and looking takes longer
        named = (request.query.get(LANGUAGE_PARAMETER), request.cookies.get(LANGUAGE_COOKIE))
        chosen = [tag for tag in named if tag is not None and tag in languages]
    return languages.find(*chosen, account, *(acceptable(header) if header else ()))
