"""The types of the fixtures that are functions."""

from collections.abc import Awaitable, Callable
from typing import Any

from tests.kit.api import Reply
from tests.kit.users import User

Make = Callable[..., Awaitable[dict[str, Any]]]
MakeUser = Callable[..., Awaitable[User]]
Pay = Callable[..., Awaitable[Reply]]
Rows = Callable[..., list[Any]]
Books = Callable[[], Awaitable[None]]
