"""The site as the tests visit it: pages and forms over real HTTP, with the cookies of one browser."""

from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urljoin, urlsplit

import aiohttp
from aiohttp import CookieJar, web
from aiohttp.test_utils import TestServer
from yarl import URL

SAME_ORIGIN = {"Sec-Fetch-Site": "same-origin"}


@dataclass
class Form:
    """A form of a page: where it is sent, how, and what its fields hold."""

    action: str
    method: str
    fields: dict[str, str] = field(default_factory=dict)
    buttons: int = 0


class _Parser(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self.links: list[str] = []
        self.text: list[str] = []
        self.title = ""
        self._form: Form | None = None
        self._area: str | None = None
        self._select: str | None = None
        self._in_title = False
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        known = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._form = Form(known.get("action", ""), known.get("method", "get").lower())
            self.forms.append(self._form)
        elif tag == "a" and "href" in known:
            self.links.append(known["href"])
        elif tag in ("script", "style"):
            self._silent += 1
        elif tag == "title":
            self._in_title = True
        form = self._form
        if form is None:
            return
        name = known.get("name")
        if tag == "button":
            form.buttons += 1
        elif tag == "textarea" and name:
            self._area = name
            form.fields[name] = ""
        elif tag == "select" and name:
            self._select = name
            form.fields.setdefault(name, "")
        elif tag == "option" and self._select and "selected" in known:
            form.fields[self._select] = known.get("value", "")
        elif tag == "input" and name:
            if known.get("type") in ("radio", "checkbox"):
                if "checked" in known:
                    form.fields[name] = known.get("value", "on")
            else:
                form.fields[name] = known.get("value", "")

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._form = None
        elif tag == "textarea":
            self._area = None
        elif tag == "select":
            self._select = None
        elif tag in ("script", "style"):
            self._silent -= 1
        elif tag == "title":
            self._in_title = False

    def handle_data(self, data: str) -> None:
        if self._in_title:
            self.title += data
        elif self._area is not None and self._form is not None:
            self._form.fields[self._area] += data
        elif not self._silent and data.strip():
            self.text.append(data.strip())


class Page:
    """An answer of the site, read."""

    def __init__(self, status: int, url: URL, headers: Any, html: str) -> None:
        self.status, self.url, self.headers, self.html = status, url, headers, html
        parser = _Parser()
        parser.feed(html)
        self.forms, self.links, self.title = parser.forms, parser.links, parser.title
        self.text = " ".join(parser.text)

    @property
    def path(self) -> str:
        return self.url.path

    def form(self, action: str) -> Form:
        """Return the only form that is posted to ``action``, or to a path that begins with it."""
        found = [form for form in self.forms if form.method == "post" and form.action == action]
        found = found or [
            form for form in self.forms if form.method == "post" and form.action.startswith(action)
        ]
        assert len(found) == 1, (action, [form.action for form in self.forms])
        return found[0]


class Browser:
    """A browser with cookies of its own. ``origin`` headers are those of a page of the site."""

    def __init__(self, app: web.Application, server: TestServer, **headers: str) -> None:
        self.app = app
        self._server = server
        self.headers = {"Accept": "text/html,application/xhtml+xml", **headers}
        self._session = aiohttp.ClientSession(cookie_jar=CookieJar(unsafe=True))

    async def close(self) -> None:
        await self._session.close()

    @property
    def cookies(self) -> dict[str, str]:
        return {cookie.key: cookie.value for cookie in self._session.cookie_jar}

    def forget(self) -> None:
        """Delete all cookies."""
        self._session.cookie_jar.clear()

    async def request(
        self,
        method: str,
        path: str,
        data: dict[str, str] | None = None,
        *,
        headers: dict[str, str] | None = None,
        follow: bool = True,
    ) -> Page:
        """Return the page that a request ends at."""
        url = self._server.make_url("/").join(URL(path, encoded="%" in path))
        async with self._session.request(
            method, url, data=data, headers={**self.headers, **(headers or {})}, allow_redirects=follow
        ) as response:
            return Page(response.status, response.url, response.headers, await response.text())

    async def request_bytes(self, path: str) -> bytes:
        """Return what is at ``path``, such as a picture."""
        async with self._session.get(self._server.make_url(path), headers=self.headers) as response:
            assert response.status == 200, response.status
            return await response.read()

    async def get(self, path: str, **options: Any) -> Page:
        return await self.request("GET", path, **options)

    async def post(self, path: str, data: dict[str, str], **options: Any) -> Page:
        """Post as a form of the site does, unless ``headers`` say otherwise."""
        options.setdefault("headers", SAME_ORIGIN)
        return await self.request("POST", path, data, **options)

    async def submit(self, page: Page, form: Form, follow: bool = True, **typed: str) -> Page:
        """Send a form as it is on its page, but for the fields that are ``typed``."""
        action = urlsplit(urljoin(str(page.url), form.action or str(page.url)))
        path = action.path + (f"?{action.query}" if action.query else "")
        fields = {**form.fields, **{name.replace("__", "."): value for name, value in typed.items()}}
        if form.method == "get":
            return await self.get(str(URL(path).with_query(fields)), follow=follow)
        return await self.post(path, fields, follow=follow)

    async def sign_in(self, username: str, password: str) -> Page:
        """Sign in by the form."""
        page = await self.get("/sign-in")
        return await self.submit(page, page.form("/sign-in"), login=username, password=password)
