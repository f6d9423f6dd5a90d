"""Redirects within the site."""

import re

from aiohttp import web

# What a browser takes for a path of this site. "//host" and "/\host" are other sites to it.
_LOCAL = re.compile(r"/(?![/\\])[!-\[\]-~]{0,1000}\Z")


def local_path(text: str | None, default: str) -> str:
    """Return ``text`` if it is a path of this site, else ``default``."""
    return text if text is not None and _LOCAL.match(text) else default


def see_other(path: str) -> web.Response:
    """Return the reply to a post that has done its work: show ``path``."""
    assert _LOCAL.match(path), "redirects stay on the site"
    return web.Response(status=303, headers={"Location": path})
