"""Changes of events through the API."""

from typing import Any

from tests.kit.api import Api
from tests.kit.users import User


async def change(api: Api, user: User, event: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """Return the event after a PATCH, having checked that GET shows the same."""
    reply = await api.patch(f"/events/{event['id']}", fields, token=user.token)
    assert reply.status == 200, reply.text
    shown = await api.get(f"/events/{event['id']}", token=user.token)
    assert (shown.json, shown.headers["ETag"]) == (reply.json, reply.headers["ETag"])
    changed: dict[str, Any] = reply.json
    return changed


def whole(event: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """Return a PUT body that says no more than it must."""
    return {"title": event["title"], "starts_at": event["starts_at"], "venue": event["venue"], **fields}
