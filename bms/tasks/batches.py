"""What the tasks that work through a batch share."""

import contextlib
import logging
from collections.abc import Iterator
from typing import Any

from bms.errors import DatabaseUnavailable, Overloaded

log = logging.getLogger(__name__)


@contextlib.contextmanager
def passing_over(failure: str, *arguments: Any) -> Iterator[None]:
    """Log what fails in the block, as ``failure % arguments``, and go on, so that it keeps no other waiting.

    A database that is away or overloaded fails for all alike: that is passed on, and ends the batch.
    """
    try:
        yield
    except (DatabaseUnavailable, Overloaded):
        raise
    except Exception:
        log.exception(failure, *arguments)
