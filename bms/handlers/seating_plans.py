"""Seating plans: draw, check, import, publish, export. Work on layouts is done by a process of its own."""

import gzip
from collections.abc import Callable
from functools import partial
from typing import Any, ParamSpec, TypeVar

from aiohttp import ETag, web

from bms.commands.events.seating_plans import NewPlan, create_plan, publish_plan, replace_plan
from bms.errors import (
    Conflict,
    MalformedRequest,
    NotFound,
    Overloaded,
    UnsupportedMediaType,
    ValidationFailed,
)
from bms.http.bodies import receive
from bms.http.call import Access, Call
from bms.http.endpoint import Routes
from bms.http.idempotency import once
from bms.http.pages import decode_cursor, page, respond, respond_with
from bms.http.shared import reads_gzip
from bms.queries.seating_plans import (
    PlanRow,
    find_layout,
    get_drawing,
    get_layout,
    get_version,
    list_plans,
)
from bms.schemas.answers.seating import (
    CheckedAnswer,
    DraftAnswer,
    DrawingAnswer,
    ImportedAnswer,
    PlanAnswer,
    VersionAnswer,
)
from bms.schemas.seating import (
    CheckPlan,
    GeneratePlan,
    PlanFields,
    PlanFile,
    PlanForm,
    PlanList,
    SeatingPlan,
    present_faults,
    present_plan,
    present_version,
    sections_of,
)
from bms.seating import jobs
from bms.seating.faults import PlanRefused
from bms.seating.forms import Form
from bms.seating.schema import schema_bytes
from bms.seating.terms import MAX_BYTES
from bms.terms import Right, Service

FIRST_REVISION = 1  # of a plan, by its column's default

P = ParamSpec("P")
T = TypeVar("T")

routes = Routes(Service.EVENTS)

_FIELDS = PlanFields()
_SHA256 = frozenset("0123456789abcdef")
FOR_A_YEAR = "public, max-age=31536000, immutable"


async def worked(call: Call, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Return what ``work`` makes of a plan. Raises ValidationFailed with the faults, and Overloaded."""
    try:
        return await call.charts.worker.run(work, *args, **kwargs)
    except PlanRefused as refused:
        if refused.faults[0].message.startswith("Not JSON"):
            raise MalformedRequest(refused.faults[0].message) from None
        raise ValidationFailed(present_faults(refused.faults), "The plan has faults") from None


async def _body(call: Call, *media: str) -> bytes:
    raw = await receive(call.request, MAX_BYTES)
    if raw and call.request.content_type not in media:
        raise UnsupportedMediaType(f"The body must be {' or '.join(media)}")
    return raw


async def _new_plan(call: Call, raw: bytes) -> tuple[NewPlan, jobs.Draft]:
    draft = await worked(call, jobs.read_draft, raw)
    fields = _FIELDS.parse(draft.fields)
    new = NewPlan(
        fields["name"], fields["venue"], fields["shared"], draft.layout, draft.seats, len(draft.faults)
    )
    return new, draft


def _respond(plan: PlanRow, more: dict[str, Any], status: int = 200) -> web.Response:
    response = respond({**present_plan(plan), **more}, status)
    response.etag = ETag(f"r{plan.revision}")
    return response


@routes.add(
    "GET",
    "/schemas/seating-plan.json",
    operation="seating_plans.schema",
    access=Access.ANYONE,
    answers={200: "application/schema+json"},
)
async def schema(call: Call) -> web.Response:
    """Show the JSON Schema of layouts."""
    return web.Response(body=schema_bytes(), content_type="application/schema+json")


@routes.add(
    "POST",
    "/seating-plans",
    operation="seating_plans.create",
    access=Right.PLANS_WRITE,
    body=SeatingPlan(),
    whole=True,
    answers={201: DraftAnswer()},
    location="/seating-plans/{id}",
    raises=[Overloaded],
    headers=["Idempotency-Key"],
    dear=True,
)
async def create(call: Call) -> web.Response:
    """Store a seating plan, which is the caller's, with all faults of its layout."""
    raw = await _body(call, "application/json")
    new, draft = await _new_plan(call, raw)
    faults = {"faults": present_faults(draft.faults)}
    command = partial(create_plan, actor=call.actor, new=new)
    response = await once(call, command, lambda plan: {**present_plan(plan), **faults}, body=raw)
    response.etag = ETag(f"r{FIRST_REVISION}")
    return response


@routes.add(
    "PUT",
    "/seating-plans/{id}",
    operation="seating_plans.replace",
    access=Right.PLANS_WRITE,
    body=SeatingPlan(),
    whole=True,
    answers={200: DraftAnswer()},
    raises=[Overloaded],
    headers=["If-Match"],
    dear=True,
)
async def replace(call: Call) -> web.Response:
    """Replace a seating plan. What was published stays."""
    plan_id = call.id()  # before the body, which may be large
    new, draft = await _new_plan(call, await _body(call, "application/json"))
    tags = call.request.if_match
    revisions = None
    if tags is not None and not any(tag.value == "*" for tag in tags):
        texts = (tag.value[1:] for tag in tags if not tag.is_weak and tag.value[:1] == "r")
        revisions = frozenset(int(text) for text in texts if text.isascii() and text.isdigit())
    plan = await call.db.transact(replace_plan, call.actor, plan_id=plan_id, new=new, revisions=revisions)
    return _respond(plan, {"faults": present_faults(draft.faults)})


@routes.add(
    "POST",
    "/seating-plans/check",
    operation="seating_plans.check",
    access=Right.PLANS_WRITE,
    body=CheckPlan(),
    whole=True,
    answers={200: CheckedAnswer()},
    raises=[Overloaded],
    dear=True,
)
async def check(call: Call) -> web.Response:
    """List the faults of a layout. Nothing is stored."""
    draft = await worked(call, jobs.read_draft, await _body(call, "application/json"))
    return respond({"seats": draft.seats, "faults": present_faults(draft.faults)})


def _imported(draft: jobs.Draft) -> web.Response:
    counted = {"seats": draft.seats, "faults": present_faults(draft.faults)}
    return respond_with(counted, "layout", draft.layout)


@routes.add(
    "POST",
    "/seating-plans/generate",
    operation="seating_plans.generate",
    access=Right.PLANS_WRITE,
    body=GeneratePlan(),
    answers={200: ImportedAnswer()},
    raises=[Overloaded],
    dear=True,
)
async def generate(call: Call) -> web.Response:
    """Make a layout of sections with rows of seats. Nothing is stored."""
    sections = sections_of(call.body)
    return _imported(await worked(call, jobs.generate_draft, sections, call.body["name"]))


@routes.add(
    "POST",
    "/seating-plans/import",
    operation="seating_plans.import",
    access=Right.PLANS_WRITE,
    body=PlanFile(),
    whole=True,
    media="text/csv",
    query=PlanForm(),
    answers={200: ImportedAnswer()},
    raises=[Overloaded],
    dear=True,
)
async def import_(call: Call) -> web.Response:
    """Read a plan in another form: pretix's, or CSV. Nothing is stored."""
    form = Form(call.query["format"])
    raw = await _body(call, form.media_type)
    return _imported(await worked(call, jobs.import_draft, form, raw))


@routes.add(
    "GET",
    "/seating-plans",
    operation="seating_plans.index",
    access=Right.PLANS_WRITE,
    query=PlanList(),
    answers={200: PlanAnswer(many=True)},
)
async def index(call: Call) -> web.Response:
    """List the caller's seating plans and those that others share, newest first."""
    limit = call.query["limit"]
    (before,) = decode_cursor(call.query["cursor"], int)
    rows = await call.db.read_primary(list_plans, call.actor, before=before, limit=limit + 1)
    return page(call.request, rows, limit, present_plan, "id")


@routes.add(
    "GET",
    "/seating-plans/{id}",
    operation="seating_plans.show",
    access=Right.PLANS_WRITE,
    answers={200: DrawingAnswer()},
    headers=["If-None-Match"],
)
async def show(call: Call) -> web.Response:
    """Show a seating plan with the layout that is being drawn."""
    drawing = await call.db.read_primary(get_drawing, call.actor, plan_id=call.id())
    response = respond_with(present_plan(drawing.plan), "layout", drawing.draft)
    response.etag = ETag(f"r{drawing.plan.revision}")
    return response


@routes.add(
    "POST",
    "/seating-plans/{id}/publish",
    operation="seating_plans.publish",
    access=Right.PLANS_WRITE,
    answers={201: VersionAnswer()},
    location="/seating-plans/{plan}/versions/{version}",
    raises=[Conflict, Overloaded, ValidationFailed],
    headers=["Idempotency-Key"],
    dear=True,
)
async def publish(call: Call) -> web.Response:
    """Publish the layout as the next version, which never changes."""
    drawing = await call.db.read_primary(get_drawing, call.actor, plan_id=call.id(), to_change=True)
    published = await worked(call, jobs.publish_draft, drawing.draft, drawing.latest)
    command = partial(
        publish_plan,
        actor=call.actor,
        plan_id=call.id(),
        revision=drawing.plan.revision,
        latest=drawing.plan.published,
        published=published,
    )
    return await once(call, command, present_version)


@routes.add(
    "GET",
    "/seating-plans/{id}/versions/{version_id}",
    operation="seating_plans.version",
    access=Right.PLANS_WRITE,
    answers={200: VersionAnswer()},
)
async def version(call: Call) -> web.Response:
    """Show a published version."""
    found = await call.db.read_primary(get_version, call.actor, plan_id=call.id(), version=_version(call))
    return respond(present_version(found))


@routes.add(
    "GET",
    "/seating-plans/{id}/versions/{version_id}/export",
    operation="seating_plans.export",
    access=Right.PLANS_WRITE,
    query=PlanForm(),
    answers={200: "application/json, text/csv"},
    raises=[Overloaded],
    dear=True,
)
async def export(call: Call) -> web.Response:
    """Return a published version as a file, in a form that can be imported."""
    found = await call.db.read_primary(get_version, call.actor, plan_id=call.id(), version=_version(call))
    packed = await call.db.read_primary(get_layout, plan_id=found.plan_id, version=found.version)
    form = Form(call.query["format"])
    raw = await worked(call, jobs.export_version, form, packed)
    return web.Response(body=raw, content_type=form.media_type)


def _version(call: Call) -> int:
    number = call.id("version_id")
    if number > 2**31 - 1:
        raise NotFound()
    return number


@routes.add(
    "GET",
    "/seating-layouts/{sha256}",
    operation="seating_plans.layout",
    access=Access.ANYONE,
    answers={200: "application/json"},
)
async def layout(call: Call) -> web.Response:
    """Return a published layout by its digest. It never changes, so keep it for a year."""
    sha256 = call.request.match_info["sha256"]
    if len(sha256) != 64 or not _SHA256.issuperset(sha256):
        raise NotFound()
    packed = await call.look_up(find_layout, sha256=sha256)
    headers = {"Cache-Control": FOR_A_YEAR, "Vary": "Accept-Encoding"}
    if not reads_gzip(call.request):
        return web.Response(body=gzip.decompress(packed), content_type="application/json", headers=headers)
    headers["Content-Encoding"] = "gzip"
    return web.Response(body=packed, content_type="application/json", headers=headers)
