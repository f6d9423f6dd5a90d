"""Characters of text: one form for equal texts, and nothing invisible or reordering."""

import time
import unicodedata

import pytest
from marshmallow import ValidationError

from bms.characters import composed, is_visible, name_form, older_password_forms, password_form
from bms.schemas.base import Line, Text
from tests.kit.refusals import UNICODE_TEXTS

MARKS = "\u0316\u0301" * 10_000  # of two classes, by turns: what a sort likes least


@pytest.mark.parametrize("text", ["Café", "Ångström", "Dvořák", "한국어", "Ⅷ ﬁ", "é" * 100])
def test_equal_texts_are_equal(text: str) -> None:
    decomposed = unicodedata.normalize("NFD", text)
    assert composed(decomposed) == composed(text) == unicodedata.normalize("NFC", text)
    assert Line(max=200, min=1).deserialize(decomposed) == composed(text)


@pytest.mark.parametrize(
    "text",
    [
        "\u200b",
        "\u200b\u200b \u2060",
        "\ufeff",
        "\u00ad",
        "\u3164",
        "\u115f\u1160",
        "\u2800",
        "\u200e\u200f",
        "\u0301",
    ],
)
def test_what_nobody_sees_is_empty(text: str) -> None:
    assert not is_visible(text)
    with pytest.raises(ValidationError, match=r"May not be empty"):
        Line(max=200, min=1).deserialize(text)
    # A text that may be empty may be this.
    Text(max=200).deserialize(text)


@pytest.mark.parametrize("text", [*UNICODE_TEXTS, "a", "7", "#", "\U0001f3ad", "é\u200b"])
def test_what_somebody_sees(text: str) -> None:
    assert is_visible(text)
    assert Line(max=200, min=1).deserialize(text) == unicodedata.normalize("NFC", text)


@pytest.mark.parametrize("char", [*map(chr, range(0x202A, 0x202F)), *map(chr, range(0x2066, 0x206A))])
def test_nothing_reorders_the_text_around(char: str) -> None:
    for field in (Line(max=200), Text(max=200)):
        with pytest.raises(ValidationError, match=r"direction"):
            field.deserialize(f"Ticket {char}txet")


def test_languages_keep_their_marks() -> None:
    for text in ("a\u200e\u200f\u061c b", "ن\u200cم", "क\u200dष", "\U0001f469\u200d\U0001f680"):
        assert Line(max=200).deserialize(text) == text


def test_a_length_is_of_what_is_stored() -> None:
    # U+FB2C becomes three characters in form C.
    with pytest.raises(ValidationError, match=r"Longer than 5"):
        Line(max=5).deserialize("\ufb2c\ufb2c")
    assert Line(max=6).deserialize("\ufb2c\ufb2c") == "\u05e9\u05bc\u05c1" * 2
    assert Line(max=3).deserialize("e\u0301" + "x") == "éx"


def test_a_pile_of_marks_is_refused_before_it_is_sorted() -> None:
    began = time.thread_time()
    with pytest.raises(ValidationError, match=r"More than 30 marks"):
        Text(max=20_000).deserialize("a" + MARKS[:19_000])
    assert time.thread_time() - began < 0.05
    assert Line(max=200).deserialize("a" + "\u0316" * 30)


def test_a_password_is_what_was_meant() -> None:
    for typed in ("cafe\u0301 au lait", "café\u00a0au\u2003lait", "café au lait"):
        assert password_form(typed) == "café au lait"
    assert password_form("  blanks stay  ") == "  blanks stay  "
    assert password_form("Straße") != password_form("STRASSE")
    assert older_password_forms("ascii only") == ()
    assert set(older_password_forms("café")) == {"cafe\u0301"}
    assert set(older_password_forms("cafe\u0301")) == {"cafe\u0301"}
    assert "café\u00a0x" in older_password_forms("café\u00a0x")


@pytest.mark.parametrize(
    "text",
    ["Sta\u200blls", "STALLS", "Stal\u00adls", "\u2060Stalls", "Stalls\u3164", "\u200eStalls", " Stalls "],
)
def test_names_that_look_alike_are_equal(text: str) -> None:
    assert name_form(text) == name_form("Stalls")


@pytest.mark.parametrize(("one", "two"), [("Balcony  left", "Balcony left"), ("Café", "cafe\u0301")])
def test_blanks_and_marks_make_no_other_name(one: str, two: str) -> None:
    assert name_form(one) == name_form(two)


def test_letters_do() -> None:
    assert name_form("Stalls") != name_form("Stalks")
