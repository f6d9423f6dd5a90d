"""One plan: what it looks like, what is wrong with it, its versions, and which events have it."""

from functools import partial

from aiohttp import web

from bms.commands.events.seating_plans import NewPlan, publish_plan, replace_plan
from bms.errors import BMSError, Overloaded
from bms.i18n.languages import marked
from bms.queries.seating_plans import Drawing, get_drawing, list_pinned_events, list_versions
from bms.schemas.seating import PlanFields
from bms.seating import jobs
from bms.seating.faults import PlanRefused
from bms.web.kit.attempts import new_attempt, run_attempt
from bms.web.kit.forms import Form
from bms.web.kit.office import Office
from bms.web.kit.redirects import see_other
from bms.web.kit.visit import Visit
from bms.web.manage.area import MANAGE
from bms.web.manage.plans.of_plan import (
    DETAILS,
    FAULTS_SHOWN,
    ONE,
    details_of,
    path_of_plan,
    refuse,
    render_plan,
    revision_in,
    split,
    told_with_places,
    venue_options,
)

pages = Office(MANAGE)

LISTED = 100  # versions and events
DONE = {
    "made": marked("The plan is stored as a draft. Draw on, or publish it."),
    "imported": marked("The file is stored as a draft."),
    "changed": marked("Saved."),
    "published": marked("Published. Events can have this version from now on."),
}
_FIELDS = PlanFields()


@pages.get(ONE, known=("done",))
async def show(visit: Visit) -> web.Response:
    """Show a plan."""
    drawing = await visit.db.read_primary(get_drawing, visit.actor, plan_id=visit.id())
    return await _show(visit, drawing, _details(visit, drawing))


async def _again(visit: Visit, typed: dict[str, str]) -> web.Response:
    form = Form(visit.words, DETAILS, typed)
    form.out_of_date()
    return await _show(visit, await _own(visit), form)


@pages.post(ONE, again=_again)
async def change(visit: Visit, typed: dict[str, str]) -> web.Response:
    """Change the name, the venue, and who may use the plan."""
    drawing = await _own(visit)
    form = Form(visit.words, DETAILS, typed)
    fields = form.load(_FIELDS, details_of(typed))
    if fields is None:
        return await _show(visit, drawing, form, status=422)
    plan = drawing.plan
    new = NewPlan(fields["name"], fields["venue"], fields["shared"], drawing.draft, plan.seats, plan.faults)
    try:
        await visit.db.transact(
            replace_plan, visit.actor, plan_id=plan.id, new=new, revisions=revision_in(typed)
        )
    except BMSError as error:
        refuse(form, error)
        return await _show(visit, drawing, form, status=error.status)
    return see_other(f"{path_of_plan(plan.id)}?done=changed")


@pages.post(f"{ONE}/publish")
async def publish(visit: Visit, typed: dict[str, str]) -> web.Response:
    """Publish the draft as the next version, which never changes."""
    drawing = await _own(visit)
    form = _details(visit, drawing)
    plan = drawing.plan
    try:
        published = await visit.charts.worker.run(jobs.publish_draft, drawing.draft, drawing.latest)
        command = partial(
            publish_plan,
            actor=visit.actor,
            plan_id=plan.id,
            revision=plan.revision,
            latest=plan.published,
            published=published,
        )
        await run_attempt(visit, typed, command, lambda version: version.version)
    except PlanRefused:
        form.refusal = visit.gettext(
            marked("The plan has faults, so it cannot be published yet. They are listed below.")
        )
        return await _show(visit, drawing, form, status=422)
    except BMSError as error:
        refuse(form, error)
        return await _show(visit, drawing, form, status=error.status)
    return see_other(f"{path_of_plan(plan.id)}?done=published")


async def _own(visit: Visit) -> Drawing:
    return await visit.db.read_primary(get_drawing, visit.actor, plan_id=visit.id(), to_change=True)


def _details(visit: Visit, drawing: Drawing) -> Form:
    plan = drawing.plan
    typed = {"name": plan.name, "venue": str(plan.venue_id or "")}
    return Form(visit.words, DETAILS, {**typed, **({"shared": "on"} if plan.shared else {})})


async def _portrait(visit: Visit, drawing: Drawing, form: Form) -> jobs.Portrait | None:
    """Return what the page shows of the draft. A form that was refused is shown without it if need be."""
    try:
        return await visit.charts.worker.run(jobs.portray, drawing.draft, is_faulty=drawing.plan.faults > 0)
    except Overloaded:
        if not form.is_faulty:
            raise
        return None


async def _show(visit: Visit, drawing: Drawing, form: Form, *, status: int = 200) -> web.Response:
    plan = drawing.plan
    portrait = await _portrait(visit, drawing, form)
    events = await visit.db.read_primary(list_pinned_events, plan_id=plan.id, limit=LISTED)
    mine, others = split(visit, events)
    done = DONE.get(visit.known.get("done", ""))
    return render_plan(
        visit,
        "manage/plan",
        plan,
        status=status,
        form=form,
        picture=None if portrait is None else portrait.picture,
        categories=[] if portrait is None else portrait.survey.categories,
        faults=[] if portrait is None else told_with_places(visit, portrait.survey.faults[:FAULTS_SHOWN]),
        faults_in_all=plan.faults if portrait is None else len(portrait.survey.faults),
        versions=await visit.db.read_primary(list_versions, plan_id=plan.id, limit=LISTED),
        events=mine,
        others=others,
        venues=await venue_options(visit),
        attempt=new_attempt(),
        done=None if done is None else visit.gettext(done),
    )
