"""The references of payments and refunds."""

import re
import time
from unittest.mock import patch

from bms.commands.sales.codes import references


def test_references_are_unlike_and_fit_their_column() -> None:
    made = [*references(1000), *references(1000)]
    assert len(set(made)) == 2000
    assert all(re.fullmatch("[0-9a-f]{32}", one) for one in made)
    assert len({one[12:] for one in made}) == 2000  # by chance alone, in one moment too


def test_references_are_in_the_order_of_their_moments() -> None:
    # To the day when a moment has a digit more.
    days = (0, 1_000, time.time_ns() // 1_000_000, 2**44 - 1, 2**44, 2**48 - 1)
    made = []
    for day in days:
        with patch("time.time_ns", return_value=day * 1_000_000):
            made += references(1)
    assert made == sorted(made)
