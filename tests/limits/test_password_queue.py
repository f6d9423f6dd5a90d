"""The queue for bcrypt is bounded, and who has an account goes first."""

import asyncio
import threading
from collections.abc import Iterator

import bcrypt
import pytest
from aiohttp import web

from bms.errors import ClientGone, Overloaded
from bms.http import keys
from bms.security.passwords import Asker, Passwords
from tests.kit.api import Api, Client
from tests.kit.limits import come_from
from tests.kit.types import MakeUser, Rows
from tests.kit.users import PASSWORD
from tests.kit.waiting import until

GONE = Asker(is_gone=lambda: True)


class Slow:
    """bcrypt that stands still until ``goes_on`` is set, and notes what it did."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.goes_on = threading.Event()
        self.done: list[str] = []
        self._hashpw, self._checkpw = bcrypt.hashpw, bcrypt.checkpw
        monkeypatch.setattr(bcrypt, "hashpw", self.hash)
        monkeypatch.setattr(bcrypt, "checkpw", self.check)

    def hash(self, password: bytes, salt: bytes) -> bytes:
        assert self.goes_on.wait(30)
        self.done.append(f"hash {password.decode()}")
        return self._hashpw(password, salt)

    def check(self, password: bytes, hashed: bytes) -> bool:
        assert self.goes_on.wait(30)
        self.done.append(f"check {password.decode()}")
        return self._checkpw(password, hashed)


@pytest.fixture
def passwords() -> Iterator[Passwords]:
    made = Passwords(4, threads=1, queue=4)
    yield made
    made.close()


@pytest.fixture
def slow(passwords: Passwords, monkeypatch: pytest.MonkeyPatch) -> Iterator[Slow]:
    made = Slow(monkeypatch)
    yield made
    made.goes_on.set()


async def test_logins_go_before_registrations(passwords: Passwords, slow: Slow) -> None:
    first = [asyncio.create_task(passwords.hash(f"new {n}")) for n in range(3)]
    await until(lambda: passwords.waiting == 2)
    later = asyncio.create_task(passwords.matches("old", None))
    changed = asyncio.create_task(passwords.hash("changed", has_account=True))
    await until(lambda: passwords.waiting == 4)
    slow.goes_on.set()
    await asyncio.gather(*first, later, changed)
    assert slow.done == ["hash new 0", "check old", "hash changed", "hash new 1", "hash new 2"]


async def test_no_more_wait_than_there_are_places(passwords: Passwords, slow: Slow) -> None:
    tasks = [asyncio.create_task(passwords.hash("new")) for _ in range(5)]
    await until(lambda: passwords.waiting == 4)
    with pytest.raises(Overloaded) as refused:
        await passwords.hash("one more")
    assert refused.value.retry_after == 1
    # Those who log in have places of their own.
    login = asyncio.create_task(passwords.matches("old", None))
    await until(lambda: passwords.waiting == 5)
    slow.goes_on.set()
    await asyncio.gather(*tasks, login)
    assert await passwords.hash("a place is free again")


async def test_one_address_has_a_part_of_the_places(passwords: Passwords, slow: Slow) -> None:
    running = asyncio.create_task(passwords.hash("runs"))
    await asyncio.sleep(0)
    here = Asker("203.0.113.5")
    waiting = asyncio.create_task(passwords.hash("first", asker=here))
    await until(lambda: passwords.waiting == 1)
    with pytest.raises(Overloaded):
        await passwords.hash("second", asker=here)
    other = asyncio.create_task(passwords.hash("other", asker=Asker("198.51.100.7")))
    await until(lambda: passwords.waiting == 2)
    slow.goes_on.set()
    await asyncio.gather(running, waiting, other)
    assert await passwords.hash("again", asker=here)


async def test_nothing_is_done_for_a_client_that_has_gone(passwords: Passwords, slow: Slow) -> None:
    """The twin is the test above it: who is still there is served."""
    running = asyncio.create_task(passwords.hash("runs"))
    await asyncio.sleep(0)
    gone = [asyncio.create_task(passwords.hash("gone", asker=GONE)) for _ in range(4)]
    await until(lambda: passwords.waiting == 4)
    # They do not keep places from others, either.
    there = asyncio.create_task(passwords.hash("there"))
    await until(lambda: passwords.waiting == 1)
    slow.goes_on.set()
    outcomes = await asyncio.gather(*gone, running, there, return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [ClientGone] * 4 + [str] * 2
    assert slow.done == ["hash runs", "hash there"]


async def test_who_is_cancelled_loses_no_thread(passwords: Passwords, slow: Slow) -> None:
    running = asyncio.create_task(passwords.hash("runs"))
    await asyncio.sleep(0)
    waiting = [asyncio.create_task(passwords.hash(f"waits {n}")) for n in range(2)]
    await until(lambda: passwords.waiting == 2)
    waiting[0].cancel()
    slow.goes_on.set()
    await asyncio.gather(running, *waiting, return_exceptions=True)
    assert slow.done == ["hash runs", "hash waits 1"]
    assert await passwords.hash("again")


@pytest.fixture
def app(app: web.Application) -> web.Application:
    app[keys.PASSWORDS].close()
    app[keys.PASSWORDS] = Passwords(4, threads=1, queue=4)
    return app


def registration(number: int) -> dict[str, str]:
    return {
        "name": "N",
        "username": f"new{number}",
        "email": f"new{number}@example.com",
        "password": PASSWORD,
    }


async def test_a_flood_of_registrations_is_told_to_come_again(
    client: Client, api: Api, make_user: MakeUser, monkeypatch: pytest.MonkeyPatch, rows: Rows
) -> None:
    user = await make_user()
    slow = Slow(monkeypatch)
    tasks = [asyncio.create_task(api.post("/register", registration(n))) for n in range(5)]
    passwords = client.app[keys.PASSWORDS]
    await until(lambda: passwords.waiting == 4)
    refused = await api.post("/register", registration(99))
    refused.problem(503, "overloaded")
    assert refused.headers["Retry-After"] == "1"
    # A name that is taken is refused without a place in the queue.
    taken = await api.post("/register", {**registration(98), "username": user.username.upper()})
    taken.problem(409, "username_taken")
    taken = await api.post("/register", {**registration(98), "email": user.email})
    taken.problem(409, "email_taken")
    login = asyncio.create_task(api.post("/login", {"username": user.username, "password": PASSWORD}))
    await until(lambda: passwords.waiting == 5)
    slow.goes_on.set()
    assert [reply.status for reply in await asyncio.gather(*tasks, login)] == [201] * 5 + [200]
    assert slow.done[1].startswith("check"), "the login goes before the registrations that came first"


async def test_registrations_whose_clients_hang_up_cost_nothing(
    client: Client, api: Api, make_user: MakeUser, monkeypatch: pytest.MonkeyPatch, rows: Rows
) -> None:
    slow = Slow(monkeypatch)
    first = asyncio.create_task(api.post("/register", registration(0)))
    passwords = client.app[keys.PASSWORDS]
    await until(lambda: passwords._free == 0)
    body = b'{"name": "N", "username": "gone%d", "email": "gone%d@example.com", "password": "long enough 17"}'
    for number in range(3):
        _, writer = await asyncio.open_connection("127.0.0.1", client.port)
        sent = body % (number, number)
        head = b"POST /register HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        writer.write(head + b"Content-Length: %d\r\n\r\n" % len(sent) + sent)
        await until(lambda wanted=number + 1: passwords.waiting == wanted)
        writer.close()
        await writer.wait_closed()
    await until(lambda: all(one.asker.is_gone() for one in passwords._hashes))
    slow.goes_on.set()
    assert (await first).status == 201
    await until(lambda: passwords.waiting == 0)
    assert slow.done == [f"hash {PASSWORD}"]
    assert [row.username for row in rows("SELECT username FROM users")] == ["new0"]


async def test_an_address_registers_a_hundred_and_then_ten_a_minute(
    api: Api, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def cheap(*_: object, **__: object) -> str:
        return "x"

    monkeypatch.setattr(client.app[keys.PASSWORDS], "hash", cheap)
    here, there = come_from("203.0.113.5"), come_from("203.0.113.6")
    statuses = [(await api.post("/register", registration(n), headers=here)).status for n in range(100)]
    assert set(statuses) == {201}
    refused = await api.post("/register", registration(100), headers=here)
    refused.problem(429, "too_many_requests")
    assert 1 <= int(refused.headers["Retry-After"]) <= 6
    assert '"registrations";q=100;w=600' in refused.headers["RateLimit-Policy"]
    assert '"registrations";r=0;t=' in refused.headers["RateLimit"]
    assert (await api.post("/register", registration(100), headers=there)).status == 201
    # This machine's own address says nothing of who calls.
    assert (await api.post("/register", registration(101))).status == 201
