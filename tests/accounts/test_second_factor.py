"""A second factor: set up, asked for at every login, each code once."""

import asyncio
import dataclasses
from urllib.parse import parse_qs, urlsplit

import pyotp
import pytest

from bms.commands.accounts import second_factor
from bms.security.second_factor import RECOVERY_CODES
from bms.settings import Settings
from bms.terms import Role
from tests.kit.api import Api, Client, Reply
from tests.kit.limits import DEFAULTS, come_from
from tests.kit.proofs import code_of
from tests.kit.refusals import contents
from tests.kit.types import MakeUser, Rows
from tests.kit.users import PASSWORD, User


async def login(api: Api, user: User, otp: str | None = None, password: str = PASSWORD, **options) -> Reply:  # type: ignore[no-untyped-def]
    body = {"username": user.username, "password": password}
    return await api.post("/login", body if otp is None else {**body, "otp": otp}, **options)


async def enrol(api: Api, user: User) -> tuple[str, list[str]]:
    """Return the secret and the recovery codes. The code of the present step is used up."""
    begun = await api.post("/profile/totp", {"password": PASSWORD}, token=user.token)
    assert begun.status == 200, begun.text
    secret = begun.json["secret"]
    done = await api.post("/profile/totp/confirm", {"code": code_of(secret)}, token=user.token)
    assert done.status == 200, done.text
    return secret, done.json["recovery_codes"]


async def test_setting_one_up(api: Api, buyer: User, rows: Rows) -> None:
    begun = (await api.post("/profile/totp", {"password": PASSWORD}, token=buyer.token)).json
    uri = urlsplit(begun["uri"])
    assert (uri.scheme, uri.netloc, uri.path) == ("otpauth", "totp", f"/BMS:{buyer.username}")
    assert parse_qs(uri.query)["secret"] == [begun["secret"]]
    assert len(begun["secret"]) == 32
    # Until a code is shown, a login needs none.
    assert (await login(api, buyer)).status == 200
    assert (await api.get("/profile", token=buyer.token)).json["second_factor"] is False
    for wrong in ("000000", "12345", "1234567", "x", code_of(begun["secret"], 5)):
        reply = await api.post("/profile/totp/confirm", {"code": wrong}, token=buyer.token)
        reply.problem(422, "validation_failed")
    code = code_of(begun["secret"])
    done = await api.post("/profile/totp/confirm", {"code": f"{code[:3]} {code[3:]}"}, token=buyer.token)
    codes = done.json["recovery_codes"]
    assert len(set(codes)) == RECOVERY_CODES
    assert (await api.get("/profile", token=buyer.token)).json["second_factor"] is True
    again = await api.post("/profile/totp/confirm", {"code": code}, token=buyer.token)
    again.problem(409, "conflict")
    (await api.post("/profile/totp", {"password": PASSWORD}, token=buyer.token)).problem(409, "conflict")
    stored = str(contents(rows))
    assert buyer.username in stored
    assert begun["secret"] not in stored, "the secret is computed"
    assert not any(code in stored or code.replace("-", "") in stored for code in codes)
    kinds = [mail.kind for mail in rows("SELECT kind FROM outbox ORDER BY id")]
    assert kinds == ["registration", "second_factor_changed"]


async def test_a_login_needs_it(api: Api, buyer: User) -> None:
    secret, _ = await enrol(api, buyer)
    (await login(api, buyer)).problem(401, "otp_required")
    # A wrong password is told apart from nothing: whether there is a second factor, too.
    (await login(api, buyer, password="wrong")).problem(401, "invalid_credentials")
    (await login(api, buyer, code_of(secret, 1), "wrong")).problem(401, "invalid_credentials")
    for wrong in ("000000", code_of(secret, 5), code_of(secret, -5), "AAAAA-AAAAA", "- -", "\u0661" * 6):
        (await login(api, buyer, wrong)).problem(401, "invalid_otp")
    reply = await login(api, buyer, code_of(secret, 1))
    assert reply.status == 200, reply.text
    assert (await api.get("/profile", token=reply.json["access_token"])).status == 200


async def test_a_code_is_used_once(api: Api, buyer: User) -> None:
    secret, _ = await enrol(api, buyer)
    (await login(api, buyer, code_of(secret))).problem(401, "invalid_otp")  # it set the factor up
    code = code_of(secret, 1)
    assert (await login(api, buyer, code)).status == 200
    (await login(api, buyer, code)).problem(401, "invalid_otp")
    (await login(api, buyer, code_of(secret))).problem(401, "invalid_otp")  # nor an earlier one


async def test_of_logins_by_one_code_at_once_one_succeeds(api: Api, buyer: User) -> None:
    secret, codes = await enrol(api, buyer)
    for otp in (code_of(secret, 1), codes[0]):
        replies = await asyncio.gather(*(login(api, buyer, otp) for _ in range(5)))
        assert sorted(reply.status for reply in replies) == [200] + [401] * 4


async def test_without_the_guard_all_of_them_do(
    api: Api, buyer: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The twin of the test above."""
    secret, _ = await enrol(api, buyer)
    statement = second_factor.USE_STEP
    text = statement.text.replace("last_step < @step", "(last_step < @step OR 1 = 1)")
    unguarded = dataclasses.replace(statement, name="test.use_step_unguarded", text=text)
    monkeypatch.setattr(second_factor, "USE_STEP", unguarded)
    code = code_of(secret, 1)
    replies = await asyncio.gather(*(login(api, buyer, code) for _ in range(5)))
    assert [reply.status for reply in replies] == [200] * 5


async def test_recovery_codes_are_for_who_has_lost_the_app(api: Api, make_user: MakeUser) -> None:
    user, other = await make_user(), await make_user()
    _, codes = await enrol(api, user)
    await enrol(api, other)
    for otp in (codes[0], codes[1].lower(), codes[2].replace("-", ""), f" {codes[3]} "):
        assert (await login(api, user, otp)).status == 200
        (await login(api, user, otp)).problem(401, "invalid_otp")
    (await login(api, other, codes[4])).problem(401, "invalid_otp")
    assert (await login(api, user, codes[4])).status == 200


async def test_removing_it_takes_the_password_and_a_code(api: Api, buyer: User, rows: Rows) -> None:
    secret, codes = await enrol(api, buyer)
    right = {"password": PASSWORD, "code": code_of(secret, 1)}
    for change, pointer in (({"password": "wrong"}, "/password"), ({"code": "000000"}, "/code")):
        reply = await api.request("DELETE", "/profile/totp", {**right, **change}, token=buyer.token)
        assert [e["pointer"] for e in reply.problem(422, "validation_failed")["errors"]] == [pointer]
    removed = await api.request("DELETE", "/profile/totp", right, token=buyer.token)
    assert (removed.status, removed.text) == (204, "")
    assert (await login(api, buyer)).status == 200
    assert rows("SELECT COUNT(*) FROM recovery_codes")[0][0] == 0
    again = await api.request("DELETE", "/profile/totp", right, token=buyer.token)
    again.problem(409, "conflict")
    # A new one has a new secret and new codes.
    renewed, fresh = await enrol(api, buyer)
    assert renewed != secret
    assert not set(fresh) & set(codes)
    (await login(api, buyer, codes[0])).problem(401, "invalid_otp")


async def test_an_admin_takes_it_from_who_has_lost_it(api: Api, buyer: User, admin: User, rows: Rows) -> None:
    await enrol(api, buyer)
    path = f"/users/{buyer.id}/totp"
    (await api.delete(path, token=buyer.token)).problem(403, "forbidden")
    for _ in range(2):
        assert (await api.delete(path, token=admin.token)).status == 204
    assert (await login(api, buyer)).status == 200
    (await api.delete("/users/999999/totp", token=admin.token)).problem(404, "not_found")
    mails = rows("SELECT kind FROM outbox WHERE recipient = ? ORDER BY id", buyer.email)
    assert [mail.kind for mail in mails].count("second_factor_changed") == 2
    audited = rows("SELECT user_id FROM audit_log WHERE action = 'reset_second_factor'")
    assert [line.user_id for line in audited] == [admin.id] * 2


class TestWhereARoleNeedsOne:
    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        roles = frozenset({Role.ADMIN, Role.EVENT_MANAGER})
        return dataclasses.replace(settings, require_second_factor=roles)

    async def test_without_one_a_session_can_only_set_one_up(self, api: Api, make_user: MakeUser) -> None:
        admin, user = await make_user("ADMIN"), await make_user()
        for method, path, body in (
            ("GET", "/users", None),
            ("GET", "/bookings", None),
            ("GET", "/profile", None),
            ("POST", "/register", {"username": "boss", "password": PASSWORD, "role": "ADMIN"}),
            ("PATCH", f"/users/{user.id}", {"role": "ADMIN"}),
            ("DELETE", f"/users/{admin.id}/totp", None),
        ):
            reply = await api.request(method, path, body, token=admin.token)
            reply.problem(403, "enrol_second_factor")
        assert (await api.get("/profile", token=user.token)).status == 200
        secret, _ = await enrol(api, admin)
        # The same session goes on.
        assert (await api.get("/users", token=admin.token)).status == 200
        tokens = (await login(api, admin, code_of(secret, 1))).json
        assert (await api.get("/users", token=tokens["access_token"])).status == 200

    async def test_it_may_end_itself(self, api: Api, make_user: MakeUser) -> None:
        manager = await make_user("EVENT_MANAGER")
        assert (await api.post("/logout", token=manager.token)).status == 204

    async def test_a_role_that_comes_later_needs_one_then(self, api: Api, make_user: MakeUser) -> None:
        admin, user = await make_user("ADMIN"), await make_user()
        await enrol(api, admin)
        assert (await api.get("/profile", token=user.token)).status == 200
        change = {"role": "EVENT_MANAGER"}
        assert (await api.patch(f"/users/{user.id}", change, token=admin.token)).status == 200
        (await api.get("/profile", token=user.token)).problem(403, "enrol_second_factor")


class TestWrongCodes:
    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        return dataclasses.replace(settings, **DEFAULTS, trusted_proxies=1)

    async def test_they_slow_down_whoever_has_the_password_from_anywhere(
        self, api: Api, client: Client, buyer: User
    ) -> None:
        secret, codes = await enrol(api, buyer)
        owners = {cookie.key: cookie.value for cookie in client.session.cookie_jar}
        client.session.cookie_jar.clear()
        for number in range(10):
            at = come_from(f"203.0.113.{number}")
            (await login(api, buyer, "000000", headers=at)).problem(401, "invalid_otp")
            # That the password is right forgets nothing.
            (await login(api, buyer, headers=at)).problem(401, "otp_required")
        at = come_from("203.0.113.99")
        (await login(api, buyer, code_of(secret, 1), headers=at)).problem(429, "too_many_attempts")
        # The owner's own device has a counter of its own.
        client.session.cookie_jar.update_cookies(owners)
        assert (await login(api, buyer, codes[0], headers=come_from("198.51.100.7"))).status == 200

    async def test_so_they_do_in_a_session(self, api: Api, buyer: User) -> None:
        await enrol(api, buyer)
        body = {"password": PASSWORD, "code": "000000"}
        for _ in range(10):
            reply = await api.request("DELETE", "/profile/totp", body, token=buyer.token)
            reply.problem(422, "validation_failed")
        reply = await api.request("DELETE", "/profile/totp", body, token=buyer.token)
        reply.problem(429, "too_many_attempts")


def test_the_kit_makes_the_codes_of_rfc_6238() -> None:
    """Appendix B of the RFC, cut to six digits."""
    totp = pyotp.TOTP("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ")
    assert [totp.generate_otp(t // 30) for t in (59, 1111111109, 1234567890)] == [
        "287082",
        "081804",
        "005924",
    ]
