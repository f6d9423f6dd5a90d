"""Pictures as they are kept and shown, and their bounds."""

import enum
from typing import NamedTuple

import orjson

MAX_BYTES = 8 * 2**20  # of the file that is sent
MAX_PIXELS = 16_000_000
MAX_SIDE = 8_000
MAX_KEPT = 400_000  # bytes of all that is made of one picture
MAX_TEXT = 300  # characters of its description
SECONDS = 10.0  # for the whole work on one


class Refusal(enum.StrEnum):
    """Why a file is not taken."""

    UNKNOWN = "unknown"  # none of the kinds that are taken
    TOO_LARGE = "too_large"  # too many pixels
    BROKEN = "broken"  # damaged, or not what it says it is


class PictureRefused(Exception):
    """A file that is not taken as a picture. Its argument is the Refusal."""

    @property
    def why(self) -> Refusal:
        """Why it is not taken."""
        return Refusal(self.args[0])


class Made(NamedTuple):
    """One size of a picture. ``sha256`` is that of the WebP, and names both files."""

    sha256: str
    width: int
    height: int
    webp: bytes
    jpeg: bytes


class Size(NamedTuple):
    """A size of a picture that is kept."""

    sha256: str
    width: int
    height: int


class Picture(NamedTuple):
    """A picture of an event: what it shows, for who cannot see it, and its sizes, the largest first."""

    text: str
    sizes: tuple[Size, ...]


def write_picture(picture: Picture) -> str:
    """Return a picture as the column of an event has it."""
    return orjson.dumps({"text": picture.text, "sizes": [size._asdict() for size in picture.sizes]}).decode()


def read_picture(written: str | None) -> Picture | None:
    """Return the picture that the column of an event has, None if it has none."""
    if written is None:
        return None
    found = orjson.loads(written)
    return Picture(found["text"], tuple(Size(**size) for size in found["sizes"]))
