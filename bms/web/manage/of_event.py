"""What the pages of one event share: its heading, and the way from one to the next."""

from collections.abc import Mapping
from typing import Any, NamedTuple, Protocol

from aiohttp import web

from bms.i18n.languages import Language, marked
from bms.queries.seats import SeatRow
from bms.web.kit.visit import Visit
from bms.web.manage.area import MANAGE
from bms.web.shop.presenting import event_path
from bms.web.shop.seat_words import seat_name


class Tab(NamedTuple):
    """A page of an event: the end of its path, and its name."""

    end: str
    title: str


TABS = (
    Tab("", marked("Overview")),
    Tab("/bookings", marked("Bookings")),
    Tab("/message", marked("Write to the holders")),
    Tab("/reviews", marked("Reviews")),
    Tab("/seating", marked("Seats")),
    Tab("/change", marked("Change")),
)


class Titled(Protocol):
    """A row with what the heading shows."""

    @property
    def id(self) -> int: ...
    @property
    def title(self) -> str: ...


def path_of(event_id: int, end: str = "") -> str:
    """Return the path of a page of an event; ``end`` is that of its tab, or deeper."""
    return f"/manage/events/{event_id}{end}"


def names_of_seats(words: Language, seats: Mapping[int, SeatRow]) -> dict[int, str]:
    """Return seats as people say them, by their number."""
    return {
        no: seat_name(words, seat.section, seat.row_label, seat.seat_number) for no, seat in seats.items()
    }


def render_event(visit: Visit, template: str, event: Titled, end: str, **values: Any) -> web.Response:
    """Return a page of an event, under its heading. ``end`` is that of its tab."""
    values.setdefault("here", path_of(event.id, end))
    return MANAGE.render(
        visit,
        template,
        event=event,
        base=path_of(event.id),
        public=event_path(event.id, event.title),
        tabs=TABS,
        end=end,
        **values,
    )
