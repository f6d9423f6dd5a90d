"""Failed logins are counted for each account and each address."""

import asyncio
import dataclasses

import bcrypt
import pytest
from aiohttp.test_utils import TestClient, TestServer
from multidict import CIMultiDict

from bms.app import create_app
from bms.commands.accounts.attempts import ACCOUNT_ATTEMPTS, ADDRESS_ATTEMPTS, WINDOW_SECONDS
from bms.settings import Settings
from tests.kit.api import Api, Reply
from tests.kit.types import MakeUser, Rows
from tests.kit.users import PASSWORD


async def attempt(api: Api, username: str, password: str = "wrong", **headers: str) -> Reply:
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    return await api.post("/login", {"username": username, "password": password}, headers=sent)


def let_the_window_pass(rows: Rows) -> None:
    rows("UPDATE login_attempts SET window_ends_at = '2001-01-01'")


async def test_an_account_is_closed_after_ten_failures(api: Api, make_user: MakeUser, rows: Rows) -> None:
    user, other = await make_user(), await make_user()
    for _ in range(ACCOUNT_ATTEMPTS):
        (await attempt(api, user.username)).problem(401, "invalid_credentials")
    refused = await attempt(api, user.username)
    refused.problem(429, "too_many_attempts")
    assert WINDOW_SECONDS - 30 <= int(refused.headers["Retry-After"]) <= WINDOW_SECONDS
    # Nor does the right password tell that it is right, under whichever of the account's names.
    (await attempt(api, user.username, PASSWORD)).problem(429, "too_many_attempts")
    (await attempt(api, user.username.upper(), PASSWORD)).problem(429, "too_many_attempts")
    by_email = await api.post("/login", {"email": user.email, "password": PASSWORD})
    by_email.problem(429, "too_many_attempts")
    # Nobody else is shut out, and who is logged in stays so.
    assert (await attempt(api, other.username, PASSWORD)).status == 200
    assert (await api.get("/profile", token=user.token)).status == 200
    assert (await api.post("/token/refresh", {"refresh_token": user.refresh_token})).status == 200

    let_the_window_pass(rows)
    assert (await attempt(api, user.username, PASSWORD)).status == 200


async def test_names_that_nobody_has_are_counted_too(api: Api) -> None:
    for number in range(ACCOUNT_ATTEMPTS):
        await attempt(api, "nobody" if number % 2 else "NOBODY")
    (await attempt(api, "Nobody")).problem(429, "too_many_attempts")
    (await attempt(api, "somebody")).problem(401, "invalid_credentials")


async def test_a_right_login_starts_the_count_again(api: Api, make_user: MakeUser, rows: Rows) -> None:
    user = await make_user()
    for _ in range(3):
        for _ in range(ACCOUNT_ATTEMPTS - 1):
            (await attempt(api, user.username)).problem(401, "invalid_credentials")
        assert (await attempt(api, user.username, PASSWORD)).status == 200
    # Of the address only the wrong ones are left.
    counts = sorted(row.attempts for row in rows("SELECT attempts FROM login_attempts"))
    assert counts == [0, 3 * (ACCOUNT_ATTEMPTS - 1)]


async def test_a_burst_gets_no_more_attempts(
    api: Api, make_user: MakeUser, monkeypatch: pytest.MonkeyPatch
) -> None:
    user = await make_user()
    checked: list[bytes] = []
    checkpw = bcrypt.checkpw

    def counting(password: bytes, hashed: bytes) -> bool:
        checked.append(password)
        return checkpw(password, hashed)

    monkeypatch.setattr(bcrypt, "checkpw", counting)
    replies = await asyncio.gather(*(attempt(api, user.username, f"guess {n}") for n in range(30)))
    assert sorted(reply.status for reply in replies) == [401] * ACCOUNT_ATTEMPTS + [429] * 20
    assert len(checked) == ACCOUNT_ATTEMPTS


async def test_an_address_is_closed_after_a_hundred(api: Api, make_user: MakeUser, rows: Rows) -> None:
    user = await make_user()
    for start in range(0, ADDRESS_ATTEMPTS, 20):
        replies = await asyncio.gather(*(attempt(api, f"nobody{n}") for n in range(start, start + 20)))
        assert {reply.status for reply in replies} == {401}
    refused = await attempt(api, user.username, PASSWORD)
    refused.problem(429, "too_many_attempts")
    assert int(refused.headers["Retry-After"]) > 0
    let_the_window_pass(rows)
    assert (await attempt(api, user.username, PASSWORD)).status == 200


async def test_without_proxies_nobody_else_tells_the_address(
    api: Api, make_user: MakeUser, rows: Rows
) -> None:
    user = await make_user()
    for number in range(3):
        await attempt(api, f"nobody{number}", X_Forwarded_For=f"203.0.113.{number}")
    assert (await attempt(api, user.username, PASSWORD, X_Forwarded_For="203.0.113.9")).status == 200
    assert {row.address for row in rows("SELECT address FROM sessions")} == {"127.0.0.1"}
    assert sorted(row.attempts for row in rows("SELECT attempts FROM login_attempts")) == [0, 1, 1, 1, 3]


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
