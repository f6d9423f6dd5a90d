"""E-mail addresses: which are one."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bms.addresses import fold_address, parse_address

ASCII = st.text(st.characters(max_codepoint=126, min_codepoint=32), max_size=40)
LABEL = st.from_regex(r"[A-Za-z0-9]([A-Za-z0-9-]{0,8}[A-Za-z0-9])?", fullmatch=True)


@given(st.one_of(st.emails(), ASCII, st.builds("{}@{}.{}".format, ASCII, LABEL, LABEL)))
@example("Jo@XN--MNCHEN-3YA.example")
@example("jo@xn--nothing-at-all.example")
@example('"Jo Doe"@example.org')
@example("jo@[192.0.2.1]")
def test_an_ascii_address_is_folded_as_what_can_be_mailed(text: str) -> None:
    try:
        expected = parse_address(text).ascii.casefold()
    except ValueError:
        expected = text.casefold()
    assert fold_address(text) == expected


@pytest.mark.parametrize(
    ("one", "same"),
    [
        ("jo@example.org", "JO@EXAMPLE.ORG"),
        ("jo@münchen.example", "Jo@xn--mnchen-3ya.example"),
        ("jo@MÜNCHEN.example", "jo@mu\u0308nchen.example"),
    ],
)
def test_addresses_that_differ_in_case_or_script_are_one(one: str, same: str) -> None:
    assert fold_address(one) == fold_address(same)


@pytest.mark.parametrize("other", ["joe@example.org", "jo@example.com", "jo@sub.example.org"])
def test_others_are_not(other: str) -> None:
    assert fold_address("jo@example.org") != fold_address(other)
