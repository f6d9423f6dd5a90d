"""Settings without limits, and how a test calls from an address of its own."""

from dataclasses import fields
from typing import Any

from bms.settings import Settings

LIMITS = [
    field.name
    for field in fields(Settings)
    if field.name.startswith(
        ("rate_", "unpaid_", "free_tickets_", "waiting_asks_", "short_hold_", "events_", "resends_")
    )
]

NO_LIMITS: dict[str, Any] = {name: None if name.startswith("rate_") else 0 for name in LIMITS}
DEFAULTS: dict[str, Any] = {field.name: field.default for field in fields(Settings) if field.name in LIMITS}


def come_from(address: str) -> dict[str, str]:
    """Return the header by which a trusted proxy tells that a request came from ``address``."""
    return {"X-Forwarded-For": address}
