"""What is made of a file: three sizes of two kinds within bounds, of the pixels alone."""

import contextlib
import io

import pytest
from PIL import Image

from bms.pictures.header import read_header
from bms.pictures.making import make_picture
from bms.pictures.terms import MAX_KEPT, Made, PictureRefused, Refusal
from tests.pictures import files


def opened(made: Made) -> tuple[Image.Image, Image.Image]:
    return Image.open(io.BytesIO(made.webp)), Image.open(io.BytesIO(made.jpeg))


def colour_at(made: Made, x: float, y: float) -> str:
    """Return which of red, green and blue is the strongest at a place, in parts of the sides."""
    image = opened(made)[1]
    pixel = image.getpixel((int(x * image.width), int(y * image.height)))
    return ("red", "green", "blue")[pixel.index(max(pixel))]


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF"])
def test_three_sizes_of_two_kinds(kind: str) -> None:
    made = make_picture(files.saved(files.photo(), kind))
    assert [(one.width, one.height) for one in made] == [(1600, 1067), (960, 640), (480, 320)]
    for one in made:
        assert [(image.format, image.size) for image in opened(one)] == [
            ("WEBP", (one.width, one.height)),
            ("JPEG", (one.width, one.height)),
        ]
    assert sum(len(one.webp) + len(one.jpeg) for one in made) <= MAX_KEPT


def test_what_cannot_be_compressed_becomes_smaller() -> None:
    made = make_picture(files.saved(files.noise(2000, 1500), "JPEG", quality=95))
    assert sum(len(one.webp) + len(one.jpeg) for one in made) <= MAX_KEPT
    assert len({one.sha256 for one in made}) == len(made)


def test_a_small_picture_is_not_enlarged() -> None:
    assert [(one.width, one.height) for one in make_picture(files.saved(files.photo(600, 400), "PNG"))] == [
        (600, 400),
        (480, 320),
    ]
    assert [(one.width, one.height) for one in make_picture(files.saved(files.photo(1, 1), "PNG"))] == [
        (1, 1)
    ]


@pytest.mark.parametrize(
    ("orientation", "size", "places"),
    [
        (1, (480, 320), {"red": (0.2, 0.5), "blue": (0.8, 0.5)}),
        (3, (480, 320), {"blue": (0.2, 0.5), "red": (0.8, 0.5)}),
        (6, (320, 480), {"red": (0.5, 0.2), "blue": (0.5, 0.8)}),
        (8, (320, 480), {"blue": (0.5, 0.2), "red": (0.5, 0.8)}),
    ],
)
def test_it_is_upright(
    orientation: int, size: tuple[int, int], places: dict[str, tuple[float, float]]
) -> None:
    smallest = make_picture(files.with_exif(orientation))[-1]
    assert (smallest.width, smallest.height) == size
    assert {colour: colour_at(smallest, *place) for colour, place in places.items()} == {
        "red": "red",
        "blue": "blue",
    }


def test_nothing_but_pixels_is_kept() -> None:
    sent = files.with_exif(6)
    assert files.PLACE in sent
    for one in make_picture(sent):
        for image, raw in zip(opened(one), (one.webp, one.jpeg), strict=True):
            assert files.PLACE not in raw
            assert not image.getexif()
            assert not set(image.info) & {"exif", "xmp", "comment", "icc_profile"}


@pytest.mark.parametrize(
    "sent",
    [
        files.saved(files.photo(900, 600), "JPEG") + files.HTML,
        files.saved(files.photo(900, 600), "PNG") + b"PK\x03\x04" + files.HTML,
        files.many_frames(2) + files.HTML,
        files.saved(files.photo(900, 600), "JPEG", comment=files.HTML),
    ],
    ids=["page after a JPEG", "archive after a PNG", "page after a GIF", "page in a comment"],
)
def test_a_file_that_is_two_things_comes_out_as_one(sent: bytes) -> None:
    assert files.HTML in sent
    for one in make_picture(sent):
        assert b"script" not in one.webp + one.jpeg


def test_the_first_frame_alone() -> None:
    made = make_picture(files.many_frames())
    assert colour_at(made[0], 0.5, 0.5) == "red"
    assert opened(made[0])[0].n_frames == 1


def test_what_is_transparent_is_on_white() -> None:
    made = make_picture(files.saved(Image.new("RGBA", (500, 300), (0, 0, 0, 0)), "PNG"))
    assert min(opened(made[0])[1].getpixel((10, 10))) > 250


@pytest.mark.parametrize("mode", ["L", "LA", "P", "CMYK", "I;16", "1", "YCbCr"])
def test_every_kind_of_pixel(mode: str) -> None:
    kind = "JPEG" if mode in ("CMYK", "YCbCr") else "PNG"
    assert make_picture(files.saved(Image.new(mode, (500, 300)), kind))[0].width == 500


def refusal_of(raw: bytes) -> Refusal:
    with pytest.raises(PictureRefused) as caught:
        make_picture(raw)
    return caught.value.why


@pytest.mark.parametrize(
    "raw",
    [
        files.png_of(20_000, 20_000),
        files.png_of(8_001, 10),
        files.png_of(4_001, 4_000),
        files.webp_of(16_383, 16_383),
        b"GIF89a\xff\xff\xff\xff\0\0\0",
        b"\xff\xd8\xff\xe0\x00\x04ab\xff\xc2\x00\x11\x08\xff\xff\xff\xff",
    ],
    ids=["20,000 px", "one side", "area", "WebP", "GIF", "JPEG"],
)
def test_a_bomb_is_refused_by_its_header(raw: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    def decode(*_: object) -> None:
        raise AssertionError("decoded")

    monkeypatch.setattr("bms.pictures.making._decode", decode)
    assert refusal_of(raw) is Refusal.TOO_LARGE


def test_a_gif_whose_frame_is_larger_than_it_says() -> None:
    """The header promises a pixel, the first frame has 65,000 times as many."""
    small = bytearray(files.saved(Image.new("P", (1, 1)), "GIF"))
    frame = small.index(b"\x2c")
    small[frame + 5 : frame + 9] = b"\xff\xff\xff\xff"
    assert read_header(bytes(small)) == ("GIF", 1, 1)
    assert refusal_of(bytes(small)) in (Refusal.TOO_LARGE, Refusal.BROKEN)


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        (b"", Refusal.UNKNOWN),
        (b"GIF89a", Refusal.UNKNOWN),
        (b"\xff\xd8\xff", Refusal.UNKNOWN),
        (files.SVG, Refusal.UNKNOWN),
        (files.HTML, Refusal.UNKNOWN),
        (files.saved(files.photo(90, 60), "TIFF"), Refusal.UNKNOWN),
        (files.saved(files.photo(90, 60), "BMP"), Refusal.UNKNOWN),
        (files.saved(files.photo(), "JPEG")[:20_000], Refusal.BROKEN),
        (files.saved(files.photo(90, 60), "PNG")[:-40], Refusal.BROKEN),
        (files.saved(files.photo(90, 60), "WEBP")[:-40], Refusal.BROKEN),
        (files.png_of(100, 100), Refusal.BROKEN),
        (b"\x89PNG\r\n\x1a\n" + files.HTML * 10, Refusal.UNKNOWN),
    ],
)
def test_what_is_no_picture(raw: bytes, why: Refusal) -> None:
    assert refusal_of(raw) is why


def test_a_bomb_behind_a_small_header_is_not_unpacked() -> None:
    """Ten megabytes of lines, of which thirty kilobytes fit."""
    assert make_picture(files.png_of(100, 100, b"\0" * 10_000_000))[0].width == 100


def test_each_cut_of_a_file_is_refused_or_made() -> None:
    """No cut ends in an error of another kind."""
    for kind in ("JPEG", "PNG", "WEBP", "GIF"):
        raw = files.saved(files.photo(60, 40), kind)
        for end in range(0, len(raw), max(1, len(raw) // 40)):
            with contextlib.suppress(PictureRefused):
                make_picture(raw[:end])
