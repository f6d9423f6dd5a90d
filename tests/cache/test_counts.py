"""A cache counts how it answered."""

import asyncio
from pathlib import Path

import pytest

from bms.cache.kept import Cache, Requests
from bms.cache.stamps import EVENTS, SharedMemory
from tests.kit.api import Api, Client
from tests.kit.scene import Scene


@pytest.fixture
def cache(tmp_path: Path) -> Cache[int]:
    return Cache(SharedMemory(tmp_path / "stamps"), EVENTS, capacity=10, lifetime=60)


async def one() -> int:
    return 1


async def test_a_read_is_a_miss_and_a_kept_value_a_hit(cache: Cache[int]) -> None:
    assert cache.requests == Requests(hit=0, miss=0, shared=0)
    for _ in range(3):
        await cache.get("a", one)
    await cache.get("b", one)
    assert cache.requests == Requests(hit=2, miss=2, shared=0)


async def test_who_waits_for_the_read_of_another_shares_it(cache: Cache[int]) -> None:
    opened = asyncio.Event()

    async def slow() -> int:
        await opened.wait()
        return 1

    crowd = [asyncio.create_task(cache.get("a", slow)) for _ in range(50)]
    await asyncio.sleep(0)
    opened.set()
    await asyncio.gather(*crowd)
    # The first reads, then the second for all who asked after the first had begun.
    assert cache.requests == Requests(hit=0, miss=2, shared=48)


async def test_a_read_that_fails_is_a_miss(cache: Cache[int]) -> None:
    async def fail() -> int:
        raise LookupError

    for _ in range(2):
        with pytest.raises(LookupError):
            await cache.get("a", fail)
    assert cache.requests == Requests(hit=0, miss=2, shared=0)


async def test_without_a_board_all_are_misses() -> None:
    cache: Cache[int] = Cache(None, EVENTS, capacity=10, lifetime=60)
    for _ in range(2):
        await cache.get("a", one)
    assert cache.requests == Requests(hit=0, miss=2, shared=0)


async def counted(api: Api, cache: str) -> dict[str, int]:
    """Return the requests to ``cache`` by outcome, as /metrics shows them."""
    head = f'bms_cache_requests_total{{cache="{cache}",outcome="'
    lines = (await api.get("/metrics")).text.splitlines()
    shown = [line.removeprefix(head).split('"} ') for line in lines if line.startswith(head)]
    return {outcome: round(float(count)) for outcome, count in shown}


async def test_metrics_show_the_caches_of_the_site(api: Api, client: Client, scene: Scene) -> None:
    names = ("event_pages", "list_pages", "visitors", "media")
    assert [set(await counted(api, name)) for name in names] == [{"hit", "miss", "shared"}] * 4
    slug = scene.event["title"].lower().replace(" ", "-")
    before = await counted(api, "event_pages")
    for _ in range(3):
        async with client.get(f"/e/{scene.event['id']}/{slug}") as page:
            assert page.status == 200
    after = await counted(api, "event_pages")
    assert {outcome: after[outcome] - before[outcome] for outcome in after} == {
        "hit": 2,
        "miss": 1,
        "shared": 0,
    }


async def test_metrics_show_both_caches(api: Api, scene: Scene) -> None:
    path = f"/events/{scene.event['id']}"
    before = {cache: await counted(api, cache) for cache in ("replies", "callers")}
    assert [set(counts) for counts in before.values()] == [{"hit", "miss", "shared"}] * 2
    for _ in range(3):
        await api.get(path, token=scene.buyer.token)
    after = {cache: await counted(api, cache) for cache in ("replies", "callers")}
    more = {
        cache: {outcome: after[cache][outcome] - count for outcome, count in counts.items()}
        for cache, counts in before.items()
    }
    assert more == {
        "replies": {"hit": 2, "miss": 1, "shared": 0},
        "callers": {"hit": 2, "miss": 1, "shared": 0},
    }
