"""Wrong passwords slow down whoever gives them, and nobody else."""

import asyncio
import dataclasses
from collections.abc import AsyncIterator

import bcrypt
import pytest
from aiohttp import CookieJar, web
from aiohttp.test_utils import TestClient, TestServer

from bms.app import create_app
from bms.cache.counters import FileCounters
from bms.http import keys
from bms.settings import Settings
from tests.kit.api import Api, Client, Reply
from tests.kit.limits import come_from
from tests.kit.types import MakeUser
from tests.kit.users import PASSWORD, User
from tests.limits.conftest import Clock

HERE, THERE = "203.0.113.5", "198.51.100.7"
BURST, EVERY = Settings().rate_wrong_passwords or (0, 0)


@pytest.fixture
def app(app: web.Application, settings: Settings, clock: Clock) -> web.Application:
    app[keys.COUNTERS] = FileCounters(settings.data_dir / "counters", clock=clock)
    return app


@pytest.fixture
async def stranger(client: Client) -> AsyncIterator[Api]:
    """A client of the same server without the cookies of anybody's device."""
    async with TestClient(client.server, cookie_jar=CookieJar(unsafe=True)) as other:
        other.session.cookie_jar.clear()
        yield Api(other)


async def attempt(api: Api, login: str, password: str = "wrong", *, at: str = HERE) -> Reply:
    return await api.post("/login", {"username": login, "password": password}, headers=come_from(at))


async def fail(api: Api, login: str, times: int = BURST, *, at: str = HERE) -> None:
    for _ in range(times):
        (await attempt(api, login, at=at)).problem(401, "invalid_credentials")


async def test_after_ten_there_is_one_a_minute(stranger: Api, make_user: MakeUser, clock: Clock) -> None:
    user = await make_user()
    assert (BURST, EVERY) == (10, 60)
    await fail(stranger, user.username)
    refused = await attempt(stranger, user.username)
    refused.problem(429, "too_many_attempts")
    assert refused.headers["Retry-After"] == "60"
    # Nor does the right password tell that it is right, under whichever of the account's names.
    (await attempt(stranger, user.username.upper(), PASSWORD)).problem(429, "too_many_attempts")
    by_email = {"email": user.email, "password": PASSWORD}
    (await stranger.post("/login", by_email, headers=come_from(HERE))).problem(429, "too_many_attempts")
    clock.now += EVERY
    await fail(stranger, user.username, 1)
    (await attempt(stranger, user.username, PASSWORD)).problem(429, "too_many_attempts")
    clock.now += EVERY
    # A right one forgets the wrong ones before it.
    assert (await attempt(stranger, user.username, PASSWORD)).status == 200


async def test_the_owner_elsewhere_is_not_shut_out(stranger: Api, make_user: MakeUser) -> None:
    user = await make_user()
    await fail(stranger, user.username)
    (await attempt(stranger, user.username, PASSWORD)).problem(429, "too_many_attempts")
    assert (await attempt(stranger, user.username, PASSWORD, at=THERE)).status == 200


async def test_a_known_device_has_a_counter_of_its_own(
    api: Api, stranger: Api, make_user: MakeUser, settings: Settings
) -> None:
    user = await make_user()  # which logs in, so ``api`` is a known device of the account from now on
    total = settings.rate_wrong_passwords_per_account
    assert total is not None
    for number in range(total.burst // BURST):
        await fail(stranger, user.username, at=f"192.0.2.{number}")
    # An account that is attacked from everywhere is slowed down for who is unknown ...
    (await attempt(stranger, user.username, PASSWORD, at=THERE)).problem(429, "too_many_attempts")
    # ... and not for its owner's device, not even at the attacker's address.
    assert (await attempt(api, user.username, PASSWORD, at="192.0.2.1")).status == 200
    # The device has its own ten.
    await fail(api, user.username)
    (await attempt(api, user.username, PASSWORD)).problem(429, "too_many_attempts")


async def test_the_cookie_of_one_account_is_no_device_of_another(
    api: Api, make_user: MakeUser, client: Client
) -> None:
    user = await make_user()
    await make_user()  # the cookie of this login replaces the one before
    (cookie,) = (morsel for morsel in client.session.cookie_jar if morsel.key == "bms_device")
    assert (cookie["httponly"], cookie["samesite"]) == (True, "Strict")
    await fail(api, user.username)
    (await attempt(api, user.username, PASSWORD)).problem(429, "too_many_attempts")
    for forged in ("", ".", "x.y", cookie.value[:-1], "é." + cookie.value, cookie.value.partition(".")[0]):
        assert client.app[keys.DEVICES].read(forged, user.id) is None


async def test_an_address_that_tries_many_names_is_slowed_down(
    stranger: Api, make_user: MakeUser, clock: Clock, settings: Settings
) -> None:
    user = await make_user()
    rate = settings.rate_wrong_passwords_per_address
    assert rate == (100, 9)
    for start in range(0, rate.burst, 20):
        at_once = (attempt(stranger, f"nobody{n}") for n in range(start, start + 20))
        assert {reply.status for reply in await asyncio.gather(*at_once)} == {401}
    (await attempt(stranger, user.username, PASSWORD)).problem(429, "too_many_attempts")
    assert (await attempt(stranger, user.username, PASSWORD, at=THERE)).status == 200
    clock.now += rate.every
    assert (await attempt(stranger, user.username, PASSWORD)).status == 200


async def test_a_network_of_64_bits_is_one_client(stranger: Api, make_user: MakeUser) -> None:
    user = await make_user()
    for number in range(BURST):
        await fail(stranger, user.username, 1, at=f"2001:db8:1:2::{number:x}")
    (await attempt(stranger, user.username, at="2001:db8:1:2:ffff::1")).problem(429, "too_many_attempts")
    await fail(stranger, user.username, 1, at="2001:db8:1:3::1")


async def test_names_that_nobody_has_are_slowed_down_too(stranger: Api) -> None:
    for number in range(BURST):
        await fail(stranger, "nobody" if number % 2 else "NOBODY", 1)
    (await attempt(stranger, "Nobody")).problem(429, "too_many_attempts")
    await fail(stranger, "somebody", 1)


async def test_a_burst_gets_no_more_attempts(
    stranger: Api, make_user: MakeUser, monkeypatch: pytest.MonkeyPatch
) -> None:
    user = await make_user()
    checked: list[bytes] = []
    checkpw = bcrypt.checkpw

    def counting(password: bytes, hashed: bytes) -> bool:
        checked.append(password)
        return checkpw(password, hashed)

    monkeypatch.setattr(bcrypt, "checkpw", counting)
    at_once = (attempt(stranger, user.username, f"guess {n}", at="127.0.0.9") for n in range(30))
    statuses = sorted(reply.status for reply in await asyncio.gather(*at_once))
    assert statuses == [401] * BURST + [429] * 20
    assert len(checked) == BURST


async def test_two_processes_count_together(
    stranger: Api, make_user: MakeUser, settings: Settings, database_url: str, clock: Clock
) -> None:
    """Two applications on one data directory. The twin has a directory of its own."""
    user = await make_user()
    await fail(stranger, user.username, BURST - 1)
    elsewhere = dataclasses.replace(settings, data_dir=settings.data_dir / "elsewhere")
    for own, statuses in ((settings, [401, 429]), (elsewhere, [401, 401])):
        second = create_app(own, database_url)
        second[keys.COUNTERS] = FileCounters(own.data_dir / "counters", clock=clock)
        async with TestClient(TestServer(second)) as client:
            replies = [await attempt(Api(client), user.username) for _ in range(2)]
        assert [reply.status for reply in replies] == statuses


async def change(api: Api, user: User, current: str) -> Reply:
    body = {"current_password": current, "new_password": "another good one 17"}
    return await api.post("/profile/password", body, token=user.token)


async def test_a_live_session_changes_its_password_whoever_guesses(
    api: Api, stranger: Api, make_user: MakeUser
) -> None:
    user, other = await make_user(), await make_user()
    await fail(stranger, user.username)
    assert (await change(api, user, PASSWORD)).status == 200
    for _ in range(BURST):
        (await change(api, other, "a guess")).problem(422, "validation_failed")
    refused = await change(api, other, PASSWORD)
    refused.problem(429, "too_many_attempts")
    assert refused.headers["Retry-After"] == "60"
    assert (await attempt(stranger, other.username, PASSWORD, at=THERE)).status == 200
