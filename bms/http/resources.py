"""Where things are: the Location of what was made, what replaces an older path, which path was meant."""

import datetime as dt
import difflib
import re
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any
from urllib.parse import quote

import orjson
from aiohttp import hdrs, web
from multidict import CIMultiDict

API = "/api"
# When the older paths were deprecated (RFC 9745, as seconds since 1970). They remain supported: no Sunset.
DEPRECATED = f"@{int(dt.datetime(2026, 11, 27, tzinfo=dt.UTC).timestamp())}"
MAX_PATH = 100  # characters of a path whose right spelling is looked for

_LEADING_ID = re.compile(rb'\{"id":([0-9]+)[,}]')
_PLACE = re.compile(r"\{(\w+)\}")
_ID = re.compile(r"[0-9]+\Z", re.ASCII)


def fill(request: web.Request, path: str, values: Mapping[str, Any]) -> str:
    """Return ``path`` with its places filled, below ``/api`` if the request is.

    A place that ``values`` does not know by name gets the value that comes first. Clients choose what stands
    in a path, so it is quoted: a line break would be another header.
    """
    first = next(iter(values.values()), "")
    return below(request, _PLACE.sub(lambda place: quote(str(values.get(place[1], first)), safe=""), path))


def below(request: web.Request, path: str) -> str:
    """Return ``path``, below ``/api`` if the request is."""
    return API + path if request.path.startswith("/api/") else path


def location_of(request: web.Request, body: Any, paths: tuple[str, ...]) -> str:
    """Return the first of ``paths`` whose places the reply's ``body`` fills: where what was made is found."""
    assert isinstance(body, bytes)
    around = _around_id(paths)
    leading = None if around is None else _LEADING_ID.match(body)
    if around is not None and leading is not None:
        return below(request, leading[1].decode().join(around))
    made: Mapping[str, Any] = orjson.loads(body)
    return next(
        fill(request, path, made)
        for path in paths
        if all(made.get(name) is not None for name in _PLACE.findall(path))
    )


@cache
def _around_id(paths: tuple[str, ...]) -> tuple[str, str] | None:
    """Return what stands around the id where the one path asks for it alone: no more of a body is read."""
    before, place, after = paths[0].partition("{id}")
    return (before, after) if place and len(paths) == 1 and "{" not in before + after else None


def succeed(headers: "CIMultiDict[str]", successor: str) -> None:
    """Say that the call is an older one, and by which path it is replaced (RFC 9745, RFC 5829)."""
    headers["Deprecation"] = DEPRECATED
    headers.add(hdrs.LINK, f'<{successor}>; rel="successor-version"')


def known_paths(paths: Iterable[str]) -> dict[str, str]:
    """Return ``paths`` by their form, which has no names of places."""
    return {_PLACE.sub("{}", path).strip("/"): path for path in paths}


def suggest_path(known: Mapping[str, str], path: str) -> str | None:
    """Return which of the ``known`` paths ``path`` was probably meant to be, None if none is like it."""
    if len(path) > MAX_PATH:
        return None
    asked = "/".join(_ID.sub("{}", step) for step in path.removeprefix(API).strip("/").split("/"))
    found = difflib.get_close_matches(asked, known, n=1, cutoff=0.8)
    return known[found[0]] if found else None
