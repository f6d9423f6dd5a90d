"""A language that nobody speaks: every text of the catalogue in circled letters, within brackets.

A letter that is not circled is then data, or a text that is in no catalogue.
"""

import gettext
import re
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from html.parser import HTMLParser
from io import BytesIO
from pathlib import Path
from string import ascii_lowercase, ascii_uppercase
from typing import Any

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from bms.i18n.languages import CATALOGUES, Language

_CIRCLED = dict(zip(ascii_uppercase, map(chr, range(ord("Ⓐ"), ord("Ⓐ") + 26)), strict=True)) | dict(
    zip(ascii_lowercase, map(chr, range(ord("ⓐ"), ord("ⓐ") + 26)), strict=True)
)
_PLACEHOLDER = re.compile(r"(%\(\w+\)s|%%)")
_READ_ALOUD = frozenset({"title", "alt", "aria-label", "placeholder", "summary"})
# A circled letter is a symbol to Unicode, and no word character.
_LETTER = re.compile(r"[^\W\d_]")
_LETTERS = re.compile(r"[^\W\d_]+")


def circled(text: str) -> str:
    """Return a text in circled letters and brackets, with its placeholders as they are."""
    parts = _PLACEHOLDER.split(text)
    return "⟦{}⟧".format("".join(p if n % 2 else _LETTER.sub(_circle, p) for n, p in enumerate(parts)))


def _circle(letter: re.Match[str]) -> str:
    return _CIRCLED.get(letter[0], "⊛")


@cache
def english() -> Catalog:
    """Return the English catalogue."""
    with Path(CATALOGUES / "en/LC_MESSAGES/bms.po").open("rb") as file:
        return read_po(file, locale="en")


def translated(translate: Callable[[str], str], language: str = "eo") -> gettext.GNUTranslations:
    """Return the texts of the English catalogue as ``translate`` gives them, None for a missing one."""
    made = Catalog(language)
    for message in english():
        if message.id:
            if isinstance(message.id, str):
                made.add(message.id, translate(message.id))
            else:  # one form for one thing, another for several
                made.add(message.id, tuple(translate(form) for form in message.id))
    return compiled(made)


def compiled(catalogue: Catalog) -> gettext.GNUTranslations:
    """Return the texts of a catalogue."""
    file = BytesIO()
    write_mo(file, catalogue)
    file.seek(0)
    return gettext.GNUTranslations(file)


class Pseudo(Language):
    """The pseudo-language. ``missing`` is a text that its catalogue lacks."""

    def __init__(self, missing: str | None = None) -> None:
        super().__init__("eo", translated(lambda text: "" if text == missing else circled(text)))

    def when(self, moment: str, timezone: str = "UTC") -> str:
        return circled(super().when(moment, timezone))

    def money(self, amount: Any, currency: str, *, code_first: bool = False) -> str:
        text = super().money(amount, currency, code_first=code_first)
        return text if text.startswith("⟦") else circled(text)


def data_of(value: Any) -> set[str]:
    """Return the texts in ``value`` that are data: at any depth, but for those of the catalogue."""
    if isinstance(value, str):
        return {part for part in (value, *value.splitlines()) if part and part not in english()}
    if isinstance(value, Mapping):
        value = value.values()
    return {text for item in value for text in data_of(item)} if isinstance(value, Iterable) else set()


def untranslated(text: str, data: Iterable[str]) -> list[str]:
    """Return the words of ``text`` that are neither translated nor part of ``data``."""
    for known in sorted(data, key=len, reverse=True):
        text = text.replace(known, " ")
    return _LETTERS.findall(text)


class _Shown(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.parts: list[str] = []

    def handle_data(self, data: str) -> None:
        self.parts.append(data)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.parts += [value for name, value in attrs if name in _READ_ALOUD and value]


def shown_in(html: str) -> str:
    """Return what a person sees or hears of an HTML page."""
    parser = _Shown()
    parser.feed(html)
    return "\n".join(parser.parts)
