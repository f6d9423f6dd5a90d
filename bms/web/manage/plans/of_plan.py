"""What the pages of seating plans share."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from aiohttp import web

from bms.commands.events.seating_plans import NewPlan, create_plan
from bms.errors import BMSError, Forbidden
from bms.i18n.languages import marked
from bms.queries.seating_plans import PinnedEventRow, PlanRow, get_plan
from bms.queries.venues import VenueRow, list_venues
from bms.seating.drafts import Located
from bms.seating.faults import Fault, PlanRefused
from bms.seating.jobs import Draft
from bms.terms import Right
from bms.web.kit.attempts import run_attempt
from bms.web.kit.forms import Form
from bms.web.kit.visit import Visit
from bms.web.manage.area import MANAGE
from bms.web.manage.plans.fault_words import explain_fault

PLANS = "/manage/plans"
ONE = f"{PLANS}/{{id:[0-9]+}}"
FAULTS_SHOWN = 40
VENUES = 200  # to choose from
DETAILS = {
    "name": marked("Name of the plan"),
    "venue": marked("Venue"),
    "shared": marked("Other organisers may use it"),
}


def path_of_plan(plan_id: int, end: str = "") -> str:
    """Return the path of a page of a plan."""
    return f"{PLANS}/{plan_id}{end}"


def owns(visit: Visit, plan: PlanRow) -> bool:
    """Return whether the visitor may change ``plan``."""
    return plan.owner_id == visit.caller.user_id or visit.caller.may(Right.VENUES_ANY)


async def own_plan(visit: Visit) -> PlanRow:
    """Return the plan of this page. Raises as ``get_plan``, Forbidden for one that is another's."""
    return await visit.db.read_primary(get_plan, visit.actor, plan_id=visit.id(), to_change=True)


async def venue_options(visit: Visit) -> list[tuple[str, str]]:
    """Return the venues that a plan may be of: the id of each, and its name with the city."""
    found: list[VenueRow] = await visit.db.read_primary(
        list_venues, city=None, q=None, after_name=None, after_id=None, limit=VENUES
    )
    return [(str(one.id), f"{one.name}, {one.city}" if one.city else one.name) for one in found]


def details_of(typed: dict[str, str]) -> dict[str, Any]:
    """Return what a plan has besides its layout, as the API has it."""
    venue = typed.get("venue", "").strip()
    return {
        "name": typed.get("name", ""),
        "venue": int(venue) if venue.isascii() and venue.isdigit() and len(venue) < 19 else None,
        "shared": "shared" in typed,
    }


async def store(visit: Visit, typed: Mapping[str, str], fields: dict[str, Any], draft: Draft) -> int:
    """Store a new plan of ``fields``, once an attempt, and return its id. Raises as ``run_attempt``."""
    new = NewPlan(
        fields["name"], fields["venue"], fields["shared"], draft.layout, draft.seats, len(draft.faults)
    )
    command = partial(create_plan, actor=visit.actor, new=new)
    plan_id: int = await run_attempt(visit, typed, command, lambda plan: plan.id)
    return plan_id


def refuse(form: Form, error: BMSError) -> None:
    """Note why something was refused. Raises what is no matter of the form again."""
    if error.status == 404 or isinstance(error, Forbidden):
        raise error
    form.refuse(error)


def revision_in(typed: dict[str, str]) -> frozenset[int]:
    """Return the revision of the draft that a form was made of; none where it does not say."""
    revision = typed.get("revision", "")
    return frozenset(
        {int(revision)} if revision.isascii() and revision.isdigit() and len(revision) < 10 else ()
    )


def split(visit: Visit, events: Sequence[PinnedEventRow]) -> tuple[list[PinnedEventRow], int]:
    """Return the events that the visitor may see at the desk, and how many others there are."""
    sees_all = visit.caller.may(Right.EVENTS_ANY)
    mine = [one for one in events if sees_all or one.organizer_id == visit.caller.user_id]
    return mine, len(events) - len(mine)


def told(visit: Visit, faults: Sequence[Fault] | PlanRefused) -> list[tuple[str, str]]:
    """Return faults as people read them: the pointer and what is wrong there."""
    found = faults.faults if isinstance(faults, PlanRefused) else faults
    return [(fault.pointer, explain_fault(visit.words, fault.message)) for fault in found]


def told_with_places(visit: Visit, faults: Sequence[Located]) -> list[dict[str, Any]]:
    """Return faults as people read them, with the seats that they are at."""
    return [
        {
            "pointer": one.fault.pointer,
            "message": explain_fault(visit.words, one.fault.message),
            "at": one.at,
        }
        for one in faults
    ]


def render_plan(visit: Visit, template: str, plan: PlanRow, *, end: str = "", **values: Any) -> web.Response:
    """Return a page of a plan."""
    return MANAGE.render(
        visit,
        template,
        here=path_of_plan(plan.id, end),
        base=path_of_plan(plan.id),
        plan=plan,
        is_own=owns(visit, plan),
        **values,
    )
