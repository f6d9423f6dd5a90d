"""The client's address: the connection's, or the one that trusted proxies report."""

import dataclasses

from aiohttp.test_utils import TestClient, TestServer
from multidict import CIMultiDict

from bms.app import create_app
from bms.settings import Settings
from tests.kit.api import Api
from tests.kit.types import MakeUser, Rows
from tests.kit.users import PASSWORD


async def test_without_proxies_nobody_else_tells_the_address(
    api: Api, make_user: MakeUser, rows: Rows
) -> None:
    user = await make_user()
    login = {"username": user.username, "password": PASSWORD}
    assert (await api.post("/login", login, headers={"X-Forwarded-For": "203.0.113.9"})).status == 200
    assert {row.address for row in rows("SELECT address FROM sessions")} == {"127.0.0.1"}


FORWARDED = (
    (1, ["203.0.113.5"], "203.0.113.5"),
    (1, ["198.51.100.1, 203.0.113.5"], "203.0.113.5"),
    (1, ["198.51.100.1", "203.0.113.5"], "203.0.113.5"),
    (2, ["6.6.6.6, 198.51.100.1, 203.0.113.5"], "198.51.100.1"),
    (2, ["6.6.6.6, 198.51.100.1", "203.0.113.5"], "198.51.100.1"),
    (1, ["203.0.113.5:51234"], "203.0.113.5"),
    (1, ["2001:DB8:0::1"], "2001:db8::1"),
    (1, ["[2001:db8::1]:443"], "2001:db8::1"),
    # Fewer than the trusted proxies would have said, or no address: it did not come from them.
    (2, ["203.0.113.5"], "127.0.0.1"),
    (1, [], "127.0.0.1"),
    (1, [""], "127.0.0.1"),
    (1, ["203.0.113.5,"], "127.0.0.1"),
    (1, ["unknown"], "127.0.0.1"),
    (1, ["fe80::1%\u00e9th0"], "127.0.0.1"),
    (1, ["' OR 1=1 --"], "127.0.0.1"),
)


async def test_the_address_that_trusted_proxies_report(
    settings: Settings, database_url: str, make_user: MakeUser, rows: Rows
) -> None:
    user = await make_user()
    login = {"username": user.username, "password": PASSWORD}
    for proxies in (1, 2):
        behind = create_app(dataclasses.replace(settings, trusted_proxies=proxies), database_url)
        async with TestClient(TestServer(behind)) as client:
            for number, lines, address in FORWARDED:
                if number != proxies:
                    continue
                headers = CIMultiDict(("X-Forwarded-For", line) for line in lines)
                async with client.post("/login", json=login, headers=headers) as response:
                    assert response.status == 200
                assert rows("SELECT address FROM sessions ORDER BY id DESC")[0].address == address, lines
