"""The guide at /guide/: pages that Sphinx makes of docs/, sent as they were built.

They need neither the database nor a session, so an operator can read them while all else is down. The wheel
has them; in a source tree script/guide builds them.
"""

import asyncio
import mimetypes
from pathlib import Path

from aiohttp import web

from bms.http import keys
from bms.web.kit.headers import POLICY, protect
from bms.web.kit.redirects import see_other
from bms.web.kit.visit import strangers_visit

DIRECTORY = Path(__file__).parent / "built_guide"
ROOT = "/guide/"
KEPT = "public, max-age=300"
# A drawing has a style of its own, and nothing else.
_POLICIES = {"image/svg+xml": "default-src 'none'; style-src 'unsafe-inline'"}
_TYPES = {".js": "text/javascript", ".md": "text/plain", ".yml": "text/plain", ".conf": "text/plain"}


def read(directory: Path, name: str) -> bytes | None:
    """Return the file ``name`` of the guide built in ``directory``, or None if it has none of that name."""
    if "\0" in name:
        return None
    path = (directory / name).resolve()
    # A name with "..", or an absolute one, leads out of the guide.
    if not path.is_relative_to(directory.resolve()) or not path.is_file():
        return None
    return path.read_bytes()


async def enter_guide(_: web.Request) -> web.Response:
    """Lead to the first page, below which the links of all pages are."""
    return see_other(ROOT)


async def serve_guide(request: web.Request) -> web.Response:
    """Send a page or a file of the guide, or a page that says why it is not there."""
    name = request.match_info["path"] or "index.html"
    body = await asyncio.to_thread(read, DIRECTORY, name)
    if body is None:
        is_built = (DIRECTORY / "index.html").is_file()
        missing = strangers_visit(request).render("guide_missing", here="/", is_built=is_built)
        missing.set_status(404)
        return missing
    suffix = Path(name).suffix
    kind = _TYPES.get(suffix) or mimetypes.guess_type(name)[0] or "application/octet-stream"
    response = web.Response(
        body=body,
        content_type=kind,
        charset="utf-8" if kind.startswith("text/") else None,
        headers={"Content-Security-Policy": _POLICIES.get(kind, POLICY)},
    )
    return protect(response, is_secure=request.app[keys.LINKS].is_secure, cache=KEPT)
