"""A sign-in from where the account had not been is mailed to its user."""

import dataclasses
import json

import pytest

from bms.security.agents import device_name
from bms.settings import Settings
from tests.kit.api import Api, Client
from tests.kit.limits import come_from
from tests.kit.types import MakeUser, Rows
from tests.kit.users import PASSWORD, User

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return dataclasses.replace(settings, trusted_proxies=1)


def notices(rows: Rows, user: User) -> list[dict[str, str]]:
    mails = rows(
        "SELECT payload FROM outbox WHERE kind = 'signed_in' AND recipient = ? ORDER BY id", user.email
    )
    return [json.loads(mail.payload) for mail in mails]


async def sign_in(client: Client, user: User, address: str, agent: str = FIREFOX) -> None:
    """Sign in with a browser that has no cookie."""
    client.session.cookie_jar.clear()
    headers = {"User-Agent": agent, **come_from(address)}
    body = {"username": user.username, "password": PASSWORD}
    assert (await Api(client).post("/login", body, headers=headers)).status == 200


async def test_from_elsewhere(client: Client, make_user: MakeUser, rows: Rows) -> None:
    user = await make_user()
    assert notices(rows, user) == [], "the first sign-in is no news"
    await sign_in(client, user, "203.0.113.5")
    await sign_in(client, user, "203.0.113.5", "curl/8.5.0")
    (told,) = notices(rows, user)
    assert (told["device"], told["address"]) == ("Firefox, Linux", "203.0.113.5")
    assert told["signed_in_at"].endswith("Z")
    # A provider moves a customer about within a network of 64 bits.
    await sign_in(client, user, "2001:db8:1:2::5")
    await sign_in(client, user, "2001:db8:1:2:ffff::9")
    assert len(notices(rows, user)) == 2
    await sign_in(client, user, "2001:db8:1:3::5")
    assert len(notices(rows, user)) == 3


async def test_a_known_device_is_no_news_wherever_it_is(api: Api, make_user: MakeUser, rows: Rows) -> None:
    user = await make_user()  # with the cookie of this client
    body = {"username": user.username, "password": PASSWORD}
    assert (await api.post("/login", body, headers=come_from("203.0.113.7"))).status == 200
    assert notices(rows, user) == []


async def test_another_accounts_cookie_is_of_no_use(api: Api, make_user: MakeUser, rows: Rows) -> None:
    user, _ = await make_user(), await make_user()  # the second one's cookie takes the place of the first
    body = {"username": user.username, "password": PASSWORD}
    assert (await api.post("/login", body, headers=come_from("203.0.113.7"))).status == 200
    assert len(notices(rows, user)) == 1


@pytest.mark.parametrize(
    ("agent", "name"),
    [
        (FIREFOX, "Firefox, Linux"),
        (
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) ... Chrome/140.0 Safari/537.36 Edg/140.0",
            "Edge, Windows",
        ),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) ... CriOS/140 Safari/604.1",
            "Chrome, iPhone",
        ),
        ("Mozilla/5.0 (Linux; Android 15; Pixel) ... Chrome/140.0 Mobile Safari/537.36", "Chrome, Android"),
        ("curl/8.5.0", "curl"),
        ("You have won! https://evil.example", None),
        ("", None),
        (None, None),
    ],
)
def test_a_device_is_named_in_our_words(agent: str | None, name: str | None) -> None:
    assert device_name(agent) == name
