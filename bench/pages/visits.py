"""Whoever looks at the demo data: signed in or not, by the site's own forms."""

import http.cookiejar
import json
import re
import urllib.error
import urllib.parse
import urllib.request
from html import unescape

CARD = {"method": "card", "card.number": "4242 4242 4242 4242", "card.expiry": "12/40", "card.cvv": "123"}
GUEST = {"name": "Gerda Guest", "email": "gerda@bms.example"}


class NotReached(Exception):
    """A page is not where it should be."""


class Visitor:
    """A browser without scripts, with cookies of its own."""

    def __init__(self, base: str) -> None:
        self.base = base
        self._jar = http.cookiejar.CookieJar()
        self._open = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(self._jar)).open

    @property
    def cookie(self) -> str:
        """What the browser sends as Cookie."""
        return "; ".join(f"{one.name}={one.value}" for one in self._jar)

    def get(self, path: str) -> tuple[str, str]:
        """Return the path of the page that ``path`` leads to, and its HTML. Raises NotReached."""
        return self._ask(urllib.request.Request(self.base + path))

    def post(self, page: str, action: str, **typed: str) -> tuple[str, str]:
        """Send the form of ``page`` that goes to ``action``, and return as ``get``."""
        token = re.search(r'name="csrf" value="([^"]*)"', page)
        attempt = re.search(r'name="attempt" value="([^"]*)"', page)
        fields = {"csrf": token[1] if token else "", "attempt": attempt[1] if attempt else "", **typed}
        sent = {"Origin": self.base, "Sec-Fetch-Site": "same-origin"}
        data = urllib.parse.urlencode(fields).encode()
        return self._ask(urllib.request.Request(self.base + action, data, sent))

    def _ask(self, request: urllib.request.Request) -> tuple[str, str]:
        try:
            with self._open(request, timeout=60) as answer:
                return urllib.parse.urlsplit(answer.url).path, answer.read().decode()
        except urllib.error.HTTPError as error:
            raise NotReached(f"{request.get_method()} {request.full_url}: {error.code}") from error

    def sign_in(self, username: str, password: str) -> None:
        """Sign in by the form."""
        _, page = self.get("/sign-in")
        path, _ = self.post(page, "/sign-in", login=username, password=password)
        if path != "/tickets":
            raise NotReached(f"{username} is not signed in")

    def choose(self, event: str, number: int = 1) -> tuple[str, str]:
        """Hold tickets of the first type of an event's page, and return the checkout."""
        _, page = self.get(event)
        field = re.search(r'name="(q\.\d+)"', page)
        if field is None:
            raise NotReached(f"{event} sells nothing")
        path, checkout = self.post(page, event, **{field[1]: str(number)})
        if not path.startswith("/checkout/"):
            raise NotReached(f"{event} led to {path}")
        return path, checkout

    def buy(self, event: str, number: int = 1, **contact: str) -> str:
        """Buy tickets of an event, and return the path of the booking."""
        path, checkout = self.choose(event, number)
        booking, _ = self.post(checkout, path, **CARD, **contact)
        if not booking.startswith("/tickets/"):
            raise NotReached(f"the payment led to {booking}")
        return booking

    def links(self, path: str, below: str) -> list[str] | None:
        """Return the links of a page to paths below ``below``, without their queries.

        None for what is no page.
        """
        _, page = self.get(path)
        if "</html>" not in page:
            return None
        found = [unescape(link) for link in re.findall(r'href="([^"]+)"', page)]
        return [link.partition("?")[0].partition("#")[0] for link in found if link.startswith(below)]


def events(base: str) -> tuple[list[str], str]:
    """Return the paths of coming events without seats, and of the first that is sold by seat."""
    with urllib.request.urlopen(f"{base}/events?limit=100", timeout=30) as answer:
        listed = json.load(answer)
    plain, seated = [], ""
    for event in listed:
        path, _ = Visitor(base).get(f"/e/{event['id']}")
        try:
            with urllib.request.urlopen(f"{base}/events/{event['id']}/seating?layout=none", timeout=30):
                seated = seated or path
        except urllib.error.HTTPError:
            plain.append(path)
    return plain, seated


def crawl(visitor: Visitor, start: str) -> list[str]:
    """Return a path of every kind of page below ``start`` that links lead to.

    Pages that differ in a number or a reference alone are one kind.
    """
    found: list[str] = []
    seen: set[str] = set()
    waiting = [start]
    while waiting:
        path = waiting.pop(0)
        kind = re.sub(r"/(\d+|[0-9A-Z]{10})(?=/|$)", "/*", path)
        if kind in seen:
            continue
        seen.add(kind)
        links = visitor.links(path, start)
        if links is not None:
            found.append(path)
            waiting += links
    return sorted(found)
