"""What is made of a picture that somebody sends, to be run by ``Worker.run_within``.

Nothing of the file itself is kept: its pixels are drawn on a new canvas and encoded anew, so no place,
camera, script or archive in it comes with them.
"""

import hashlib
import io
import warnings
from typing import TYPE_CHECKING

from bms.pictures.header import read_header
from bms.pictures.terms import MAX_KEPT, MAX_PIXELS, MAX_SIDE, Made, PictureRefused, Refusal

if TYPE_CHECKING:  # Pillow is loaded where it works, and not in the process that serves.
    from PIL import Image as Images

# The longer side of each size in pixels, and its share of MAX_KEPT in percent.
SIZES = ((1600, 62), (960, 27), (480, 11))
_QUALITIES = (82, 74, 66, 58, 48, 38)
_SMALLER = 0.8  # if even the last quality takes too many bytes
_GROUND = "white"  # behind what is transparent


def make_picture(raw: bytes) -> list[Made]:
    """Return the sizes of a picture, the largest first, of the first frame if it moves.

    A small picture is not enlarged, so it may have fewer sizes. Raises PictureRefused.
    """
    header = check_header(raw)
    try:
        image = _decode(raw, header)
    except PictureRefused:
        raise
    except Exception:  # Whatever a decoder raises, the file is the reason.
        raise PictureRefused(Refusal.BROKEN) from None
    made: list[Made] = []
    for side, share in SIZES:
        image.thumbnail((side, side), reducing_gap=2.0)
        if not made or image.size != (made[-1].width, made[-1].height):
            made.append(_encode(image, MAX_KEPT * share // 100))
    return made


def check_header(raw: bytes) -> str:
    """Return the kind of a file by its first bytes. Raises PictureRefused; decodes nothing."""
    header = read_header(raw)
    if header is None:
        raise PictureRefused(Refusal.UNKNOWN)
    _check_size(header.width, header.height)
    return header.kind


def _check_size(width: int, height: int) -> None:
    if max(width, height) > MAX_SIDE or width * height > MAX_PIXELS:
        raise PictureRefused(Refusal.TOO_LARGE)


def _decode(raw: bytes, kind: str) -> "Images.Image":
    """Return the pixels alone, upright, in sRGB."""
    from PIL import Image, ImageOps

    Image.MAX_IMAGE_PIXELS = MAX_PIXELS
    with warnings.catch_warnings(), Image.open(io.BytesIO(raw), formats=(kind,)) as image:
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        warnings.simplefilter("ignore", UserWarning)  # of metadata that nobody keeps
        _check_size(*image.size)
        largest = SIZES[0][0]
        image.draft("RGB", (largest, largest))  # a JPEG is decoded no larger than needed
        image.load()
        upright = ImageOps.exif_transpose(image)
        return _plain(upright)


def _plain(image: "Images.Image") -> "Images.Image":
    """Return an image in sRGB without transparency and without anything beside its pixels."""
    from PIL import Image

    if image.mode.startswith("I") or image.mode == "F":  # 16 bits a channel, which Pillow would cut off
        image = image.point(lambda value: value / 256).convert("L")
    canvas = Image.new("RGB", image.size, _GROUND)
    if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
        shown = image.convert("RGBA")
        canvas.paste(shown, mask=shown.getchannel("A"))
    else:
        canvas.paste(_in_srgb(image).convert("RGB"))
    return canvas


def _in_srgb(image: "Images.Image") -> "Images.Image":
    """Return an image with the colours that its profile means. One that is of no use is ignored."""
    from PIL import ImageCms

    profile = image.info.get("icc_profile")
    if not profile or image.mode not in ("RGB", "CMYK", "L"):
        return image
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        target = ImageCms.createProfile("sRGB")
        found = ImageCms.profileToProfile(image, source, target, outputMode="RGB")
    except (ImageCms.PyCMSError, OSError, ValueError):
        return image
    return image if found is None else found


def _encode(image: "Images.Image", most: int) -> Made:
    """Return an image in both formats, as good as ``most`` bytes allow."""
    while True:
        for quality in _QUALITIES:
            webp, jpeg = _saved(image, "WEBP", quality), _saved(image, "JPEG", quality)
            if len(webp) + len(jpeg) <= most:
                return Made(hashlib.sha256(webp).hexdigest(), *image.size, webp, jpeg)
        image = image.resize((max(1, int(image.width * _SMALLER)), max(1, int(image.height * _SMALLER))))


def _saved(image: "Images.Image", kind: str, quality: int) -> bytes:
    written = io.BytesIO()
    if kind == "WEBP":
        image.save(written, kind, quality=quality, method=4)
    else:
        image.save(written, kind, quality=quality, optimize=True, progressive=True)
    return written.getvalue()
