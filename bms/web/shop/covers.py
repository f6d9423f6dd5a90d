"""Covers: a drawing for each event that has no picture, which looks like a printed poster.

It follows from its address alone, which names a motif and a seed, so that it is kept for ever. The motif
goes with the event's category, and the seed chooses colours, sizes and places.
"""

import hashlib
import math
import random
import re
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

from aiohttp import web

from bms.errors import NotFound
from bms.web.kit.assets import FOR_EVER
from bms.web.shop.pictures import stripes

WIDTH, HEIGHT = 600, 400
_ADDRESS = re.compile(r"(?P<motif>[a-z]{3,10})-(?P<seed>[0-9a-f]{8})\.(?P<kind>svg|png)\Z")
_VERSION = hashlib.sha256(Path(__file__).read_bytes()).hexdigest()[:6]

# Ground, a large form, a second one, and a light: inks that were mixed for one another.
_INKS = (
    ("#1f2a44", "#c8553d", "#f28f3b", "#ffd5a6"),
    ("#3d0c11", "#d80032", "#f78ca2", "#f9dec9"),
    ("#0b3c49", "#731963", "#e2a3c7", "#fffdfd"),
    ("#12372a", "#436850", "#adbc9f", "#fbfada"),
    ("#2b193d", "#2c365e", "#4b8f8c", "#c5dfd6"),
    ("#5c1a1b", "#a0522d", "#e0a458", "#fff4e0"),
    ("#14213d", "#274c77", "#fca311", "#fdf0d5"),
    ("#233d4d", "#fe7f2d", "#fcca46", "#f5f1e3"),
    ("#0d3b2e", "#1f6f54", "#d4a24c", "#f6ead2"),
    ("#132a13", "#31572c", "#ecf39e", "#ffffff"),
    ("#2f2235", "#60495a", "#bfa89e", "#f4e8dc"),
    ("#003049", "#d62828", "#f77f00", "#fcefc0"),
)

Draw = Callable[[random.Random, tuple[str, str, str, str]], str]


def _arcs(dice: random.Random, ink: tuple[str, str, str, str]) -> str:
    """Rings that spread, as from a struck string."""
    x, y = dice.choice([(0, 400), (600, 400), (300, 430), (120, 200), (470, 210)])
    step = dice.randint(34, 46)
    rings = "".join(
        f'<circle cx="{x}" cy="{y}" r="{radius}" fill="none" stroke="{ink[1 + n % 3]}" '
        f'stroke-width="{step * (0.72 if n % 3 else 0.4):.0f}"/>'
        for n, radius in enumerate(range(step, 760, step))
    )
    return f'{rings}<circle cx="{x}" cy="{y}" r="{step * 0.55:.0f}" fill="{ink[3]}"/>'


def _curtain(dice: random.Random, ink: tuple[str, str, str, str]) -> str:
    """A curtain in folds that opens on a light."""
    gap = dice.randint(190, 410)
    folds = []
    for side, ends in ((-1, range(gap - 70, -80, -46)), (1, range(gap + 70, 690, 46))):
        for n, x in enumerate(ends):
            sway = side * dice.randint(10, 34)
            folds.append(
                f'<path d="M{x} 0C{x + sway} 150 {x - sway} 260 {x + side * 14} 400H{x + side * 66}'
                f'C{x + side * 46 - sway} 260 {x + side * 46 + sway} 150 {x + side * 46} 0Z" '
                f'fill="{ink[1 + n % 2]}"/>'
            )
    light = f'<path d="M{gap} -20L{gap - 150} 400H{gap + 150}Z" fill="{ink[3]}" opacity=".9"/>'
    return f'{light}<ellipse cx="{gap}" cy="388" rx="150" ry="26" fill="{ink[3]}"/>{"".join(folds)}'


def _beams(dice: random.Random, ink: tuple[str, str, str, str]) -> str:
    """The light of a projector on a screen."""
    y = dice.randint(90, 310)
    beams = "".join(
        f'<path d="M-10 {y}L610 {top}V{top + height}Z" fill="{ink[1 + n % 3]}" '
        f'opacity="{0.95 - n * 0.08:.2f}"/>'
        for n, (top, height) in enumerate(
            (dice.randint(-120, 380), dice.randint(40, 150)) for _ in range(dice.randint(6, 8))
        )
    )
    frames = "".join(
        f'<rect x="{x}" y="{edge}" width="22" height="14" rx="3" fill="{ink[3]}"/>'
        for edge in (12, 374)
        for x in range(14, 600, 44)
    )
    return f'{beams}<circle cx="0" cy="{y}" r="46" fill="{ink[3]}"/>{frames}'


def _lanes(dice: random.Random, ink: tuple[str, str, str, str]) -> str:
    """The bend of a running track."""
    x, y = dice.choice([(640, 420), (-40, 420), (640, -20)])
    lanes = "".join(
        f'<circle cx="{x}" cy="{y}" r="{radius}" fill="none" stroke="{ink[1] if n % 2 else ink[2]}" '
        f'stroke-width="54"/><circle cx="{x}" cy="{y}" r="{radius + 29}" fill="none" stroke="{ink[3]}" '
        'stroke-width="4"/>'
        for n, radius in enumerate(range(90, 720, 62))
    )
    runner = dice.randint(3, 6) * 62 + 90
    turn = math.radians(dice.randint(205, 245) if x > 300 else dice.randint(295, 335))
    turn = turn if y > 200 else -turn
    dot = f'<circle cx="{x + runner * math.cos(turn):.0f}" cy="{y + runner * math.sin(turn):.0f}" r="22" '
    return f'{lanes}{dot}fill="{ink[3]}"/>'


def _grid(dice: random.Random, ink: tuple[str, str, str, str]) -> str:
    """People in rows, some of whom speak."""
    size = 50
    heads = []
    for row in range(8):
        for column in range(12):
            x, y = column * size + 25, row * size + 25
            kind = dice.random()
            colour = ink[3] if kind > 0.9 else ink[2] if kind > 0.55 else ink[1]
            if dice.random() < 0.3:
                turn = dice.choice((0, 90, 180, 270))
                heads.append(
                    f'<path d="M-25 -25H25A50 50 0 0 1 -25 25Z" fill="{colour}" '
                    f'transform="translate({x} {y}) rotate({turn})"/>'
                )
            else:
                heads.append(f'<circle cx="{x}" cy="{y}" r="{dice.choice((9, 15, 21))}" fill="{colour}"/>')
    return "".join(heads)


def _blocks(dice: random.Random, ink: tuple[str, str, str, str]) -> str:
    """Things that are put together."""
    parts = []
    for column in range(6):
        height = dice.randint(1, 4) * 80
        x = column * 100
        parts.append(
            f'<rect x="{x}" y="{400 - height}" width="100" height="{height}" fill="{ink[1 + column % 2]}"/>'
        )
        shape = dice.randint(0, 2)
        top = 400 - height
        if shape == 0:
            parts.append(f'<path d="M{x} {top}A50 50 0 0 1 {x + 100} {top}Z" fill="{ink[3]}"/>')
        elif shape == 1:
            parts.append(f'<path d="M{x} {top}L{x + 50} {top - 70}L{x + 100} {top}Z" fill="{ink[2]}"/>')
        else:
            parts.append(f'<circle cx="{x + 50}" cy="{top - 50}" r="42" fill="{ink[3]}"/>')
    return "".join(parts)


def _waves(dice: random.Random, ink: tuple[str, str, str, str]) -> str:
    """Hills behind hills, and a sun."""
    x, y, radius = dice.randint(110, 490), dice.randint(90, 170), dice.randint(54, 84)
    sun = f'<circle cx="{x}" cy="{y}" r="{radius}" fill="{ink[3]}"/>'
    hills = []
    for n in range(5):
        base = 170 + n * 52
        first, second = dice.randint(-80, 80), dice.randint(-80, 80)
        hills.append(
            f'<path d="M0 {base}C150 {base + first} 300 {base - first} 420 {base}'
            f'S560 {base + second} 600 {base}V400H0Z" fill="{ink[1 + n % 2]}" '
            f'opacity="{0.55 + n * 0.11:.2f}"/>'
        )
    return sun + "".join(hills)


MOTIFS: dict[str, Draw] = {
    "arcs": _arcs,
    "curtain": _curtain,
    "beams": _beams,
    "lanes": _lanes,
    "grid": _grid,
    "blocks": _blocks,
    "waves": _waves,
}
_OF_CATEGORY = {
    "arcs": ("concert", "music", "opera", "jazz", "festival"),
    "curtain": ("theatre", "theater", "comedy", "dance", "ballet", "musical"),
    "beams": ("film", "cinema", "movie"),
    "lanes": ("sports", "sport", "race"),
    "grid": ("conference", "talk", "lecture", "meetup"),
    "blocks": ("workshop", "class", "course", "family"),
}
_MOTIF_OF = {slug: motif for motif, slugs in _OF_CATEGORY.items() for slug in slugs}


def cover_path(event_id: int, title: str, category: str | None) -> str:
    """Return the address of an event's cover."""
    motif = _MOTIF_OF.get((category or "").lower(), "waves")
    seed = hashlib.sha256(f"{event_id} {title}".encode()).hexdigest()[:8]
    return cover_of(motif, seed)


def cover_of(motif: str, seed: str) -> str:
    """Return the address of the cover with ``motif`` and ``seed``, eight hexadecimal digits."""
    return f"/covers/{_VERSION}/{motif}-{seed}.svg"


@lru_cache(500)
def draw(motif: str, seed: str) -> bytes:
    """Return the cover with ``motif`` and ``seed``."""
    ink = _inks(seed)
    body = MOTIFS[motif](random.Random(f"{motif} {seed}"), ink)  # noqa: S311 - it draws
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" '
        f'height="{HEIGHT}"><rect width="{WIDTH}" height="{HEIGHT}" fill="{ink[0]}"/>{body}</svg>'
    ).encode()


def _inks(seed: str) -> tuple[str, str, str, str]:
    return _INKS[int(seed, 16) % len(_INKS)]


async def serve_cover(request: web.Request) -> web.Response:
    """Send a cover. Raises NotFound."""
    match = _ADDRESS.match(request.match_info["name"])
    if match is None or match["motif"] not in MOTIFS:
        raise NotFound("There is no such cover")
    is_png = match["kind"] == "png"
    return web.Response(
        body=stripes(_inks(match["seed"]), match["seed"]) if is_png else draw(match["motif"], match["seed"]),
        content_type="image/png" if is_png else "image/svg+xml",
        headers={"Cache-Control": FOR_EVER, "Content-Security-Policy": "default-src 'none'"},
    )
