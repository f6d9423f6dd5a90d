"""What an event is shown by: its picture in several sizes, or the cover that is drawn for it."""

from collections.abc import Sequence
from typing import NamedTuple

from bms.pictures.terms import Size, read_picture
from bms.queries.events import EventRow
from bms.web.shop import covers
from bms.web.shop.media import media_path
from bms.web.shop.pictures import HEIGHT, WIDTH


class Cover(NamedTuple):
    """A picture for pages, and one for previews elsewhere, which show no SVG.

    ``webp`` and ``jpeg`` are the sizes as ``srcset`` has them, empty for a drawing. ``text`` says what is to
    be seen, empty if it says nothing that the title does not.
    """

    path: str
    width: int
    height: int
    text: str
    webp: str
    jpeg: str
    shared: str
    shared_width: int
    shared_height: int

    @property
    def searched(self) -> str:
        """The address of what search engines show."""
        return self.shared if self.webp else self.path


def cover_of(event: EventRow) -> Cover:
    """Return what an event is shown by."""
    picture = read_picture(event.picture)
    if picture is None:
        path = covers.cover_path(event.id, event.title, event.category)
        shared = path.replace(".svg", ".png")
        return Cover(path, covers.WIDTH, covers.HEIGHT, "", "", "", shared, WIDTH, HEIGHT)
    sizes = picture.sizes
    largest, middle = sizes[0], sizes[len(sizes) // 2]
    return Cover(
        media_path(middle, "jpg"),
        middle.width,
        middle.height,
        picture.text,
        _sources(sizes, "webp"),
        _sources(sizes, "jpg"),
        media_path(largest, "jpg"),
        largest.width,
        largest.height,
    )


def _sources(sizes: Sequence[Size], kind: str) -> str:
    return ", ".join(f"{media_path(size, kind)} {size.width}w" for size in sizes)
