"""Drawing and publishing seating plans. A plan is its owner's; a version never changes."""

from typing import NamedTuple

import orjson

from bms.commands import audit
from bms.errors import Conflict, PreconditionFailed, ValidationFailed
from bms.queries.seating_plans import PlanRow, VersionRow, get_plan, get_version
from bms.queries.venues import GET as GET_VENUE
from bms.seating.jobs import Published
from bms.sql.session import Transaction
from bms.sql.statements import Statement
from bms.terms import Actor


class NewPlan(NamedTuple):
    """A plan as it was sent: its layout as JSON, with how many seats and faults it has."""

    name: str
    venue_id: int | None
    shared: bool
    layout: bytes
    seats: int
    faults: int


INSERT = Statement(
    "seating_plans.insert",
    "@owner_id BIGINT, @venue_id BIGINT, @name NVARCHAR(200), @layout VARBINARY(MAX), @seats INT, "
    "@faults INT, @shared BIT",
    """
    INSERT INTO seating_plans (owner_id, venue_id, name, layout, seats, faults, shared)
    OUTPUT inserted.id, inserted.owner_id, inserted.venue_id, inserted.name, inserted.seats, inserted.faults,
           inserted.published, inserted.shared, inserted.revision, inserted.created_at, inserted.updated_at
    VALUES (@owner_id, @venue_id, @name, @layout, @seats, @faults, @shared)
    """,
    PlanRow,
)

REPLACE = Statement(
    "seating_plans.replace",
    "@id BIGINT, @revision INT, @venue_id BIGINT, @name NVARCHAR(200), @layout VARBINARY(MAX), @seats INT, "
    "@faults INT, @shared BIT",
    """
    UPDATE seating_plans WITH (ROWLOCK)
    SET    venue_id = @venue_id, name = @name, layout = @layout, seats = @seats, faults = @faults,
           shared = @shared, revision = revision + 1, updated_at = SYSUTCDATETIME()
    WHERE  id = @id AND revision = @revision
    """,
)

PUBLISH = Statement(
    "seating_plans.publish",
    "@id BIGINT, @revision INT, @version INT",
    """
    UPDATE seating_plans WITH (ROWLOCK)
    SET    published = @version, updated_at = SYSUTCDATETIME()
    WHERE  id = @id AND revision = @revision AND COALESCE(published, 0) = @version - 1
    """,
)

INSERT_VERSION = Statement(
    "seating_plan_versions.insert",
    "@plan_id BIGINT, @version INT, @layout VARBINARY(MAX), @sha256 NVARCHAR(64), @seats INT, "
    "@categories NVARCHAR(MAX)",
    """
    INSERT INTO seating_plan_versions (plan_id, version, layout, sha256, seats, categories)
    VALUES (@plan_id, @version, @layout, @sha256, @seats, @categories)
    """,
)


def create_plan(tx: Transaction, actor: Actor, *, new: NewPlan) -> PlanRow:
    """Store a plan, which is the actor's, faults or not. Raises ValidationFailed for an unknown venue."""
    _check_venue(tx, new.venue_id)
    plan = tx.only(INSERT, owner_id=actor.user_id, **new._asdict())
    audit.record(tx, actor, "create", "seating_plan", plan.id)
    return plan


def replace_plan(
    tx: Transaction, actor: Actor, *, plan_id: int, new: NewPlan, revisions: frozenset[int] | None
) -> PlanRow:
    """Replace a plan. Its versions stay. ``revisions`` are those that the caller has seen, None: any.

    Raises as ``get_plan`` and ``create_plan``, and PreconditionFailed.
    """
    plan = get_plan(tx, actor, plan_id=plan_id, to_change=True)
    if revisions is not None and plan.revision not in revisions:
        raise PreconditionFailed()
    _check_venue(tx, new.venue_id)
    if tx.execute(REPLACE, id=plan_id, revision=plan.revision, **new._asdict()) != 1:
        raise PreconditionFailed()
    audit.record(tx, actor, "change", "seating_plan", plan_id)
    return get_plan(tx, actor, plan_id=plan_id)


def publish_plan(
    tx: Transaction, actor: Actor, *, plan_id: int, revision: int, latest: int | None, published: Published
) -> VersionRow:
    """Store the version that was made of the draft ``revision`` and the version ``latest``.

    Raises as ``get_plan``, and Conflict if somebody has changed or published the plan meanwhile.
    """
    get_plan(tx, actor, plan_id=plan_id, to_change=True)
    version = (latest or 0) + 1
    if tx.execute(PUBLISH, id=plan_id, revision=revision, version=version) != 1:
        raise Conflict("Somebody else changed the plan at the same time")
    tx.execute(
        INSERT_VERSION,
        plan_id=plan_id,
        version=version,
        layout=published.layout,
        sha256=published.sha256,
        seats=published.seats,
        categories=orjson.dumps(published.categories).decode(),
    )
    audit.record(tx, actor, "publish", "seating_plan", plan_id, details=f"version {version}")
    return get_version(tx, actor, plan_id=plan_id, version=version)


def _check_venue(tx: Transaction, venue_id: int | None) -> None:
    if venue_id is not None and tx.row(GET_VENUE, id=venue_id) is None:
        raise ValidationFailed.of("venue", "There is no such venue.")
