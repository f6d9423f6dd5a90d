"""The versions of a plan: what each holds, what differs from the one before, and files of them."""

import orjson
from aiohttp import web

from bms.errors import NotFound
from bms.i18n.languages import marked
from bms.queries.seating_plans import (
    get_drawing,
    get_layout,
    get_plan,
    get_version,
    list_pinned_events,
)
from bms.seating import jobs
from bms.seating.forms import Form as FileForm
from bms.web.kit.headers import NO_STORE
from bms.web.kit.office import Office
from bms.web.kit.visit import Visit
from bms.web.manage.area import MANAGE
from bms.web.manage.plans.of_plan import ONE, render_plan, split

pages = Office(MANAGE)

LISTED = 100
MAX_VERSION = 2**31 - 1
NAMES = {
    "added": marked("New seats"),
    "removed": marked("Seats that are gone"),
    "recategorised": marked("Seats in another category"),
    "relabelled": marked("Seats with another name"),
    "rekinded": marked("Seats of another kind"),
}


@pages.get(f"{ONE}/versions/{{number:[0-9]+}}")
async def show(visit: Visit) -> web.Response:
    """Show a version, and what differs from the one before it."""
    plan = await visit.db.read_primary(get_plan, visit.actor, plan_id=visit.id())
    version = await visit.db.read_primary(get_version, visit.actor, plan_id=plan.id, version=_number(visit))
    layout = await visit.db.read_primary(get_layout, plan_id=plan.id, version=version.version)
    differences = None
    if version.version > 1:
        before = await visit.db.read_primary(get_layout, plan_id=plan.id, version=version.version - 1)
        differences = await visit.charts.worker.run(jobs.differences_of, before, layout)
    events = await visit.db.read_primary(list_pinned_events, plan_id=plan.id, limit=LISTED)
    mine, others = split(visit, [one for one in events if one.version == version.version])
    return render_plan(
        visit,
        "manage/plan_version",
        plan,
        end=f"/versions/{version.version}",
        version=version,
        picture=await visit.charts.worker.run(jobs.picture_of_version, layout),
        categories=orjson.loads(version.categories),
        differences=differences,
        names={name: visit.gettext(text) for name, text in NAMES.items()},
        events=mine,
        others=others,
    )


@pages.get(f"{ONE}/versions/{{number:[0-9]+}}/export", known=("format",))
async def export(visit: Visit) -> web.Response:
    """Send a version as a file that can be imported."""
    version = await visit.db.read_primary(
        get_version, visit.actor, plan_id=visit.id(), version=_number(visit)
    )
    layout = await visit.db.read_primary(get_layout, plan_id=version.plan_id, version=version.version)
    known = visit.known.get("format", FileForm.BMS)
    form = FileForm(known) if known in list(FileForm) else FileForm.BMS
    raw = await visit.charts.worker.run(jobs.export_version, form, layout)
    end = "csv" if form is FileForm.CSV else "json"
    return _file(raw, form.media_type, f"plan-{version.plan_id}-v{version.version}-{form}.{end}")


@pages.get(f"{ONE}/draft")
async def export_draft(visit: Visit) -> web.Response:
    """Send the draft as a file, faults and all."""
    drawing = await visit.db.read_primary(get_drawing, visit.actor, plan_id=visit.id(), to_change=True)
    return _file(drawing.draft, FileForm.BMS.media_type, f"plan-{drawing.plan.id}-draft.json")


def _number(visit: Visit) -> int:
    number = visit.id("number")
    if number > MAX_VERSION:
        raise NotFound("There is no such version")
    return number


def _file(raw: bytes, kind: str, name: str) -> web.Response:
    return web.Response(
        body=raw,
        content_type=kind,
        headers={"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": NO_STORE},
    )
