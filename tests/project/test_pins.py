"""constraints.txt, and what script/pins takes of it: everything, with hashes, and nothing of one machine."""

import re
from configparser import ConfigParser

import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from tests.kit.guide import ROOT
from tests.kit.scripts import load_script

PINS = load_script("pins")
TEXT = (ROOT / "constraints.txt").read_text(encoding="utf-8")
SETUP = ConfigParser()
SETUP.read(ROOT / "setup.cfg", encoding="utf-8")
EXTRAS = list(SETUP["options.extras_require"])
LINES = [
    line
    for text in (SETUP["options"]["install_requires"], *SETUP["options.extras_require"].values())
    for line in text.splitlines()
    if line
]


def test_every_pin_has_hashes() -> None:
    pins = PINS.pinned()
    assert len(pins) > 150
    for name, _, block in pins:
        first, *rest = block.splitlines()
        assert re.match(r"[a-z0-9-]+==[\w.!+]+( ;.*)? \\$", first), name
        assert all(re.match(r" +(--hash=sha256:[0-9a-f]{64}( \\)?|# via .*)$", line) for line in rest), name
        assert "--hash" in block


def test_it_names_no_machine_and_no_index() -> None:
    assert not re.search(r"https?:|file:|/[a-z]+/|--(?:extra-)?index|--find-links|--trusted", TEXT)


@pytest.mark.parametrize("line", sorted(set(LINES)))
def test_a_pin_is_what_setup_asks_for(line: str) -> None:
    asked = Requirement(line)
    found = re.findall(rf"^{PINS.normal(asked.name)}==(\S+)", TEXT, re.MULTILINE)
    assert found, "run script/constraints"
    assert all(SpecifierSet(str(asked.specifier), prereleases=True).contains(version) for version in found)


@pytest.mark.parametrize("extra", EXTRAS)
def test_an_extra_brings_what_it_needs(extra: str) -> None:
    chosen = {block.split("==")[0] for block in PINS.choose({PINS.BUILD, *PINS.wanted([extra])})}
    assert {"setuptools", "aiohttp", "multidict"} <= chosen
    # None of those that nobody asked for.
    assert ("playwright" in chosen) is (extra == "test")
    assert ("locust" in chosen) is (extra in ("bench", "test"))


def test_what_is_missing_is_said() -> None:
    with pytest.raises(SystemExit, match="no extra nothing"):
        PINS.wanted(["nothing"])
    with pytest.raises(SystemExit, match="run script/constraints, which adds no-such-thing"):
        PINS.choose({"no-such-thing"})
