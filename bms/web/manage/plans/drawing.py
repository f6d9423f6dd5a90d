"""Drawing a plan: changes of its draft, made on the map or by a form, sent as what is to be done."""

from typing import Any

import orjson
from aiohttp import hdrs, web

from bms.commands.events.seating_plans import NewPlan, replace_plan
from bms.errors import BMSError, NotFound, Overloaded, PreconditionFailed
from bms.i18n.languages import marked
from bms.queries.seating_plans import Drawing, get_drawing
from bms.schemas.seating_edits import EditPlan, edits_of
from bms.seating import jobs
from bms.seating.drafts import UNKNOWN, CategoryOfDraft
from bms.seating.edits import Do
from bms.seating.faults import PlanRefused
from bms.seating.terms import Kind
from bms.web.kit.forms import Form
from bms.web.kit.office import Office
from bms.web.kit.redirects import see_other
from bms.web.kit.visit import Visit
from bms.web.manage.area import MANAGE
from bms.web.manage.event_fields import number_in
from bms.web.manage.plans.of_plan import (
    FAULTS_SHOWN,
    ONE,
    path_of_plan,
    refuse,
    render_plan,
    revision_in,
    told,
    told_with_places,
)
from bms.web.shop.plans import DRAFT_SHEETS, NAME, sheet_reply
from bms.web.shop.seat_words import KINDS

pages = Office(MANAGE)

PATH = f"{ONE}/draw"
MOST = 1024 * 1024  # bytes of changes
KEPT = (
    "private, max-age=600"  # of a sheet: a revision never changes, but the next release may draw it otherwise
)
LABELS = {
    "where.section": marked("Section"),
    "where.first_row": marked("From row"),
    "where.last_row": marked("to row"),
    "where.first_seat": marked("From seat"),
    "where.last_seat": marked("to seat"),
    "do": marked("What to do"),
    "category": marked("Category"),
    "kind": marked("Kind of seat"),
    "first": marked("First number"),
    "step": marked("Counting"),
    "row": marked("Name of the row"),
    "name": marked("Name of the category"),
    "color": marked("Colour"),
    "x": marked("From the left"),
    "y": marked("From the top"),
}
# What may be done to seats, in the order in which it is offered.
CHANGES = (
    (Do.CATEGORY, marked("Give them a category")),
    (Do.KIND, marked("Make them a kind of seat")),
    (Do.PLAIN, marked("Make them ordinary seats")),
    (Do.AISLE, marked("Put an aisle after them")),
    (Do.NO_AISLE, marked("Take the aisle after them away")),
    (Do.REMOVE, marked("Remove them")),
    (Do.NUMBER, marked("Number them")),
    (Do.ROW, marked("Name their row")),
)
STEPS = (
    ("1", marked("up: 1 2 3")),
    ("-1", marked("down: 3 2 1")),
    ("2", marked("up by two: 1 3 5")),
    ("-2", marked("down by two: 5 3 1")),
)
GREY = "#888888"  # of a category while its colour is not known
SAVED = marked("Saved.")
_EDITS = EditPlan()
_WHERE = ("section", "first_row", "last_row", "first_seat", "last_seat")


@pages.get(PATH, known=("at", "done", "from"))
async def show(visit: Visit) -> web.Response:
    """Show the map of a draft, the tools, and the faults. ``at`` is the seat to show, by its number."""
    drawing = await _own(visit)
    return await _show(visit, drawing, Form(visit.words, LABELS))


async def _again(visit: Visit, typed: dict[str, str]) -> web.Response:
    drawing = await _own(visit)
    form = Form(visit.words, LABELS, typed)
    form.out_of_date()
    return await _refused(visit, drawing, form, csrf=visit.token())


@pages.post(PATH, again=_again, most=MOST)
async def save(visit: Visit, typed: dict[str, str]) -> web.Response:
    """Change the draft, if it still is the one that the page was made of."""
    drawing = await _own(visit)
    plan = drawing.plan
    form = Form(visit.words, LABELS, typed)
    checked = Form(visit.words, {})
    loaded = checked.load(_EDITS, {"edits": _edits(form)})
    if loaded is None:
        _note(form, checked)
        return await _refused(visit, drawing, form, status=422)
    try:
        if plan.revision not in revision_in(typed):
            raise PreconditionFailed()
        draft = await visit.charts.worker.run(jobs.edit_draft, drawing.draft, edits_of(loaded))
        new = NewPlan(
            plan.name, plan.venue_id, bool(plan.shared), draft.layout, draft.seats, len(draft.faults)
        )
        await visit.db.transact(
            replace_plan, visit.actor, plan_id=plan.id, new=new, revisions=frozenset({plan.revision})
        )
    except PlanRefused as refused:
        form.refusal = told(visit, refused)[0][1]
        return await _refused(visit, drawing, form, status=422)
    except BMSError as error:
        refuse(form, error)
        drawing = await _own(visit)
        is_old = isinstance(error, PreconditionFailed)
        return await _refused(visit, drawing, form, status=error.status, again=is_old)
    there = f"{path_of_plan(plan.id, '/draw')}?done=1"
    return _json({"location": there}) if _is_script(visit) else see_other(there)


@pages.get(f"{ONE}/sheets/{{revision:[0-9]+}}/{{name}}")
async def sheet(visit: Visit) -> web.Response:
    """Send what the map draws a revision of the draft from."""
    name = NAME.match(visit.request.match_info["name"])
    revision = visit.id("revision")
    found = None
    if name is not None:
        sheets = visit.request.app[DRAFT_SHEETS]
        found = await sheets.find_of_draft(visit.actor, visit.id(), revision, name[1])
    if found is None:
        raise NotFound("There is no such sheet")
    return sheet_reply(visit.request, found, KEPT)


async def _own(visit: Visit) -> Drawing:
    return await visit.db.read_primary(get_drawing, visit.actor, plan_id=visit.id(), to_change=True)


def _edits(form: Form) -> Any:
    """Return the changes that the script sends, or the one that the form describes."""
    typed = form.typed
    if "edits" in typed:
        try:
            return orjson.loads(typed["edits"])
        except orjson.JSONDecodeError:
            return None
    do = typed.get("do", "")
    edit: dict[str, Any] = {"do": do}
    if do == Do.NEW_CATEGORY:
        edit |= {"name": typed.get("name", ""), "color": typed.get("color", "")}
    elif do == Do.FOCUS:
        edit |= {axis: typed.get(axis, "").strip().replace(",", ".") for axis in ("x", "y")}
    elif do != Do.REPAIR:
        edit["where"] = {name: typed.get(f"where.{name}", "") for name in _WHERE}
        if do in (Do.CATEGORY, Do.ROW):
            edit["name"] = typed.get("category" if do == Do.CATEGORY else "row", "")
        elif do == Do.KIND:
            edit["kind"] = typed.get("kind", "")
        elif do == Do.NUMBER:
            step = typed.get("step", "1")
            edit |= {
                "first": number_in(typed.get("first", "")),
                "step": int(step) if step in dict(STEPS) else 1,
            }
    return [edit]


def _note(form: Form, checked: Form) -> None:
    """Note the faults of the form's one change at its fields."""
    for name, faults in checked.faults.items():
        field = name.removeprefix("edits.0.")
        if field == "name" and form.typed.get("do") in (Do.CATEGORY, Do.ROW):
            field = str(form.typed["do"])
        form.add(field, faults[0])


def _is_script(visit: Visit) -> bool:
    return visit.request.headers.get(hdrs.ACCEPT, "").startswith("application/json")


def _json(body: dict[str, Any], status: int = 200) -> web.Response:
    return web.Response(status=status, body=orjson.dumps(body), content_type="application/json")


async def _refused(
    visit: Visit,
    drawing: Drawing,
    form: Form,
    *,
    status: int = 403,
    csrf: str | None = None,
    again: bool = False,
) -> web.Response:
    """Say why nothing was saved; ``again``: to a script, that the draft is another by now."""
    if not _is_script(visit):
        return await _show(visit, drawing, form, status=status)
    said = " ".join([*([form.refusal] if form.refusal else []), *(one[0] for one in form.faults.values())])
    return _json({"message": said, "again": again, **({} if csrf is None else {"csrf": csrf})}, status)


async def _survey(visit: Visit, drawing: Drawing, form: Form, at: int | None) -> jobs.Survey:
    """Return what the page shows of the draft. While all processes are busy, that is what was typed."""
    try:
        return await visit.charts.worker.run(
            jobs.survey, drawing.draft, at, is_faulty=drawing.plan.faults > 0
        )
    except Overloaded:
        if not form.is_faulty:
            raise
        section, category = (form.typed.get(name, "") for name in ("where.section", "category"))
        return jobs.Survey([section], [CategoryOfDraft(category, GREY, 0)] if category else [], [], None)


async def _show(visit: Visit, drawing: Drawing, form: Form, *, status: int = 200) -> web.Response:
    plan = drawing.plan
    at = number_in(visit.known.get("at", ""))
    start = number_in(visit.known.get("from", "")) or 0
    survey = await _survey(visit, drawing, form, at if isinstance(at, int) else None)
    first = start if isinstance(start, int) and start < len(survey.faults) else 0
    if survey.row is not None and not form.typed:
        form.typed |= {"where.section": survey.row.section}
        form.typed |= {"where.first_row": survey.row.row, "where.last_row": survey.row.row}
    return render_plan(
        visit,
        "manage/plan_draw",
        plan,
        end="/draw",
        status=status,
        form=form,
        sheets=f"{path_of_plan(plan.id)}/sheets/{plan.revision}/",
        sections=[(name, name or visit.gettext(marked("without a name"))) for name in survey.sections],
        categories=survey.categories,
        names=[(one.name, one.name) for one in survey.categories if one.name != UNKNOWN],
        changes=[(str(value), visit.gettext(text)) for value, text in CHANGES],
        steps=[(value, visit.gettext(text)) for value, text in STEPS],
        kinds=[(str(kind), visit.gettext(KINDS[kind])) for kind in Kind],
        kinds_by_name={str(kind): visit.gettext(KINDS[kind]) for kind in Kind},
        faults=told_with_places(visit, survey.faults[first : first + FAULTS_SHOWN]),
        faults_in_all=len(survey.faults),
        first_fault=first,
        next_faults=first + FAULTS_SHOWN if first + FAULTS_SHOWN < len(survey.faults) else None,
        row=survey.row,
        at=at if isinstance(at, int) else None,
        done=visit.gettext(SAVED) if "done" in visit.known and not form.is_faulty else None,
    )
