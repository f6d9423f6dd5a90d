"""What people are told of an announcement."""

from collections.abc import Callable, Mapping, Sequence
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

    The mail goes to an address that is not confirmed only if ``to_unconfirmed``, and to one that a booking
    names only if ``to_contacts``. Who has a booking up to
    ``earlier_up_to`` is told what ``earlier`` returns instead. It is given the references of their bookings
    up to there, none if those are all that they have.
    """

    kind: str
    occasion: str
    statuses: tuple[BookingStatus, ...]
    payload: Mapping[str, Any]
    line: Line
    to_unconfirmed: bool = True
    to_contacts: bool = True
    earlier: "Callable[[Sequence[str]], HoldersTelling] | None" = None
    earlier_up_to: int = 0

    def of(self, references: Sequence[str], has_others: bool) -> "HoldersTelling":
        """Return what a holder is told who has bookings up to ``earlier_up_to``, or none, and others."""
        if self.earlier is None or not references:
            return self
        return self.earlier(references if has_others else ())
