"""The form of what is said of a problem."""

from typing import NamedTuple


class Words(NamedTuple):
    """When a problem comes, and what to do about it."""

    when: str
    remedy: str
