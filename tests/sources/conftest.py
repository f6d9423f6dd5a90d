"""Events that cost nothing and something."""

from typing import Any

import pytest

from tests.kit.types import Make


@pytest.fixture
async def free(make_event: Make) -> dict[str, Any]:
    return await make_event(price="0.00")


@pytest.fixture
async def priced(make_event: Make) -> dict[str, Any]:
    return await make_event(price="25.00")
