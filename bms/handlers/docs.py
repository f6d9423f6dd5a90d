"""The API's description and the page that shows it: Swagger UI, served from installed files.

The page loads nothing from the internet, and its Content-Security-Policy forbids it (decision 12).
"""

import importlib.util
from functools import cache
from pathlib import Path

from aiohttp import web

from bms.errors import NotFound
from bms.http import keys
from bms.http.call import Access, Call
from bms.http.endpoint import Routes
from bms.http.shared import NO_CACHE
from bms.terms import Service

routes = Routes(Service.SITE)

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
FILES = {
    "swagger-ui.css": "text/css",
    "swagger-ui-bundle.js": "text/javascript",
    "favicon-32x32.png": "image/png",
}
TYPES = ", ".join(FILES.values())
START = "start.js"
SCRIPT = """\
"use strict";
const here = document.currentScript.src;
window.addEventListener("load", () => {
  SwaggerUIBundle({
    url: new URL("../openapi.json", here).href,
    domNode: document.getElementById("swagger-ui"),
    deepLinking: true,
    displayOperationId: true,
    persistAuthorization: true,
    validatorUrl: null,
  });
});
"""
# Links are relative to the page, whose path may end in a slash.
PAGE = """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>BMS API</title>
<link rel="stylesheet" href="{base}swagger-ui.css">
<link rel="icon" type="image/png" href="{base}favicon-32x32.png">
</head>
<body>
<div id="swagger-ui"></div>
<script src="{base}swagger-ui-bundle.js"></script>
<script src="{base}start.js"></script>
</body>
</html>
"""


@cache
def directory() -> Path:
    """Return the directory of Swagger UI's files. Importing their package would need Flask."""
    found = importlib.util.find_spec("flask_swagger_ui")
    assert found is not None
    assert found.origin is not None
    return Path(found.origin).parent / "dist"


@routes.add(
    "GET",
    "/openapi.json",
    operation="docs.description",
    access=Access.CREDENTIALS,
    answers={200: "application/json", 304: None},
)
async def description(call: Call) -> web.Response:
    """Return the API's description: this document."""
    return call.request.app[keys.DESCRIPTION](False).response(call.request)


@routes.add(
    "GET",
    "/openapi-legacy.json",
    operation="docs.older_description",
    access=Access.CREDENTIALS,
    answers={200: "application/json", 304: None},
)
async def older_description(call: Call) -> web.Response:
    """Return the description of the older call shapes, which go on working."""
    return call.request.app[keys.DESCRIPTION](True).response(call.request)


@routes.add("GET", "/docs", operation="docs.show", access=Access.CREDENTIALS, answers={200: "text/html"})
async def show(call: Call) -> web.Response:
    """Show the API's description in a browser."""
    base = "" if call.request.path.endswith("/") else "docs/"
    return web.Response(
        text=PAGE.format(base=base), content_type="text/html", headers={"Content-Security-Policy": POLICY}
    )


@routes.add(
    "GET",
    "/docs/{file}",
    operation="docs.file",
    access=Access.CREDENTIALS,
    answers={200: TYPES, 206: TYPES, 304: None, 416: None},
)
async def file(call: Call) -> web.StreamResponse:
    """Return a file of that page."""
    name = call.request.match_info["file"]
    headers = {"Content-Security-Policy": POLICY, "Cache-Control": NO_CACHE}
    if name == START:
        return web.Response(text=SCRIPT, content_type="text/javascript", headers=headers)
    if name not in FILES:
        raise NotFound()
    return web.FileResponse(directory() / name, headers={**headers, "Content-Type": FILES[name]})
