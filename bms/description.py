"""The API's description as it is served: made when it is first asked for, and kept."""

from collections.abc import Callable
from functools import cached_property
from typing import Any

import orjson


class Description:
    """An OpenAPI document, which ``make`` makes."""

    def __init__(self, make: Callable[[], dict[str, Any]]) -> None:
        self._make = make

    @cached_property
    def json(self) -> bytes:
        """The document as JSON."""
        return orjson.dumps(self._make())
