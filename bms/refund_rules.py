"""Refund rules: how much of a price is given back, by the hours left until the event starts."""

import datetime as dt
from collections.abc import Mapping
from typing import NamedTuple

NEVER = 99_999_999  # hours before the start: 11,000 years, more than are left until any event
FIELDS = ("full_until_hours", "percent", "none_from_hours")


class RefundRule(NamedTuple):
    """Until ``full`` hours before the start all is refunded, until ``none`` ``percent``, then nothing.

    With NEVER for ``full`` there is no time at which all is refunded.
    """

    full: int
    percent: int
    none: int

    def share(self, starts_at: dt.datetime, now: dt.datetime) -> int:
        """Return the percentage that is refunded at ``now``. Both times are naive UTC."""
        if now >= starts_at:
            return 0
        left = starts_at - now
        if left >= dt.timedelta(hours=self.full):
            return 100
        return self.percent if left >= dt.timedelta(hours=self.none) else 0

    def ends(self, starts_at: dt.datetime, now: dt.datetime) -> list[dt.datetime]:
        """Return the times after ``now`` at which the share may fall. All are naive UTC."""
        left = starts_at - now
        waits = [left - dt.timedelta(hours=hours) for hours in {self.full, self.none, 0}]
        return [now + wait for wait in waits if wait >= dt.timedelta(0)]

    def fault(self) -> tuple[str, str] | None:
        """Return what is wrong with the rule, as a field's name and a message, or None."""
        if self.none > self.full:
            return "none_from_hours", "Must not be more than full_until_hours."
        if self.percent and self.full == self.none:
            return "percent", (
                "This percentage would never apply: full_until_hours must be more than none_from_hours."
            )
        return None

    def fields(self) -> dict[str, int]:
        """Return the rule under the names that the API has for it."""
        return dict(zip(FIELDS, self, strict=True))


def complete_rule(given: Mapping[str, int]) -> RefundRule:
    """Return the rule that ``given``, some of FIELDS, describes.

    - Without any field, all is refunded until the start.
    - Without ``full_until_hours``, a given ``percent`` is all that is ever refunded: 0 means no refunds.
      Without a ``percent`` either, all is refunded until ``none_from_hours``.
    - Without ``percent``, it is 0. Without ``none_from_hours``, it is 0: the start.
    """
    none = given.get("none_from_hours", 0)
    full = given.get("full_until_hours", NEVER if "percent" in given else none)
    return RefundRule(full, given.get("percent", 0), none)
