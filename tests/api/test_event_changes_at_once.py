"""Changes of one event at once: with If-Match, and without."""

import asyncio
from typing import Any

import pytest

from bms.commands.events import change as event_change
from bms.commands.events import rules
from bms.sql.statements import Statement
from tests.kit.api import Api
from tests.kit.changes import whole
from tests.kit.scene import Scene
from tests.kit.types import Make
from tests.kit.users import User
from tests.kit.waiting import Meeting

# The event as it is locked, without the lock.
SEEN = Statement(
    "test.events_seen", rules.LOCK.declaration, rules.LOCK.text.replace(" WITH (UPDLOCK, ROWLOCK)", "")
)


async def test_if_match(api: Api, scene: Scene, manager: User) -> None:
    event = scene.event
    path = f"/events/{event['id']}"

    async def patch(tag: str) -> Any:
        return await api.patch(path, {"title": f"By {tag}"}, token=manager.token, headers={"If-Match": tag})

    first = (await api.get(path)).headers["ETag"]
    await scene.held()
    changed = await patch(first)
    assert changed.status == 200, "a sale in between is no other version"
    for stale in (first, f"W/{changed.headers['ETag']}", '"v2"', '"x"', "nonsense"):
        (await patch(stale)).problem(412, "precondition_failed")
    replaced = await api.put(path, whole(event), token=manager.token, headers={"If-Match": first})
    replaced.problem(412, "precondition_failed")
    assert (await api.get(path)).json == changed.json
    for fresh in (f'"x", {changed.headers["ETag"]}', "*"):
        assert (await patch(fresh)).status == 200


async def test_of_two_with_the_same_if_match_one_wins(api: Api, manager: User, make_event: Make) -> None:
    event = await make_event()
    path = f"/events/{event['id']}"
    tag = (await api.get(path)).headers["ETag"]
    replies = await asyncio.gather(
        *(
            api.patch(path, {"title": f"Title {n}"}, token=manager.token, headers={"If-Match": tag})
            for n in range(8)
        )
    )
    assert sorted(reply.status for reply in replies) == [200] + [412] * 7
    (winner,) = (reply.json for reply in replies if reply.status == 200)
    assert (await api.get(path)).json == winner


@pytest.mark.needs("UPDLOCK")
async def test_changes_of_different_fields_at_once_are_all_kept(
    api: Api, manager: User, make_event: Make
) -> None:
    event = await make_event()
    changes: list[dict[str, Any]] = [
        {"title": "New"},
        {"description": "New."},
        {"per_user_limit": 3},
        {"price": "7.00"},
        {"capacity": 55},
        {"time": "20:00"},
    ]
    path = f"/events/{event['id']}"
    replies = await asyncio.gather(*(api.patch(path, fields, token=manager.token) for fields in changes))
    assert [reply.status for reply in replies] == [200] * 6
    after = await api.get(path)
    assert after.headers["ETag"].startswith('"v7-')
    for name, value in {"title": "New", "description": "New.", "per_user_limit": 3, "capacity": 55}.items():
        assert after.json[name] == value
    assert (after.json["price_from"], after.json["time"]) == ("7.00", "20:00:00")
    assert after.json["ticket_types"][0]["capacity"] == 55


@pytest.mark.parametrize(("given", "refused"), [({}, 409), ({"If-Match": "the event's"}, 412)])
async def test_where_the_lock_is_not_taken_the_version_decides(
    api: Api,
    manager: User,
    make_event: Make,
    monkeypatch: pytest.MonkeyPatch,
    given: dict[str, str],
    refused: int,
) -> None:
    """A twin of the tests above: some servers that speak T-SQL read a hint and take no lock."""
    monkeypatch.setattr(rules, "LOCK", SEEN)
    assert "LOCK" not in SEEN.text
    meeting = Meeting(patience=5)

    def meet(*args: Any, **kwargs: Any) -> Any:
        seen = rules.lock_event(*args, **kwargs)
        meeting()
        return seen

    monkeypatch.setattr(event_change, "lock_event", meet)
    event = await make_event()
    path = f"/events/{event['id']}"
    headers = dict.fromkeys(given, (await api.get(path)).headers["ETag"])
    changes = ({"title": "New"}, {"description": "New."})
    replies = await asyncio.gather(
        *(api.patch(path, fields, token=manager.token, headers=headers) for fields in changes)
    )
    assert sorted(reply.status for reply in replies) == [200, refused]
    (winner,) = (reply.json for reply in replies if reply.ok)
    assert (await api.get(path)).json == winner
