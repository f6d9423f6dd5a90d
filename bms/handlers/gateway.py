"""What the payment gateway sends: notices of what became of payments."""

from aiohttp import web

from bms.checkout.notices import take
from bms.http.call import Access, Call
from bms.http.endpoint import Routes
from bms.schemas.gateway import Notice
from bms.terms import Service

routes = Routes(Service.PAYMENTS)


@routes.add(
    "POST",
    "/gateway/notices",
    operation="gateway.notice",
    access=Access.SIGNED,
    body=Notice(),
    answers={204: None},
)
async def notice(call: Call) -> web.Response:
    """Take a notice of what became of a payment. A repeat, by its ``notice_id``, does nothing."""
    await take(call.db, **call.body, request_id=call.request_id)
    return web.Response(status=204)
