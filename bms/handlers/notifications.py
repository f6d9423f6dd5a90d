"""Notifications: list, read, send."""

from functools import partial

from aiohttp import web

from bms.admission.messages import admit_message
from bms.commands.messages.notifications import mark_read, message_holders, message_user
from bms.errors import Forbidden, NotFound, TooManyRequests
from bms.http.call import Access, Call
from bms.http.endpoint import Routes
from bms.http.idempotency import once
from bms.http.pages import decode_cursor, page, respond
from bms.queries.notifications import list_notifications
from bms.schemas.answers.notifications import MessageAnswer, NotificationAnswer
from bms.schemas.notifications import Notification, NotificationList, present_notification
from bms.terms import Right, Service

routes = Routes(Service.NOTIFICATIONS)


@routes.add(
    "GET",
    "/notifications",
    operation="notifications.index",
    access=Access.USER,
    query=NotificationList(),
    answers={200: NotificationAnswer(many=True)},
)
async def index(call: Call) -> web.Response:
    """List the caller's notifications, the newest first."""
    return await _list(call, call.caller.user_id)


@routes.add(
    "GET",
    "/notifications/{user_id}",
    operation="notifications.of_user",
    access=Access.USER,
    query=NotificationList(),
    answers={200: NotificationAnswer(many=True)},
    raises=[Forbidden],
)
async def of_user(call: Call) -> web.Response:
    """List a user's notifications, the newest first. Users see their own, admins everybody's."""
    user_id = call.id("user_id")
    if user_id != call.caller.user_id and not call.actor.may(Right.USERS_MANAGE):
        raise Forbidden("Only admins see other users' notifications")
    return await _list(call, user_id)


async def _list(call: Call, user_id: int) -> web.Response:
    limit = call.query["limit"]
    (before,) = decode_cursor(call.query["cursor"], int)
    notifications = await call.db.read_primary(
        list_notifications,
        user_id=user_id,
        unread_only=call.query["unread"],
        before=before,
        limit=limit + 1,
    )
    return page(call.request, notifications, limit, present_notification, "id")


@routes.add(
    "POST",
    "/notifications/{id}/read",
    operation="notifications.read",
    access=Access.USER,
    answers={200: NotificationAnswer()},
)
async def read(call: Call) -> web.Response:
    """Mark one of the caller's notifications as read. A repeat changes nothing."""
    notification = await call.db.transact(mark_read, user_id=call.caller.user_id, notification_id=call.id())
    return respond(present_notification(notification))


@routes.add(
    "POST",
    "/notifications",
    operation="notifications.send",
    access=Right.MESSAGES_SEND,
    body=Notification(),
    answers={201: MessageAnswer()},
    location=("/notifications/{user}", "/events/{event}"),
    raises=[NotFound, TooManyRequests],
    headers=["Idempotency-Key"],
)
async def send(call: Call) -> web.Response:
    """Send a message to an event's ticket holders, also by e-mail. Admins can send one to a single user."""
    body = call.body
    if "event" in body:
        await admit_message(call, body["event"])
        to_holders = partial(
            message_holders, actor=call.actor, event_id=body["event"], message=body["message"]
        )
        return await once(call, to_holders, lambda recipients: {**body, "recipients": recipients})
    if not call.actor.may(Right.USERS_MANAGE):
        raise Forbidden("Only admins can send a message to a single user")
    to_user = partial(message_user, actor=call.actor, user_id=body["user"], message=body["message"])
    return await once(call, to_user, lambda sent: {**present_notification(sent), "recipients": 1})
