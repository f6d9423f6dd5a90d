"""Seats in words, in the reader's language."""

from collections.abc import Iterable, Mapping
from typing import Protocol

from bms.i18n.languages import Language, marked
from bms.seating.terms import Kind

KINDS: Mapping[str, str] = {
    Kind.WHEELCHAIR: marked("wheelchair place"),
    Kind.COMPANION: marked("companion's seat"),
    Kind.SEMI_AMBULATORY: marked("easy to reach"),
    Kind.LIFT_UP_ARMREST: marked("armrest folds up"),
    Kind.HEARING_LOOP: marked("hearing loop"),
    Kind.SIGN_LANGUAGE: marked("view of the sign language"),
    Kind.PLUS_SIZE: marked("wider seat"),
    Kind.RESTRICTED_VIEW: marked("restricted view"),
}


class Labelled(Protocol):
    """A seat of a plan."""

    @property
    def section(self) -> str: ...
    @property
    def row(self) -> str: ...
    @property
    def number(self) -> str: ...


def seat_name(words: Language, section: str, row: str, number: str) -> str:
    """Return a seat as people say it: Stalls, row C, seat 12."""
    return words.gettext(
        "%(section)s, row %(row)s, seat %(number)s", section=section, row=row, number=number
    ).removeprefix(", ")


def seat_names(words: Language, seats: Iterable[Labelled]) -> str:
    """Return seats one after the other."""
    return "; ".join(seat_name(words, one.section, one.row, one.number) for one in seats)


def kind_names(words: Language, kinds: Iterable[str]) -> list[str]:
    """Return what a seat is besides a seat."""
    return [words.gettext(KINDS[kind]) for kind in kinds]
