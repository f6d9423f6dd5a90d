"""Links: below the public address, and nothing in them that could lead elsewhere."""

import pytest

from bms.errors import ConfigurationError
from bms.links import Links


def test_a_link_is_below_the_public_address() -> None:
    links = Links("https://tickets.example.org:8443")
    assert links.page("confirm", "aB3-_x") == "https://tickets.example.org:8443/confirm/aB3-_x"
    assert links.is_secure
    assert not Links("http://127.0.0.1:8080").is_secure


@pytest.mark.parametrize("part", ["", "..", "a/b", "a?b", "a#b", "a b", "a%2fb", "ä", "a@b", "a\n"])
def test_a_part_is_a_word(part: str) -> None:
    with pytest.raises(ValueError, match="part of a link"):
        Links("https://tickets.example.org").page("confirm", part)


def test_there_are_no_links_without_an_address() -> None:
    with pytest.raises(ConfigurationError, match="BMS_PUBLIC_URL is not set"):
        Links(None)
