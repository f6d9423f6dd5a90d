"""No older call shape stands in the way of another endpoint."""

import re
from collections import Counter

from aiohttp.test_utils import make_mocked_request

from bms.app import ENDPOINTS, create_app
from bms.handlers.legacy import accounts, orders, payments, purchases
from bms.http.call import PREFIXES
from bms.settings import Settings


def test_every_endpoint_is_declared_once() -> None:
    # What a path calls its places makes no difference to what it matches.
    declared = Counter((one.method, re.sub(r"\{\w+\}", "{}", one.path)) for one in ENDPOINTS)
    assert [endpoint for endpoint, times in declared.items() if times > 1] == []


async def test_every_endpoint_is_reached_by_its_path(settings: Settings) -> None:
    # Routes are looked up and nothing is called, so no database is needed.
    router = create_app(settings, "postgresql://nobody@localhost/none").router
    for endpoint in ENDPOINTS:
        path = re.sub(r"\{\w+\}", "1", endpoint.path)
        for prefix in PREFIXES:
            for slash in ("", "/"):
                match = await router.resolve(make_mocked_request(endpoint.method, prefix + path + slash))
                assert match.handler == endpoint.__call__, (endpoint.method, endpoint.path)


def test_the_older_shapes_are_among_them() -> None:
    for module in (accounts, orders, payments, purchases):
        assert module.routes.endpoints
        assert all(endpoint in ENDPOINTS for endpoint in module.routes.endpoints)
