"""Reviews: posting and listing them."""

from collections.abc import Callable
from functools import partial
from typing import Any

from aiohttp import web

from bms.commands.events.reviews import post_review
from bms.errors import EventNotBegun, Forbidden, NotFound
from bms.http.call import Access, Call
from bms.http.endpoint import Routes
from bms.http.idempotency import once
from bms.http.pages import decode_cursor, page
from bms.queries.reviews import ReviewRow, list_reviews_of_event, list_reviews_of_user
from bms.schemas.answers.reviews import ReviewAnswer
from bms.schemas.listing import ListQuery
from bms.schemas.reviews import Review, present_review

routes = Routes()


@routes.add(
    "POST",
    "/reviews",
    operation="reviews.post",
    access=Access.USER,
    body=Review(),
    answers={200: ReviewAnswer(), 201: ReviewAnswer()},
    raises=[Forbidden, NotFound, EventNotBegun],
    headers=["Idempotency-Key"],
)
async def post(call: Call) -> web.Response:
    """Review an event that the caller booked: 201, or 200 if this replaces an earlier review."""
    writer = call.body.pop("user")
    if writer not in (None, call.caller.user_id):
        raise Forbidden("You cannot review in somebody else's name")
    command = partial(
        post_review,
        actor=call.actor,
        event_id=call.body["event"],
        rating=call.body["rating"],
        comment=call.body["comment"],
    )
    return await once(
        call,
        command,
        lambda posted: present_review(posted.review),
        lambda posted: 201 if posted.is_new else 200,
    )


@routes.add(
    "GET",
    "/reviews/{event_id}",
    "/events/{event_id}/reviews",
    operation="reviews.of_event",
    access=Access.ANYONE,
    query=ListQuery(),
    answers={200: ReviewAnswer(many=True)},
)
async def of_event(call: Call) -> web.Response:
    """List the reviews of an event, newest first."""
    return await _list(
        call,
        list_reviews_of_event,
        event_id=call.id("event_id"),
        viewer=call.viewer,
    )


@routes.add(
    "GET",
    "/reviews/user/{user_id}",
    operation="reviews.of_user",
    access=Access.ANYONE,
    query=ListQuery(),
    answers={200: ReviewAnswer(many=True)},
)
async def of_user(call: Call) -> web.Response:
    """List the reviews by a user, newest first."""
    return await _list(call, list_reviews_of_user, user_id=call.id("user_id"))


async def _list(call: Call, query: Callable[..., list[ReviewRow]], **whose: Any) -> web.Response:
    limit = call.query["limit"]
    (before,) = decode_cursor(call.query["cursor"], int)
    # A signed-in caller may just have posted a review, which a replica may lack.
    run = call.db.read if call.caller_or_none is None else call.db.read_primary
    reviews = await run(query, **whose, before=before, limit=limit + 1)
    return page(call.request, reviews, limit, present_review, "id")
