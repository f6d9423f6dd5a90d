"""Reviews: posting, listing, removing and reporting them."""

from collections.abc import Callable
from functools import partial
from typing import Any

from aiohttp import web

from bms.commands.events.moderation import remove_review, report_review
from bms.commands.events.reviews import post_review
from bms.errors import EventNotBegun, EventNotOver, Forbidden, NotFound
from bms.http.call import Access, Call
from bms.http.endpoint import Routes
from bms.http.idempotency import once
from bms.http.pages import decode_cursor, no_content, page
from bms.queries.reviews import ReviewRow, list_reported_reviews, list_reviews_of_event, list_reviews_of_user
from bms.schemas.answers.reviews import ReportAnswer, ReportedReviewAnswer, ReviewAnswer
from bms.schemas.listing import ListQuery
from bms.schemas.reviews import Review, ReviewReport, present_report, present_reported, present_review
from bms.terms import Right, Service

routes = Routes(Service.REVIEWS)


@routes.add(
    "POST",
    "/reviews",
    operation="reviews.post",
    access=Access.USER,
    body=Review(),
    answers={200: ReviewAnswer(), 201: ReviewAnswer()},
    location="/reviews/{event}",
    raises=[Forbidden, NotFound, EventNotBegun, EventNotOver],
    headers=["Idempotency-Key"],
)
async def post(call: Call) -> web.Response:
    """Review an event that is over and was booked: 201, or 200 if this replaces an earlier review."""
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
    "/reviews/{id}",
    "/events/{event_id}/reviews",
    operation="reviews.of_event",
    access=Access.ANYONE,
    query=ListQuery(),
    answers={200: ReviewAnswer(many=True)},
)
async def of_event(call: Call) -> web.Response:
    """List the reviews of an event, newest first. The id is the event's."""
    name = "id" if "id" in call.request.match_info else "event_id"
    return await _list(call, list_reviews_of_event, event_id=call.id(name), viewer=call.viewer)


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


@routes.add(
    "DELETE",
    "/reviews/{id}",
    operation="reviews.remove",
    access=Access.USER,
    answers={204: None},
    raises=[Forbidden],
)
async def remove(call: Call) -> web.Response:
    """Delete the caller's own review, or any as an admin. After an admin its writer cannot post another."""
    await call.db.transact(remove_review, call.actor, review_id=call.id())
    return no_content()


@routes.add(
    "POST",
    "/reviews/{id}/report",
    operation="reviews.report",
    access=Access.USER,
    body=ReviewReport(),
    answers={200: ReportAnswer(), 201: ReportAnswer()},
    location="/reviews/reported",
    headers=["Idempotency-Key"],
)
async def report(call: Call) -> web.Response:
    """Report a review to the admins: 201, or 200 and the first report if the caller did so before."""
    command = partial(report_review, actor=call.actor, review_id=call.id(), reason=call.body["reason"])
    return await once(
        call,
        command,
        lambda reported: present_report(reported.report),
        lambda reported: 201 if reported.is_new else 200,
    )


@routes.add(
    "GET",
    "/reviews/reported",
    operation="reviews.reported",
    access=Right.REVIEWS_ANY,
    query=ListQuery(),
    answers={200: ReportedReviewAnswer(many=True)},
)
async def reported(call: Call) -> web.Response:
    """List the reviews that users reported, newest first. A removed review is not among them."""
    limit = call.query["limit"]
    (before,) = decode_cursor(call.query["cursor"], int)
    reviews = await call.db.read_primary(list_reported_reviews, before=before, limit=limit + 1)
    return page(call.request, reviews, limit, present_reported, "id")


async def _list(call: Call, query: Callable[..., list[ReviewRow]], **whose: Any) -> web.Response:
    limit = call.query["limit"]
    (before,) = decode_cursor(call.query["cursor"], int)
    # A signed-in caller may just have posted a review, which a replica may lack.
    run = call.db.read if call.caller_or_none is None else call.db.read_primary
    reviews = await run(query, **whose, before=before, limit=limit + 1)
    return page(call.request, reviews, limit, present_review, "id")
