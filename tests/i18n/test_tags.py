"""Language tags: what is one, how it is stored, and which one a header prefers."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bms.i18n.tags import MAX_TAG, PATTERN, canonical, preferred


@pytest.mark.parametrize(
    ("sent", "stored"),
    [
        ("de", "de"),
        ("DE-at", "de-AT"),
        ("pt-br", "pt-BR"),
        ("ZH-hant-tw", "zh-Hant-TW"),
        ("es-419", "es-419"),
        ("zh-cmn-hans-cn", "zh-cmn-Hans-CN"),
        ("SL-ROZAJ-BISKE", "sl-rozaj-biske"),
        ("de-ch-1996", "de-CH-1996"),
        ("en-a-BB-cccc", "en-a-bb-cccc"),
        ("en-us-X-TWAIN-ab", "en-US-x-twain-ab"),
        ("de-de-u-co-phonebk", "de-DE-u-co-phonebk"),
        ("i" * 3, "iii"),
    ],
)
def test_a_tag_is_stored_in_its_usual_case(sent: str, stored: str) -> None:
    assert canonical(sent) == stored
    assert canonical(stored) == stored


@pytest.mark.parametrize(
    "text",
    [
        *("", "*", "d", "german", "Deutsch", "de_AT", "de-", "-de", "de--AT", "de-AT\n", " de", "i-klingon"),
        *(
            "x-own",
            "de-x",
            "de-a",
            "dé",
            "\N{SMALL ROMAN NUMERAL FIVE HUNDRED}e",
            "d\x00",
            "de-1",
            "de AT",
            "en-" + "-".join(["abcde"] * 6),
        ),
    ],
)
def test_what_is_none_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="no language tag"):
        canonical(text)


@given(st.from_regex(re.compile(PATTERN), fullmatch=True))
def test_a_canonical_tag_stays_as_it_is(tag: str) -> None:
    if len(tag) <= MAX_TAG:
        assert canonical(canonical(tag)) == canonical(tag)
        assert canonical(tag).lower() == tag.lower()


@pytest.mark.parametrize(
    ("header", "tag"),
    [
        ("de", "de"),
        ("de-at, en;q=0.5", "de-AT"),
        ("en;q=0.5, de-at", "de-AT"),
        ("nl;q=0.5,de ; q=0.8 , fr;q=0.8,*;q=0.9", "de"),
        ("*", None),
        ("", None),
        (", ,", None),
        ("en;q=0", None),
        ("en;q=0.000, de;q=0.001", "de"),
        ("de;q=2, fr;q=0.1", "fr"),
        ("de;level=1, fr;q=0.1", "fr"),
        ("a-bad-one-, klingonish, fr;q=0.1", "fr"),
        ("de_DE, en;Q=0.3", "en"),
        ("de;q=1.000,fr", "de"),
        (",".join(["de"] * 1000), None),
    ],
)
def test_a_header_prefers_the_heaviest_that_can_be_read(header: str, tag: str | None) -> None:
    assert preferred(header) == tag


@given(st.text(max_size=300))
def test_no_header_is_an_error(header: str) -> None:
    found = preferred(header)
    assert found is None or canonical(found) == found
