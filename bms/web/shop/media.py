"""Pictures of events as browsers load them: encoded here, at addresses that are digests, kept for ever."""

import re

from aiohttp import ETag, web

from bms.cache.kept import Cache
from bms.errors import NotFound
from bms.http import keys
from bms.pictures.terms import Size
from bms.queries.pictures import find_file
from bms.web.kit.assets import FOR_EVER

MEDIA = web.AppKey("media", Cache[bytes])
MEDIA_BYTES = 8 * 2**20  # kept in memory by one process
MEDIA_SECONDS = 300.0  # a picture that was taken away is gone from here after that

_NAME = re.compile(r"(?P<sha256>[0-9a-f]{64})\.(?P<kind>webp|jpg)\Z")
_TYPES = {"webp": "image/webp", "jpg": "image/jpeg"}


def media_path(size: Size, kind: str) -> str:
    """Return the address of a size of a picture; ``kind`` is webp or jpg."""
    return f"/media/{size.sha256}.{kind}"


async def serve_picture(request: web.Request) -> web.Response:
    """Send a file of a picture, or 304 if the browser has it. Raises NotFound."""
    name = _NAME.match(request.match_info["name"])
    if name is None:
        raise NotFound("There is no such picture")
    sha256, kind = name["sha256"], name["kind"]
    database = request.app[keys.DATABASE]
    content = await request.app[MEDIA].get(
        name[0], lambda: database.read_primary(find_file, sha256=sha256, kind=kind)
    )
    has_it = any(tag.value == sha256 for tag in request.if_none_match or ())
    response = web.Response(
        status=304 if has_it else 200,
        body=None if has_it else content,
        content_type=_TYPES[kind],
        headers={"Cache-Control": FOR_EVER, "Content-Security-Policy": "default-src 'none'; sandbox"},
    )
    response.etag = ETag(sha256)
    return response
