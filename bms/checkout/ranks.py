"""Whose turn it is when a process has holds, payments and settlements to write."""

from enum import IntEnum


class Rank(IntEnum):
    """The order in which groups take turns (``bms.lanes.Turns``): who is nearest to a ticket comes first.

    So those who are served together come together to the next step as well, and few large groups go round
    where many small ones would.
    """

    SETTLE = 0
    CLAIM = 1
    HOLD = 2
