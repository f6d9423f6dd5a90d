"""Static files: each at an address that contains a digest of it, so browsers keep it for ever.

A script names the scripts that it imports as they are called here; what is sent has their addresses. A style
sheet that imports another is sent with it as one. Comments and space are for people who read the files, and
are not sent.
"""

import gzip
import hashlib
import mimetypes
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import NamedTuple

from aiohttp import web

from bms.errors import NotFound
from bms.http.shared import reads_gzip

DIRECTORY = Path(__file__).resolve().parents[1] / "static"
FOR_EVER = "public, max-age=31536000, immutable"
# Texts and patterns of a script, which stay as they are, and signs that need no space.
_TOKEN = re.compile(
    r"""(?P<quoted>"(?:[^"\\\n]|\\.)*"|`(?:[^`\\]|\\.)*`|(?<=[(,=:\s])/(?![/*\s])(?:[^/\\\n]|\\.)+/[a-z]*)"""
    r"""|\s*(?P<sign>=>|[=!<>]=+|&&|\|\||\?\?=?|[=,;:?(){}<>])\s*"""
)
_NOTE = re.compile(r"(\A|\s)// .*")
_IMPORT = re.compile(r'(from ?|import\()"\./([\w-]+\.js)"')
_SHEET = re.compile(r'@import "\./([\w-]+\.css)";')
_TYPES = {".js": "text/javascript", ".svg": "image/svg+xml", ".webmanifest": "application/manifest+json"}


class Asset(NamedTuple):
    """A file as it is sent."""

    content_type: str
    body: bytes
    gzipped: bytes


@cache
def _read() -> tuple[Mapping[str, Asset], Mapping[str, str]]:
    """Return the files by the name in their address, and these names by the file's own."""
    assets: dict[str, Asset] = {}
    names: dict[str, str] = {}

    def read(path: Path) -> str:
        """Read a file, after those that it imports, and return its name in addresses."""
        if path.name in names:
            return names[path.name]
        text = path.read_text(encoding="utf-8")
        if path.suffix == ".js":
            text = _IMPORT.sub(lambda found: f'{found[1]}"./{read(DIRECTORY / found[2])}"', _script(text))
        elif path.suffix == ".css":
            text = _style(_SHEET.sub(lambda found: (DIRECTORY / found[1]).read_text(encoding="utf-8"), text))
        body = text.encode()
        name = f"{path.stem}.{hashlib.sha256(body).hexdigest()[:12]}{path.suffix}"
        kind = _TYPES.get(path.suffix) or mimetypes.guess_type(path.name)[0] or "application/octet-stream"
        assets[name] = Asset(kind, body, gzip.compress(body, 9, mtime=0))
        names[path.name] = name
        return name

    for path in DIRECTORY.iterdir():
        read(path)
    return assets, names


def _script(text: str) -> str:
    """Return a script without what browsers do not need: notes, indentation, space around most signs."""
    kept = "\n".join(filter(None, (_NOTE.sub("", line).strip() for line in text.splitlines())))
    return _TOKEN.sub(lambda found: found["quoted"] or found["sign"], kept)


def _style(text: str) -> str:
    text = re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL)
    text = re.sub(r"\s*([{};,>])\s*", r"\1", text)
    return re.sub(r"(?<=[a-z0-9]): ", ":", text).strip()


def asset(name: str) -> str:
    """Return the address of the file ``name``. Raises KeyError if there is none."""
    return f"/static/{_read()[1][name]}"


async def serve_asset(request: web.Request) -> web.Response:
    """Send a static file. Raises NotFound."""
    found = _read()[0].get(request.match_info["name"])
    if found is None:
        raise NotFound("There is no such file")
    headers = {"Cache-Control": FOR_EVER, "Vary": "Accept-Encoding"}
    zipped = reads_gzip(request) and len(found.gzipped) < len(found.body)
    if zipped:
        headers["Content-Encoding"] = "gzip"
    return web.Response(
        body=found.gzipped if zipped else found.body,
        headers=headers,
        content_type=found.content_type,
        charset="utf-8" if found.content_type.startswith(("text/", "image/svg")) else None,
    )
