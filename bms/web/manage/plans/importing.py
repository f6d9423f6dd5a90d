"""A plan from a file: a new one, or another drawing of one that is there."""

import hashlib
from typing import Any, NamedTuple

from aiohttp import web

from bms.commands.events.seating_plans import NewPlan, replace_plan
from bms.errors import BMSError
from bms.i18n.languages import marked
from bms.queries.seating_plans import PlanRow
from bms.schemas.seating import PlanFields
from bms.seating import jobs
from bms.seating.faults import PlanRefused
from bms.seating.forms import Form as FileForm
from bms.seating.terms import MAX_BYTES
from bms.web.kit.attempts import FIELD, new_attempt
from bms.web.kit.forms import MAX_TYPED, Form
from bms.web.kit.office import Office
from bms.web.kit.redirects import see_other
from bms.web.kit.visit import Visit
from bms.web.manage.area import MANAGE
from bms.web.manage.plans.of_plan import (
    DETAILS,
    FAULTS_SHOWN,
    ONE,
    PLANS,
    details_of,
    own_plan,
    path_of_plan,
    refuse,
    revision_in,
    store,
    told,
    venue_options,
)

pages = Office(MANAGE)

PATH, AGAIN = f"{PLANS}/import", f"{ONE}/import"
MOST = MAX_BYTES + 64 * 1024  # bytes of the form: a file and what else is in it
FORMS = (
    (FileForm.BMS, marked("A plan of this service (JSON)")),
    (FileForm.PRETIX, marked("A plan of pretix (JSON)")),
    (FileForm.CSV, marked("A table (CSV)")),
)
LABELS = {**DETAILS, "format": marked("What the file is"), "file": marked("File")}
_FIELDS = PlanFields()


class Broken(NamedTuple):
    """A fault of a file, with the line of the file that it is in."""

    pointer: str
    message: str
    line: int | None
    text: str


@pages.get(PATH)
async def show(visit: Visit) -> web.Response:
    """Show the form of a new plan from a file."""
    return await _show(visit, Form(visit.words, LABELS), None)


@pages.get(AGAIN)
async def show_again(visit: Visit) -> web.Response:
    """Show the form of another drawing of a plan."""
    return await _show(visit, Form(visit.words, LABELS), await own_plan(visit))


async def _again(visit: Visit, typed: dict[str, str]) -> web.Response:
    form = Form(visit.words, LABELS, typed)
    form.out_of_date()
    return await _show(visit, form, await own_plan(visit) if "id" in visit.request.match_info else None)


@pages.post(PATH, again=_again, most=MOST)
async def import_new(visit: Visit, typed: dict[str, str]) -> web.Response:
    """Store the plan that a file holds, with all its faults."""
    form = Form(visit.words, LABELS, typed)
    fields = form.load(_FIELDS, details_of(typed))
    draft = await _read(visit, form)
    if fields is None or not isinstance(draft, jobs.Draft):
        return await _show(
            visit, form, None, broken=[] if isinstance(draft, jobs.Draft) else draft, status=422
        )
    # What was sent is told from another attempt by the digest of the file.
    sent = {**typed, "file": hashlib.sha256(draft.layout).hexdigest()}
    try:
        plan_id = await store(visit, sent, fields, draft)
    except BMSError as error:
        refuse(form, error)
        return await _show(visit, form, None, status=error.status)
    return see_other(f"{path_of_plan(plan_id)}?done=imported")


@pages.post(AGAIN, again=_again, most=MOST)
async def import_again(visit: Visit, typed: dict[str, str]) -> web.Response:
    """Replace the drawing of a plan by what a file holds. Its versions stay."""
    plan = await own_plan(visit)
    form = Form(visit.words, LABELS, typed)
    draft = await _read(visit, form)
    if not isinstance(draft, jobs.Draft):
        return await _show(visit, form, plan, broken=draft, status=422)
    new = NewPlan(plan.name, plan.venue_id, bool(plan.shared), draft.layout, draft.seats, len(draft.faults))
    try:
        await visit.db.transact(
            replace_plan, visit.actor, plan_id=plan.id, new=new, revisions=revision_in(typed)
        )
    except BMSError as error:
        refuse(form, error)
        return await _show(visit, form, plan, status=error.status)
    return see_other(f"{path_of_plan(plan.id)}?done=imported")


async def _read(visit: Visit, form: Form) -> jobs.Draft | list[Broken]:
    """Return the drawing in the file, or what is wrong with the file. Notes faults of the form."""
    typed = form.typed
    raw = typed.get("file", "").encode(errors="surrogateescape") or typed.get("pasted", "").encode()
    if not raw.strip():
        form.add("file", visit.gettext(marked("Please choose a file, or paste what is in it.")))
        return []
    known = typed.get("format", "")
    kind = FileForm(known) if known in list(FileForm) else FileForm.BMS
    try:
        return await visit.charts.worker.run(jobs.import_draft, kind, raw)
    except PlanRefused as refused:
        form.add("file", visit.gettext(marked("The file cannot be read. Its faults are listed below.")))
        return _broken(visit, refused, raw if kind is FileForm.CSV else b"")
    except BMSError as error:
        refuse(form, error)
        return []


def _broken(visit: Visit, refused: PlanRefused, raw: bytes) -> list[Broken]:
    lines = raw.decode(errors="replace").splitlines()
    found = []
    for pointer, message in told(visit, refused):
        first = pointer.split("/")[1] if pointer else ""
        number = int(first) if first.isascii() and first.isdigit() else None
        text = lines[number - 1][:200] if number is not None and 0 < number <= len(lines) else ""
        found.append(Broken(pointer, message, number, text))
    return found


async def _show(
    visit: Visit, form: Form, plan: PlanRow | None, *, broken: list[Broken] | None = None, status: int = 200
) -> web.Response:
    values: dict[str, Any] = {} if plan is not None else {"venues": await venue_options(visit)}
    # What is short can be corrected on the page; no browser lets a page fill a file in again.
    sent = form.typed.pop("file", "")
    if sent and len(sent) <= MAX_TYPED:
        form.typed["pasted"] = sent.encode(errors="surrogateescape").decode(errors="replace")
    return MANAGE.render(
        visit,
        "manage/plan_import",
        status=status,
        here=PATH if plan is None else path_of_plan(plan.id, "/import"),
        form=form,
        plan=plan,
        formats=[(str(value), visit.gettext(text)) for value, text in FORMS],
        broken=(broken or [])[:FAULTS_SHOWN],
        more_broken=max(0, len(broken or ()) - FAULTS_SHOWN),
        attempt=form.typed.get(FIELD) or new_attempt(),
        **values,
    )
