"""What a change of an event would mean to its buyers, before it is made."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from bms.commands.events import promises
from bms.commands.events.change import weigh_change
from bms.commands.messages import to_holders
from bms.queries.stakes import Stakes, get_stakes
from bms.sql.session import Transaction
from bms.terms import Actor


class Consequence(NamedTuple):
    """Whether holders are told of a change, what is at stake for all of them, and for those who may then give
    back their tickets for all of the money.
    """

    is_told: bool
    stakes: Stakes
    refundable: Stakes


def foresee_change(
    tx: Transaction,
    actor: Actor,
    *,
    event_id: int,
    changes: Mapping[str, Any],
    replace: bool,
    versions: frozenset[int] | None,
) -> Consequence:
    """Return what ``change_event`` with the same arguments would mean. Raises as it does; changes nothing."""
    weighed = weigh_change(tx, actor, event_id=event_id, changes=changes, replace=replace, versions=versions)
    return Consequence(
        to_holders.is_told(weighed.event, weighed.wanted),
        get_stakes(tx, event_id=event_id),
        get_stakes(tx, event_id=event_id, up_to=promises.moved_up_to(tx, weighed.event, weighed.wanted)),
    )
