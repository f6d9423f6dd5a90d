"""What a file says that it is, and how large: read from its first bytes, so that nothing large is decoded.

The formats are those of W3C's PNG, CompuServe's GIF 89a, Google's WebP container and ITU-T T.81 (JPEG).
"""

from typing import NamedTuple

_PNG = b"\x89PNG\r\n\x1a\n"
# The markers of frames; 0xC4, 0xC8 and 0xCC are something else.
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_ALONE = frozenset({0x01, *range(0xD0, 0xD8)})  # markers without a length


class Header(NamedTuple):
    """The kind of a file, as Pillow calls it, and its size in pixels."""

    kind: str
    width: int
    height: int


def read_header(raw: bytes) -> Header | None:
    """Return what the first bytes of a file say, None if they are those of none of the four kinds."""
    if raw.startswith(_PNG):
        return _sized("PNG", raw[16:20], raw[20:24]) if raw[12:16] == b"IHDR" else None
    if raw[:6] in (b"GIF87a", b"GIF89a"):
        return _sized("GIF", raw[7:5:-1], raw[9:7:-1])
    if raw[:4] == b"RIFF" and raw[8:12] == b"WEBP":
        return _webp(raw)
    if raw[:3] == b"\xff\xd8\xff":
        return _jpeg(raw)
    return None


def _sized(kind: str, width: bytes, height: bytes) -> Header | None:
    """Return the header with these sides, in bytes from the highest. None if a side is missing or 0."""
    sides = int.from_bytes(width, "big"), int.from_bytes(height, "big")
    return Header(kind, *sides) if all(sides) else None


def _webp(raw: bytes) -> Header | None:
    form = raw[12:16]
    if form == b"VP8X" and len(raw) >= 30:
        return Header(
            "WEBP", int.from_bytes(raw[24:27], "little") + 1, int.from_bytes(raw[27:30], "little") + 1
        )
    if form == b"VP8L" and raw[20:21] == b"\x2f" and len(raw) >= 25:
        bits = int.from_bytes(raw[21:25], "little")
        return Header("WEBP", (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1)
    if form == b"VP8 " and raw[23:26] == b"\x9d\x01\x2a":
        sides = (int.from_bytes(raw[at : at + 2], "little") & 0x3FFF for at in (26, 28))
        return _sized("WEBP", *(side.to_bytes(2, "big") for side in sides))
    return None


def _jpeg(raw: bytes) -> Header | None:
    """Return the size in the first frame, after segments that are passed over by their lengths."""
    at = 2
    while at + 4 <= len(raw) and raw[at] == 0xFF:
        marker = raw[at + 1]
        if marker == 0xFF:  # a byte that fills
            at += 1
        elif marker in _ALONE:
            at += 2
        elif marker in _FRAMES:
            return _sized("JPEG", raw[at + 7 : at + 9], raw[at + 5 : at + 7])
        else:
            at += 2 + max(2, int.from_bytes(raw[at + 2 : at + 4], "big"))
    return None
