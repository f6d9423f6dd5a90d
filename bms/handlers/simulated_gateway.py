"""The page of the simulated gateway, where a buyer approves or declines a payment that waits for it.

It stands for the page of a bank, so it is no part of the API. The link names a payment and cannot be guessed:
whoever has it may decide.
"""

from html import escape

from aiohttp import web

from bms.checkout.simulated import decide, look_up
from bms.http.call import Access, Call
from bms.http.endpoint import Routes
from bms.terms import Service

routes = Routes(Service.PAYMENTS)

PATH = "/simulated-gateway/{reference:ch_[0-9a-f]+}"

# The paths of the forms are relative to the page, whose own path may end in a slash.
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'none'",
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
}
PAGE = """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Simulated gateway</title>
<style>
body {{ font: 1.1em system-ui, sans-serif; max-width: 30em; margin: 3em auto; padding: 0 1em }}
button {{ font: inherit; padding: .5em 1.5em; margin-right: 1em }}
form {{ display: inline }}
</style>
</head>
<body>
<h1>{amount}</h1>
{content}
<p>This gateway is simulated. It moves no money.</p>
</body>
</html>
"""
FORMS = """\
<p>Do you approve this payment?</p>
<form method="post" action="{base}approve"><button>Approve</button></form>
<form method="post" action="{base}decline"><button>Decline</button></form>"""
ENDED = {
    "SUCCEEDED": "<p>The payment is approved. You can close this page.</p>",
    "FAILED": "<p>The payment was not made, and nothing was charged. You can close this page.</p>",
}


@routes.add("GET", PATH, operation="simulated_gateway.show", access=Access.CREDENTIALS)
async def show(call: Call) -> web.Response:
    """Show a payment, and ask for the decision if it waits for one."""
    entry = await look_up(call.gateway, call.request.match_info["reference"])
    return _page(call, f"{entry.amount} {entry.currency}", entry.status)


@routes.add("POST", f"{PATH}/approve", operation="simulated_gateway.approve", access=Access.CREDENTIALS)
async def approve(call: Call) -> web.Response:
    """Approve a payment. The first decision stands."""
    return await _decide(call, approved=True)


@routes.add("POST", f"{PATH}/decline", operation="simulated_gateway.decline", access=Access.CREDENTIALS)
async def decline(call: Call) -> web.Response:
    """Decline a payment. The first decision stands."""
    return await _decide(call, approved=False)


async def _decide(call: Call, *, approved: bool) -> web.Response:
    entry = await decide(
        call.db,
        call.gateway,
        call.request.match_info["reference"],
        approved=approved,
        request_id=call.request_id,
    )
    return _page(call, f"{entry.amount} {entry.currency}", entry.status)


def _page(call: Call, amount: str, status: str) -> web.Response:
    base = "" if call.request.path.endswith("/") else f"{call.request.match_info['reference']}/"
    content = ENDED[status] if status in ENDED else FORMS.format(base=base)
    return web.Response(
        text=PAGE.format(amount=escape(amount), content=content), content_type="text/html", headers=HEADERS
    )
