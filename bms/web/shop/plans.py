"""Plans as the seat map draws them. Their addresses have digests, so browsers keep them for ever."""

import gzip
import hashlib
import re
from pathlib import Path

from aiohttp import web

from bms.checkout.sheets import Sheets
from bms.errors import NotFound
from bms.http.shared import reads_gzip
from bms.seating import sheets
from bms.web.kit.assets import FOR_EVER

_SHA256 = re.compile(r"[0-9a-f]{64}\Z")
NAME = re.compile(rf"({sheets.FIRST}|[0-9]{{1,4}})\.json\Z")
# Another release may draw the same plan otherwise.
_VERSION = hashlib.sha256(Path(sheets.__file__).read_bytes()).hexdigest()[:6]

SHEETS = web.AppKey("sheets", Sheets)
DRAFT_SHEETS = web.AppKey("draft_sheets", Sheets)  # apart, so that who draws pushes out no plan that sells


def plan_path(sha256: str) -> str:
    """Return where the sheets of a layout are."""
    return f"/plans/{_VERSION}/{sha256}/"


async def serve_sheet(request: web.Request) -> web.Response:
    """Send a sheet of a plan. Raises NotFound and Overloaded."""
    sha256, name = request.match_info["sha256"], NAME.match(request.match_info["name"])
    if not _SHA256.match(sha256) or name is None:
        raise NotFound("There is no such plan")
    found = await request.app[SHEETS].find(sha256, name[1])
    if found is None:
        raise NotFound("The plan has no such sheet")
    return sheet_reply(request, found, FOR_EVER)


def sheet_reply(request: web.Request, sheet: bytes, cache: str) -> web.Response:
    """Return the reply with a sheet, which is gzip. ``cache`` is its Cache-Control."""
    zipped = reads_gzip(request)
    return web.Response(
        body=sheet if zipped else gzip.decompress(sheet),
        content_type="application/json",
        headers={
            "Cache-Control": cache,
            "Vary": "Accept-Encoding",
            **({"Content-Encoding": "gzip"} if zipped else {}),
        },
    )
