"""The page of limits: each setting that is one, and its default as the code has it."""

import re
from dataclasses import fields
from pathlib import Path

from bms.errors import BMSError
from bms.openapi.document import all_errors
from bms.settings import Settings
from bms.terms import Rate
from tests.kit.limits import LIMITS

PAGE = (Path(__file__).parents[2] / "docs" / "limits.md").read_text(encoding="utf-8")
OTHERS = ["password_queue", "max_body_bytes", "max_connections", "max_connections_per_address"]


def rows() -> list[tuple[str, str, str]]:
    """Return the default, the setting and what a client sees, of each row of the page."""
    return re.findall(r"^\| .+? \| (.+?) \| `BMS_(\w+)` \| (.+?) \|$", PAGE, re.MULTILINE)


def test_each_limit_is_on_the_page() -> None:
    assert {name.lower() for _, name, _ in rows()} == {*LIMITS, *OTHERS}


def test_the_defaults_are_those_of_the_code() -> None:
    defaults = {field.name: field.default for field in fields(Settings)}
    for told, name, _ in rows():
        value = defaults[name.lower()]
        numbers = [int(number) for number in re.findall(r"\d+", told.replace("one a ", "1 a "))]
        if isinstance(value, Rate):
            count, unit = numbers[1], 1
            if "minute" in told:
                unit = 60
            every = unit // count if re.search(r"\d a (minute|second)", told.replace("one a ", "1 a ")) else 0
            if "one in" in told:
                every = numbers[1] * (60 if "minutes" in told else 1)
            assert (numbers[0], every) == value, name
        else:
            assert numbers[0] * (1024 if "KiB" in told else 1) == value, name


def test_the_codes_are_those_of_errors() -> None:
    known: dict[str, type[BMSError]] = {error.code: error for error in all_errors()}
    for _, name, seen in rows():
        for status, code in re.findall(r"(\d{3}) `(\w+)`", seen):
            assert known[code].status == int(status), name
