"""Refund rules: what a part of one means, what may not be asked for, and how one reads."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bms.i18n.languages import Languages
from bms.i18n.refund_rules import describe_rule
from bms.refund_rules import FIELDS, NEVER, RefundRule, complete_rule

NOW = dt.datetime(2027, 1, 1)  # noqa: DTZ001
FULL, PERCENT, NONE = FIELDS
hours = st.integers(0, 1000)


@pytest.mark.parametrize(
    ("given", "rule"),
    [
        ({}, (0, 0, 0)),
        ({PERCENT: 50}, (NEVER, 50, 0)),
        ({PERCENT: 100}, (NEVER, 100, 0)),
        ({PERCENT: 0}, (NEVER, 0, 0)),
        ({FULL: 48}, (48, 0, 0)),
        ({NONE: 24}, (24, 0, 24)),
        ({FULL: 720, PERCENT: 50}, (720, 50, 0)),
        ({PERCENT: 30, NONE: 12}, (NEVER, 30, 12)),
        ({FULL: 720, NONE: 24}, (720, 0, 24)),
        ({FULL: 720, PERCENT: 50, NONE: 24}, (720, 50, 24)),
    ],
)
def test_a_part_of_a_rule_is_completed(given: dict[str, int], rule: tuple[int, int, int]) -> None:
    completed = complete_rule(given)
    assert completed == rule
    assert completed.fault() is None
    assert complete_rule(completed.fields()) == completed, "what is shown can be sent back"


@pytest.mark.parametrize(
    ("rule", "field"),
    [
        ((24, 50, 48), NONE),
        ((0, 0, 1), NONE),
        ((0, 10, 0), PERCENT),
        ((48, 50, 48), PERCENT),
        ((0, 100, 0), PERCENT),
        ((NEVER, 1, NEVER), PERCENT),
    ],
)
def test_what_can_never_apply_is_a_fault(rule: tuple[int, int, int], field: str) -> None:
    fault = RefundRule(*rule).fault()
    assert fault is not None
    assert fault[0] == field


@pytest.mark.parametrize("rule", [(8784, 0, 8784), (NEVER, 0, 0), (NEVER, 0, NEVER), (48, 100, 2), (0, 0, 0)])
def test_what_gives_little_or_all_is_none(rule: tuple[int, int, int]) -> None:
    assert RefundRule(*rule).fault() is None


@pytest.mark.parametrize("days", [1, 366, 367, 3_000, 2_900_000])
def test_no_refunds_holds_however_far_ahead(days: int) -> None:
    assert complete_rule({PERCENT: 0}).share(NOW + dt.timedelta(days=days), NOW) == 0


@given(hours, hours, st.integers(1, 99), st.integers(-10, 2000))
def test_the_share_falls_at_its_ends_alone(a: int, b: int, percent: int, left: int) -> None:
    rule = RefundRule(max(a, b), percent, min(a, b))
    starts_at = NOW + dt.timedelta(hours=left)
    share = rule.share(starts_at, NOW)
    moment = dt.timedelta(milliseconds=1)
    for end in rule.ends(starts_at, NOW):
        assert end >= NOW
    later = [time for end in rule.ends(starts_at, NOW) for time in (end, end + moment)]
    assert all(rule.share(starts_at, time) <= share for time in later)
    if share:
        first = min(end for end in rule.ends(starts_at, NOW) if rule.share(starts_at, end + moment) < share)
        assert first == starts_at or rule.share(starts_at, first) == share


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ((0, 0, 0), "All of the price is refunded until the start."),
        ((NEVER, 0, 0), "Nothing is refunded."),
        ((NEVER, 50, 0), "50% of the price is refunded until the start."),
        (
            (NEVER, 50, 1),
            "50% of the price is refunded until 1 hour before the start. After that nothing is refunded.",
        ),
        (
            (48, 0, 0),
            "All of the price is refunded until 48 hours before the start. After that nothing is refunded.",
        ),
        (
            (720, 50, 24),
            "All of the price is refunded until 720 hours before the start. "
            "Then 50% of the price is refunded until 24 hours before the start. "
            "After that nothing is refunded.",
        ),
        (
            (720, 50, 0),
            "All of the price is refunded until 720 hours before the start. "
            "Then 50% of the price is refunded until the start.",
        ),
    ],
)
def test_a_rule_in_words(rule: tuple[int, int, int], words: str) -> None:
    english = Languages().find("en")
    assert describe_rule(english, **RefundRule(*rule).fields()) == words
