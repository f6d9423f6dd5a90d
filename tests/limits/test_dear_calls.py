"""Calls that cost much: how many, and what the replies say of the limit."""

import re

from bms.app import ENDPOINTS
from bms.settings import Settings
from tests.kit.api import Api
from tests.kit.limits import come_from
from tests.kit.users import PASSWORD, User

HERE, THERE = come_from("203.0.113.5"), come_from("198.51.100.7")

# draft-ietf-httpapi-ratelimit-headers-10: a list of strings with parameters (RFC 9651).
POLICY = re.compile(r'"[a-z_]+";q=\d+;w=\d+(, "[a-z]+";q=\d+;w=\d+)*')
LEFT = re.compile(r'"[a-z]+";r=\d+;t=\d+(, "[a-z]+";r=\d+;t=\d+)*')


def test_what_is_dear() -> None:
    assert {endpoint.path for endpoint in ENDPOINTS if endpoint.dear} == {
        *("/login", "/token", "/token/refresh", "/register", "/users", "/profile/password"),
        *("/password/forgot", "/password/reset", "/email/confirm", "/profile/email"),
        *("/profile/totp", "/profile/totp/confirm"),
        *("/events/{id}/bookings.csv", "/events/{id}/complimentary"),
        *("/seating-plans", "/seating-plans/{id}", "/seating-plans/{id}/publish"),
        *("/seating-plans/check", "/seating-plans/generate", "/seating-plans/import"),
        "/seating-plans/{id}/versions/{version_id}/export",
        *("/events/{id}/seating", "/events/{id}/seating/suggest"),
    }
    own = Settings()
    assert (own.rate_dear_per_address, own.rate_dear_per_user) == ((300, 1), (60, 2))


async def test_a_stranger_has_those_of_the_address(api: Api, settings: Settings) -> None:
    for number in range(300):
        # Whatever is sent counts, before anybody looks at it.
        reply = await api.post("/token/refresh", {"refresh_token": f"x{number}"}, headers=HERE)
        assert reply.status == 401, reply.text
        if not number:
            assert reply.headers["RateLimit-Policy"] == '"dear";q=300;w=300'
            assert reply.headers["RateLimit"] == '"dear";r=299;t=1'
    for path, body in (("/token/refresh", {"refresh_token": "x"}), ("/login", {}), ("/register", {})):
        refused = await api.post(path, body, headers=HERE)
        if refused.status != 429:  # a second has passed meanwhile
            continue
        refused.problem(429, "too_many_requests")
        assert refused.headers["Retry-After"] == "1"
        assert refused.headers["RateLimit"].startswith('"dear";r=0;t=')
    assert (await api.post("/login", {}, headers=THERE)).status == 422


async def test_a_caller_has_their_own_wherever_they_are(api: Api, buyer: User, make_user) -> None:  # type: ignore[no-untyped-def]
    other = await make_user()
    body = {"current_password": "", "new_password": ""}
    statuses = []
    for number in range(70):
        at = come_from(f"203.0.113.{number}")
        reply = await api.post("/profile/password", body, token=buyer.token, headers=at)
        statuses.append(reply.status)
        assert POLICY.fullmatch(reply.headers["RateLimit-Policy"])
        assert LEFT.fullmatch(reply.headers["RateLimit"])
    assert statuses[:60] == [422] * 60
    assert 429 in statuses[60:]
    assert (await api.post("/profile/password", body, token=other.token)).status == 422


async def test_where_no_limit_applies_nothing_is_said(api: Api, buyer: User) -> None:
    for reply in (
        await api.get("/events"),
        await api.post("/login", {"username": buyer.username, "password": PASSWORD}),
    ):
        assert reply.status == 200
        assert "RateLimit" not in reply.headers
        assert "RateLimit-Policy" not in reply.headers
