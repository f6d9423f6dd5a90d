"""What people are told of an announcement."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from bms.announcements import Person
from bms.i18n.languages import Language
from bms.terms import BookingStatus

Line = Callable[[Language], str]


class Telling(NamedTuple):
    """What one person is told: a mail of ``kind``, and a notification unless ``line`` is None.

    ``locale`` is the language of the booking that it is about, None if that is its buyer's. The mail goes to
    an address that is not confirmed only if ``to_unconfirmed``.
    """

    person: Person
    kind: str
    dedupe_key: str
    payload: Mapping[str, Any]
    line: Line | None
    event_id: int | None = None
    booking_id: int | None = None
    locale: str | None = None
    to_unconfirmed: bool = False


@dataclass(frozen=True, slots=True)
class HoldersTelling:
    """What everybody with a booking of one of ``statuses`` is told; the payload is the same for all.

    The mail goes to an address that is not confirmed only if ``to_unconfirmed``.
    """

    kind: str
    occasion: str
    statuses: tuple[BookingStatus, ...]
    payload: Mapping[str, Any]
    line: Line
    to_unconfirmed: bool = True
