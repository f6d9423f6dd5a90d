"""Covers as PNG, for the previews of chats and networks, which show no SVG: stripes in the cover's inks."""

import random
import struct
import zlib
from functools import lru_cache

WIDTH, HEIGHT = 1200, 630
_SIGNATURE = b"\x89PNG\r\n\x1a\n"


@lru_cache(200)
def stripes(inks: tuple[str, ...], seed: str) -> bytes:
    """Return a picture of slanted stripes in ``inks`` (``#rrggbb``)."""
    dice = random.Random(seed)  # noqa: S311 - it draws
    slant = dice.choice((-2, -1, 1, 2))
    row = bytearray()
    while len(row) < WIDTH + abs(slant) * HEIGHT:
        row += bytes([dice.randrange(len(inks))]) * dice.randrange(40, 160)
    offset = abs(slant) * HEIGHT
    lines = []
    for y in range(HEIGHT):
        start = y * slant if slant > 0 else offset + y * slant
        lines.append(b"\0" + bytes(row[start : start + WIDTH]))
    palette = b"".join(bytes.fromhex(ink[1:]) for ink in inks)
    header = struct.pack(">IIBBBBB", WIDTH, HEIGHT, 8, 3, 0, 0, 0)
    return (
        _SIGNATURE
        + _chunk(b"IHDR", header)
        + _chunk(b"PLTE", palette)
        + _chunk(b"IDAT", zlib.compress(b"".join(lines), 6))
        + _chunk(b"IEND", b"")
    )


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
