"""Mail that was given up: why, and sending it again."""

from aiohttp import web

from bms.commands.messages.outbox import retry_message
from bms.errors import NotGivenUp
from bms.http.call import Call
from bms.http.endpoint import Routes
from bms.http.pages import decode_cursor, page, respond
from bms.queries.mails import list_mails
from bms.schemas.answers.mails import MailAnswer
from bms.schemas.mails import MailList, present_mail
from bms.terms import Right, Service

routes = Routes(Service.NOTIFICATIONS)


@routes.add(
    "GET",
    "/mails",
    operation="mails.index",
    access=Right.MAIL_MANAGE,
    query=MailList(),
    answers={200: MailAnswer(many=True)},
)
async def index(call: Call) -> web.Response:
    """List the mails in a state, newest first: those that were given up, unless another state is asked for.

    A mail whose words housekeeping has removed is not among them.
    """
    limit = call.query["limit"]
    (before,) = decode_cursor(call.query["cursor"], int)
    mails = await call.db.read_primary(
        list_mails,
        state=call.query["state"],
        recipient=call.query["recipient"],
        before=before,
        limit=limit + 1,
    )
    return page(call.request, mails, limit, present_mail, "id")


@routes.add(
    "POST",
    "/mails/{id}/retry",
    operation="mails.retry",
    access=Right.MAIL_MANAGE,
    answers={200: MailAnswer()},
    raises=[NotGivenUp],
)
async def retry(call: Call) -> web.Response:
    """Have a mail that was given up sent again, to the same address."""
    return respond(present_mail(await call.db.transact(retry_message, call.actor, message_id=call.id())))
