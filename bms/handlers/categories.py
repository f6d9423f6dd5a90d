"""Categories of events."""

from functools import partial

from aiohttp import web

from bms.commands.events.categories import create_category
from bms.errors import DuplicateCategory
from bms.http.call import Access, Call
from bms.http.endpoint import Routes
from bms.http.idempotency import once
from bms.http.pages import decode_cursor, page
from bms.queries.categories import list_categories
from bms.schemas.answers.categories import CategoryAnswer
from bms.schemas.categories import Category, CategoryList, present_category
from bms.terms import Right, Service

routes = Routes(Service.EVENTS)


@routes.add(
    "GET",
    "/categories",
    operation="categories.index",
    access=Access.ANYONE,
    query=CategoryList(),
    answers={200: CategoryAnswer(many=True)},
)
async def index(call: Call) -> web.Response:
    """List the categories by slug."""
    (after_slug,) = decode_cursor(call.query["cursor"], str)
    limit = call.query["limit"]
    rows = await call.look_up(list_categories, after_slug=after_slug, limit=limit + 1)
    return page(call.request, rows, limit, present_category, "slug")


@routes.add(
    "POST",
    "/categories",
    operation="categories.create",
    access=Right.CATEGORIES_WRITE,
    body=Category(),
    answers={201: CategoryAnswer()},
    location="/categories",
    raises=[DuplicateCategory],
    headers=["Idempotency-Key"],
)
async def create(call: Call) -> web.Response:
    """Add a category."""
    return await once(call, partial(create_category, actor=call.actor, **call.body), present_category)
