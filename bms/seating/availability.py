"""What everybody may know of an event's seats at one moment, made once and sent to thousands."""

import base64
import gzip
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import orjson

from bms.formats import json_body

_GZIP_LEVEL = 6


class CategoryCount(NamedTuple):
    """A category of seats: how many are free, and how many of them together at the most."""

    name: str
    free: int
    largest_together: int


class Rendered(NamedTuple):
    """A reply: as JSON, as that compressed, and a digest of it."""

    identity: bytes
    compressed: bytes
    digest: str


@dataclass(slots=True)
class Snapshot:
    """The seats of an event at ``sequence``. ``states`` is of seats by their number, see ``pack``."""

    sequence: int
    seats: int
    states: bytes
    categories: tuple[CategoryCount, ...]
    _rendered: dict[bytes, Rendered] = field(default_factory=dict, repr=False)

    def render(self, plan_version: int, more: Mapping[str, Mapping[str, Any]]) -> Rendered:
        """Return the reply, composed and compressed once for the same ``plan_version`` and ``more``.

        ``more`` has further members of each category by its name, its ``price_from`` for example; categories
        without seats that are in it are added with those alone.
        """
        seated = [{**category._asdict(), **more.get(category.name, {})} for category in self.categories]
        names = {category.name for category in self.categories}
        others = [{"name": name, **members} for name, members in more.items() if name not in names]
        head = orjson.dumps({"plan_version": plan_version, "categories": seated + others})
        if head not in self._rendered:
            document = {
                "plan_version": plan_version,
                "sequence": self.sequence,
                "seats": self.seats,
                "states": base64.b64encode(self.states).decode(),
                "categories": seated + others,
            }
            identity = json_body(document)
            self._rendered.clear()
            compressed = gzip.compress(identity, _GZIP_LEVEL, mtime=0)
            # Once: a digest of 20 KB for each reader would cost a fifth of the reply.
            self._rendered[head] = Rendered(identity, compressed, hashlib.sha256(identity).hexdigest()[:16])
        return self._rendered[head]


def pack(states: bytes | bytearray) -> bytes:
    """Return ``states``, one of 0 to 3 a byte, with four of them a byte, the first in the lowest bits."""
    size = (len(states) + 3) // 4
    packed = 0
    for place in range(4):
        packed |= int.from_bytes(states[place::4], "little") << 2 * place
    return packed.to_bytes(size, "little")


def unpack(packed: bytes, seats: int) -> bytes:
    """Return what ``pack`` was given, for ``seats`` of them."""
    return bytes(packed[seat // 4] >> 2 * (seat % 4) & 3 for seat in range(seats))
