"""Files that somebody may send for a picture, good ones and bad ones."""

import io
import random
import struct
import zlib
from typing import Any

from PIL import Image

PLACE = b"GPS of a home"
HTML = b"<html><script>alert(1)</script></html>"


def photo(width: int = 2400, height: int = 1600) -> Image.Image:
    """Return an image like a photograph: slopes of colour, with some grain."""
    dice = random.Random(7)
    small = Image.new("RGB", (24, 16))
    small.putdata([tuple(dice.randrange(256) for _ in range(3)) for _ in range(24 * 16)])
    return small.resize((width, height), Image.Resampling.BICUBIC)


def noise(width: int, height: int) -> Image.Image:
    """Return an image that nothing can compress."""
    return Image.frombytes("RGB", (width, height), random.Random(7).randbytes(width * height * 3))


def saved(image: Image.Image, kind: str, **options: Any) -> bytes:
    """Return an image as a file."""
    written = io.BytesIO()
    image.save(written, kind, **options)
    return written.getvalue()


def with_exif(orientation: int) -> bytes:
    """Return a JPEG whose left half is red and right half blue, with an orientation and a place."""
    image = Image.new("RGB", (600, 400), "blue")
    image.paste("red", (0, 0, 300, 400))
    exif = Image.Exif()
    exif[0x0112] = orientation
    exif[0x010E] = PLACE.decode()
    exif.get_ifd(0x8825)[0x001B] = PLACE
    return saved(image, "JPEG", exif=exif, comment=PLACE)


def png_of(width: int, height: int, lines: bytes = b"") -> bytes:
    """Return a PNG with a header of this size, whatever is in it."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(lines, 9))
        + chunk(b"IEND", b"")
    )


def webp_of(width: int, height: int) -> bytes:
    """Return the first bytes of a WebP with an extended header of this size."""
    sides = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    return b"RIFF" + struct.pack("<I", 22) + b"WEBPVP8X" + struct.pack("<I", 10) + b"\x10\0\0\0" + sides


def many_frames(count: int = 500) -> bytes:
    """Return a GIF that moves: a red frame, and blue ones after it."""
    first = Image.new("P", (300, 200), 0)
    first.putpalette([255, 0, 0, 0, 0, 255])
    others = [Image.new("P", (300, 200), 1) for _ in range(count - 1)]
    for other in others:
        other.putpalette([255, 0, 0, 0, 0, 255])
    return saved(first, "GIF", save_all=True, append_images=others, duration=10)


SVG = b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
