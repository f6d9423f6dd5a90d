"""How the background tasks fare, for people: of all processes of the host that did them."""

import datetime as dt
from typing import NamedTuple

from bms.metrics import families
from bms.metrics.shelf import Totals


class TaskFigures(NamedTuple):
    """A background task: when it last succeeded (UTC), and how many of its batches have failed."""

    name: str
    succeeded_at: dt.datetime | None
    errors: int


def list_tasks(totals: Totals) -> list[TaskFigures]:
    """Return the tasks that have ended a batch, by name."""
    succeeded = {labels[0]: numbers[0] for labels, numbers in totals.get(families.TASK_SUCCESS, {}).items()}
    errors = {labels[0]: numbers[0] for labels, numbers in totals.get(families.TASK_ERRORS, {}).items()}
    return [
        TaskFigures(
            name,
            dt.datetime.fromtimestamp(succeeded[name], dt.UTC) if name in succeeded else None,
            int(errors.get(name, 0)),
        )
        for name in sorted({*succeeded, *errors})
    ]
