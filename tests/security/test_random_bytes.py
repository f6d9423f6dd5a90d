"""Random bytes are handed out once, by any thread, in any number."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from bms.security.random_bytes import random_bytes


@pytest.mark.parametrize("count", [0, 1, 10, 1024, 5000])
def test_as_many_come_as_are_asked_for(count: int) -> None:
    assert len(random_bytes(count)) == count


def test_none_comes_twice() -> None:
    with ThreadPoolExecutor(4) as threads:
        drawn = list(threads.map(lambda _: random_bytes(16), range(4000)))
    assert len(set(drawn)) == 4000


def test_every_value_comes() -> None:
    assert set(random_bytes(20_000)) == set(range(256))
