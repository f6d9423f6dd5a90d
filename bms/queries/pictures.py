"""The files of events' pictures, and how many pictures an organiser has."""

from collections.abc import Mapping
from typing import NamedTuple

from bms.errors import NotFound
from bms.sql.session import Transaction
from bms.sql.statements import Statement


class FileRow(NamedTuple):
    """What is in a file of a picture."""

    content: bytes


class PictureCount(NamedTuple):
    """How many other events of an organiser have a picture."""

    pictures: int


# Several events may have the same picture, and so the same files.
FIND_WEBP = Statement(
    "event_pictures.find_webp",
    "@sha256 NVARCHAR(64)",
    "SELECT TOP (1) webp AS content FROM event_pictures WHERE sha256 = @sha256 ORDER BY event_id",
    FileRow,
)

FIND_JPEG = Statement(
    "event_pictures.find_jpeg",
    "@sha256 NVARCHAR(64)",
    "SELECT TOP (1) jpeg AS content FROM event_pictures WHERE sha256 = @sha256 ORDER BY event_id",
    FileRow,
)

COUNT_OTHERS = Statement(
    "events.count_with_picture",
    "@organizer_id BIGINT, @id BIGINT",
    """
    SELECT COUNT(*) AS pictures
    FROM   events
    WHERE  organizer_id = @organizer_id AND id <> @id AND picture IS NOT NULL
    """,
    PictureCount,
)

FILES: Mapping[str, Statement[FileRow]] = {"webp": FIND_WEBP, "jpg": FIND_JPEG}


def find_file(tx: Transaction, *, sha256: str, kind: str) -> bytes:
    """Return a file of a picture; ``kind`` is one of FILES. Raises NotFound."""
    row = tx.row(FILES[kind], sha256=sha256)
    if row is None:
        raise NotFound("There is no such picture")
    return row.content
