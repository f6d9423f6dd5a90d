"""Seating plans and their published versions."""

import datetime as dt
from typing import NamedTuple

from bms.errors import Forbidden, NotFound
from bms.sql.session import Transaction
from bms.sql.statements import Statement
from bms.terms import Actor, Right


class PlanRow(NamedTuple):
    """A plan without its layout. ``published`` is its last version; ``faults`` are those of the draft."""

    id: int
    owner_id: int
    venue_id: int | None
    name: str
    seats: int
    faults: int
    published: int | None
    shared: int
    revision: int
    created_at: dt.datetime
    updated_at: dt.datetime


class LayoutRow(NamedTuple):
    """A layout: of a draft as JSON, of a version as that compressed by gzip."""

    layout: bytes


class VersionRow(NamedTuple):
    """A published version. ``categories`` is JSON: how many seats each has."""

    plan_id: int
    version: int
    sha256: str
    seats: int
    categories: str
    created_at: dt.datetime


class PinnedEventRow(NamedTuple):
    """An event that has a version of a plan."""

    event_id: int
    version: int
    title: str
    starts_at: dt.datetime
    timezone: str
    status: str
    organizer_id: int


GET = Statement(
    "seating_plans.get",
    "@id BIGINT",
    """
    SELECT id, owner_id, venue_id, name, seats, faults, published, shared, revision, created_at, updated_at
    FROM   seating_plans
    WHERE  id = @id
    """,
    PlanRow,
)

LIST = Statement(
    "seating_plans.list",
    "@viewer_id BIGINT, @before BIGINT, @limit INT",
    """
    SELECT TOP (@limit) id, owner_id, venue_id, name, seats, faults, published, shared, revision, created_at,
           updated_at
    FROM   seating_plans
    WHERE  (@viewer_id IS NULL OR owner_id = @viewer_id OR shared = 1) AND (@before IS NULL OR id < @before)
    ORDER BY id DESC
    """,
    PlanRow,
)

GET_DRAFT = Statement(
    "seating_plans.get_draft", "@id BIGINT", "SELECT layout FROM seating_plans WHERE id = @id", LayoutRow
)

GET_LAYOUT = Statement(
    "seating_plan_versions.get_layout",
    "@plan_id BIGINT, @version INT",
    "SELECT layout FROM seating_plan_versions WHERE plan_id = @plan_id AND version = @version",
    LayoutRow,
)

FIND_LAYOUT = Statement(
    "seating_plan_versions.find_layout",
    "@sha256 NVARCHAR(64)",
    """
    SELECT TOP (1) layout
    FROM   seating_plan_versions
    WHERE  sha256 = @sha256
    ORDER BY plan_id, version
    """,
    LayoutRow,
)

GET_VERSION = Statement(
    "seating_plan_versions.get",
    "@plan_id BIGINT, @version INT",
    """
    SELECT plan_id, version, sha256, seats, categories, created_at
    FROM   seating_plan_versions
    WHERE  plan_id = @plan_id AND version = @version
    """,
    VersionRow,
)

LIST_VERSIONS = Statement(
    "seating_plan_versions.list",
    "@plan_id BIGINT, @limit INT",
    """
    SELECT TOP (@limit) plan_id, version, sha256, seats, categories, created_at
    FROM   seating_plan_versions
    WHERE  plan_id = @plan_id
    ORDER BY version DESC
    """,
    VersionRow,
)

LIST_EVENTS = Statement(
    "event_seating.list_of_plan",
    "@plan_id BIGINT, @limit INT",
    """
    SELECT TOP (@limit) s.event_id, s.version, e.title, e.starts_at, e.timezone, e.status, e.organizer_id
    FROM   event_seating AS s
    INNER JOIN events AS e ON e.id = s.event_id
    WHERE  s.plan_id = @plan_id
    ORDER BY s.event_id DESC
    """,
    PinnedEventRow,
)


def get_plan(tx: Transaction, actor: Actor, *, plan_id: int, to_change: bool = False) -> PlanRow:
    """Return a plan that is the actor's or shared; ``to_change``: one that the actor may change.

    Raises NotFound, and Forbidden for another's plan that is shared.
    """
    plan = tx.row(GET, id=plan_id)
    owned = plan is not None and (plan.owner_id == actor.user_id or actor.may(Right.VENUES_ANY))
    if plan is None or not (owned or plan.shared):
        raise NotFound("There is no such seating plan")
    if to_change and not owned:
        raise Forbidden("Only the plan's owner or an admin may do this")
    return plan


def list_plans(tx: Transaction, actor: Actor, *, before: int | None, limit: int) -> list[PlanRow]:
    """Return at most ``limit`` of the actor's plans and of those that are shared, newest first."""
    viewer_id = None if actor.may(Right.VENUES_ANY) else actor.user_id
    return tx.rows(LIST, viewer_id=viewer_id, before=before, limit=limit)


class Drawing(NamedTuple):
    """A plan with its draft, and the layout of its last version as gzip."""

    plan: PlanRow
    draft: bytes
    latest: bytes | None


def get_drawing(tx: Transaction, actor: Actor, *, plan_id: int, to_change: bool = False) -> Drawing:
    """Return a plan with its draft. Raises as ``get_plan``."""
    plan = get_plan(tx, actor, plan_id=plan_id, to_change=to_change)
    latest = None
    if plan.published is not None and to_change:
        latest = bytes(tx.only(GET_LAYOUT, plan_id=plan_id, version=plan.published).layout)
    return Drawing(plan, bytes(tx.only(GET_DRAFT, id=plan_id).layout), latest)


def get_version(tx: Transaction, actor: Actor, *, plan_id: int, version: int | None) -> VersionRow:
    """Return a version of a plan, None: the last. Raises NotFound."""
    plan = get_plan(tx, actor, plan_id=plan_id)
    number = plan.published if version is None else version
    found = None if number is None else tx.row(GET_VERSION, plan_id=plan_id, version=number)
    if found is None:
        raise NotFound("The plan has no such version")
    return found


def list_versions(tx: Transaction, *, plan_id: int, limit: int) -> list[VersionRow]:
    """Return at most ``limit`` versions of a plan, the last first."""
    return tx.rows(LIST_VERSIONS, plan_id=plan_id, limit=limit)


def list_pinned_events(tx: Transaction, *, plan_id: int, limit: int) -> list[PinnedEventRow]:
    """Return at most ``limit`` events, anybody's, that have a version of a plan, the newest first."""
    return tx.rows(LIST_EVENTS, plan_id=plan_id, limit=limit)


def get_version_of(tx: Transaction, *, plan_id: int, version: int) -> VersionRow:
    """Return a version of anybody's plan, which an event has. Raises NotFound."""
    found = tx.row(GET_VERSION, plan_id=plan_id, version=version)
    if found is None:
        raise NotFound("There is no such version")
    return found


def get_layout(tx: Transaction, *, plan_id: int, version: int) -> bytes:
    """Return the layout of a version as gzip. Raises NotFound."""
    found = tx.row(GET_LAYOUT, plan_id=plan_id, version=version)
    if found is None:
        raise NotFound("There is no such version")
    return bytes(found.layout)


def find_layout(tx: Transaction, *, sha256: str) -> bytes:
    """Return the layout with this digest as gzip. Raises NotFound."""
    found = tx.row(FIND_LAYOUT, sha256=sha256)
    if found is None:
        raise NotFound("There is no such layout")
    return bytes(found.layout)
