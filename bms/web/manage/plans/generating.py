"""A plan of rows and seats for those who have no drawing, with a preview that follows the form."""

from typing import Any, NamedTuple

from aiohttp import web

from bms.errors import BMSError
from bms.i18n.languages import marked
from bms.schemas.seating import GeneratePlan, PlanFields, sections_of
from bms.seating import jobs
from bms.seating.faults import PlanRefused
from bms.seating.picture import Picture
from bms.web.kit.attempts import FIELD, new_attempt
from bms.web.kit.forms import Form
from bms.web.kit.office import Office
from bms.web.kit.redirects import see_other
from bms.web.kit.visit import Visit
from bms.web.manage.area import MANAGE
from bms.web.manage.plans import blocks
from bms.web.manage.plans.of_plan import PLANS, details_of, path_of_plan, refuse, store, told, venue_options

pages = Office(MANAGE)

PATH = f"{PLANS}/new"
_GENERATE, _FIELDS = GeneratePlan(), PlanFields()


class Made(NamedTuple):
    """What the form makes: a drawing, and its picture."""

    draft: jobs.Draft
    picture: Picture


@pages.get(PATH)
async def new(visit: Visit) -> web.Response:
    """Show the generator's form with one block, and its preview."""
    form = blocks.blocks_form(visit.words, {})
    return await _show(visit, form, await _generate(visit, form))


async def _again(visit: Visit, typed: dict[str, str]) -> web.Response:
    form = blocks.blocks_form(visit.words, typed)
    form.out_of_date()
    return await _show(visit, form, None)


@pages.post(PATH, again=_again)
async def create(visit: Visit, typed: dict[str, str]) -> web.Response:
    """Show the plan that the form makes; or store it."""
    form = blocks.blocks_form(visit.words, typed, more="more" in typed)
    if "save" not in typed:
        return await _show(visit, form, await _generate(visit, form))
    fields = form.load(_FIELDS, details_of(typed))
    made = await _generate(visit, form)
    if fields is None or made is None:
        return await _show(visit, form, made, status=422)
    try:
        plan_id = await store(visit, typed, fields, made.draft)
    except BMSError as error:
        refuse(form, error)
        return await _show(visit, form, made, status=error.status)
    return see_other(f"{path_of_plan(plan_id)}?done=made")


async def _generate(visit: Visit, form: Form) -> Made | None:
    """Return what the form makes, or None after noting why it makes nothing."""
    checked = Form(visit.words, {})
    loaded = checked.load(_GENERATE, blocks.body_of_blocks(form))
    if loaded is None:
        for name, faults in checked.faults.items():
            blocks.note(form, name, faults[0])
        return None
    name = form.typed.get("name", "").strip() or visit.gettext(marked("Plan"))
    try:
        made = Made(*await visit.charts.worker.run(jobs.preview_draft, sections_of(loaded), name))
    except PlanRefused as refused:
        for pointer, message in told(visit, refused):
            blocks.note(form, pointer.removeprefix("/").replace("/", "."), message)
        return None
    except BMSError as error:
        refuse(form, error)
        return None
    if made.draft.faults:  # of a name, for example
        form.refusal = told(visit, made.draft.faults)[0][1]
        return None
    return made


async def _show(visit: Visit, form: Form, made: Made | None, *, status: int = 200) -> web.Response:
    texts: dict[str, Any] = {
        "curves": [(value, visit.gettext(text)) for value, text in blocks.CURVES],
        "numberings": [(str(value), visit.gettext(text)) for value, text in blocks.NUMBERINGS],
    }
    count = blocks.count_blocks(form)
    return MANAGE.render(
        visit,
        "manage/plan_new",
        status=status,
        here=PATH,
        form=form,
        numbers=range(count),
        may_add=count < blocks.MOST_BLOCKS,
        picture=None if made is None else made.picture,
        venues=await venue_options(visit),
        attempt=form.typed.get(FIELD) or new_attempt(),
        **texts,
    )
