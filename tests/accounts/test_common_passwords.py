"""Registration refuses what is easy to guess, where the operator wants that."""

import dataclasses

import pytest

from bms.security.common_passwords import is_common
from bms.settings import Settings
from tests.kit.api import Api
from tests.kit.refusals import contents
from tests.kit.types import Rows

COMMON = [
    "password",
    "Password1!",
    "12345678",
    "abcd1234",
    "qwerty123",
    "iloveyou",
    "aaaaaaaaaaaaaaaa",
    "01012000",
]
OWN = ["adalovelace", "lovelace", "ada@tickets.example", "ticketsticketstickets"]
GOOD = ["correct horse battery", "quiet-lamp-otter", "Xk9#mmQ2vv", "पुराना पीपल का पेड़", "x7$Qz!pw9"]


@pytest.mark.parametrize("password", COMMON + OWN)
def test_what_is_easy_to_guess(password: str) -> None:
    assert is_common(password, ["adalovelace", "Ada Lovelace", "ada@tickets.example"])


@pytest.mark.parametrize("password", GOOD)
def test_what_is_not(password: str) -> None:
    assert not is_common(password, ["adalovelace", "Ada Lovelace", "ada@tickets.example"])


class TestWhereTheyAreRefused:
    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        return dataclasses.replace(settings, refuse_common_passwords=True)

    @pytest.mark.parametrize("path", ["/register", "/users"])
    async def test_at_registration(self, api: Api, rows: Rows, path: str) -> None:
        body = {"username": "adalovelace", "name": "Ada", "email": "ada@tickets.example"}
        before = contents(rows)
        for password in (*COMMON, *OWN):
            reply = await api.post(path, {**body, "password": password})
            assert [e["pointer"] for e in reply.problem(422, "validation_failed")["errors"]] == ["/password"]
        assert contents(rows) == before
        assert (await api.post(path, {**body, "password": GOOD[0]})).status == 201


async def test_where_they_are_not(api: Api) -> None:
    """The twin: sources 002 and 004 register with such."""
    assert (await api.post("/register", {"username": "u", "password": "testpassword"})).status == 201
