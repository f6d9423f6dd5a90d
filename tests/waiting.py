"""Waiting for what other tasks and processes do."""

import asyncio
from collections.abc import Callable


async def until(true: Callable[[], bool], seconds: float = 15.0) -> None:
    """Return as soon as ``true`` says so. Raises TimeoutError after ``seconds``."""
    async with asyncio.timeout(seconds):
        while not true():  # noqa: ASYNC110  # what is waited for sets no event
            await asyncio.sleep(0.02)
