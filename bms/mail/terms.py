"""A refund rule in plain words."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from bms import zones
from bms.i18n.languages import Language

_NEVER = datetime(1, 1, 3, tzinfo=UTC)  # in every time zone a day of the calendar


def refund_terms(terms: Mapping[str, Any], event: Mapping[str, Any], language: Language) -> str:
    """Return what a buyer who cancels from now on gets back, and until when, in the event's time zone.

    ``terms`` holds ``full_until_hours``, ``percent`` and ``none_from_hours``; ``event`` has ``starts_at`` in
    RFC 3339 and may have a ``timezone``.
    """
    start, now = datetime.fromisoformat(event["starts_at"]), datetime.now(UTC)
    full_until = _hours_before(start, terms["full_until_hours"])
    part_until = _hours_before(start, terms["none_from_hours"])
    percent = terms["percent"]
    if percent == 100:
        full_until = part_until
    has_part = 0 < percent < 100 and part_until > max(full_until, now)
    zone = event.get("timezone", zones.UTC)
    full, part = (language.when(time.astimezone(UTC).isoformat(), zone) for time in (full_until, part_until))
    if full_until > now and has_part:
        return language.gettext(
            "If you cancel before %(full)s, you get everything back. If you cancel before %(part)s, you get "
            "%(percent)s%% back, and after that nothing.",
            full=full,
            part=part,
            percent=percent,
        )
    if full_until > now:
        return language.gettext(
            "If you cancel before %(full)s, you get everything back, and after that nothing.", full=full
        )
    if has_part:
        return language.gettext(
            "If you cancel before %(part)s, you get %(percent)s%% back, and after that nothing.",
            part=part,
            percent=percent,
        )
    return language.gettext("If you cancel, nothing is refunded.")


def _hours_before(start: datetime, hours: int) -> datetime:
    try:
        return start - timedelta(hours=hours)
    except OverflowError:  # a rule of so many hours means never
        return _NEVER
