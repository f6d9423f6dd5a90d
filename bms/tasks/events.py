"""Waiting for the first of several events."""

import asyncio


async def first_of(*events: asyncio.Event, seconds: float) -> None:
    """Return when one of ``events`` is set, or after ``seconds``."""
    waiting = [asyncio.create_task(event.wait()) for event in events]
    try:
        await asyncio.wait(waiting, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
