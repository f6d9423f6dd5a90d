"""The area of the organiser's pages, and what they share."""

from bms.i18n.languages import marked
from bms.terms import Right
from bms.web.kit.office import Area, Section

MANAGE = Area(
    title=marked("Your events"),
    path="/manage",
    right=Right.EVENTS_WRITE,
    sections=(
        Section("/manage", marked("Events")),
        Section("/manage/venues", marked("Venues")),
        Section("/manage/plans", marked("Seating plans")),
    ),
)
