"""The way back after a forgotten password, by a link in a mail or by the operator."""

import asyncio
import dataclasses

import pytest

from bms.commands import audit
from bms.commands.accounts import passwords, single_use
from bms.errors import LinkInvalid
from bms.maintenance.jobs import reset_password
from bms.security.link_tokens import hash_of
from bms.settings import Settings
from bms.sql.database import Database
from bms.terms import Purpose
from tests.kit.api import Api, Reply
from tests.kit.proofs import Links, code_of
from tests.kit.types import MakeUser, Rows
from tests.kit.users import PASSWORD, User

NEW = "another horse battery"


async def forget(api: Api, email: str | None) -> Reply:
    return await api.post("/password/forgot", {"email": email})


async def choose(api: Api, token: str, password: str = NEW) -> Reply:
    return await api.post("/password/reset", {"token": token, "password": password})


async def login(api: Api, user: User, password: str) -> Reply:
    return await api.post("/login", {"username": user.username, "password": password})


async def test_a_link_sets_a_new_password_once(
    api: Api, buyer: User, make_user: MakeUser, rows: Rows, links: Links
) -> None:
    other = await make_user()
    assert buyer.email is not None
    reply = await forget(api, buyer.email.upper())
    assert (reply.status, reply.text) == (202, "")
    token = links.reset(buyer.email)
    assert (await api.get("/profile", token=buyer.token)).status == 200
    assert (await choose(api, token)).status == 204
    # Whoever was signed in is signed out; nobody else is.
    (await api.get("/profile", token=buyer.token)).problem(401, "unauthenticated")
    refused = await api.post("/token/refresh", {"refresh_token": buyer.refresh_token})
    refused.problem(401, "invalid_refresh_token")
    assert (await api.get("/profile", token=other.token)).status == 200
    (await login(api, buyer, PASSWORD)).problem(401, "invalid_credentials")
    assert (await login(api, buyer, NEW)).status == 200
    (await choose(api, token, "third horse battery")).problem(410, "link_invalid")
    mails = [
        mail.kind for mail in rows("SELECT kind FROM outbox WHERE recipient = ? ORDER BY id", buyer.email)
    ]
    assert mails == ["registration", "password_reset", "password_changed"]


async def test_nobody_learns_who_has_an_account(api: Api, buyer: User, rows: Rows) -> None:
    known, unknown = await forget(api, buyer.email), await forget(api, "nobody@example.com")
    assert (known.status, known.text) == (unknown.status, unknown.text) == (202, "")
    different = {"X-Request-ID", "Date"}
    headers = [{k: v for k, v in reply.headers.items() if k not in different} for reply in (known, unknown)]
    assert headers[0] == headers[1]
    assert [row.recipient for row in rows("SELECT recipient FROM outbox WHERE kind = 'password_reset'")] == [
        buyer.email
    ]


async def test_the_same_is_done_whether_or_not_there_is_an_account(
    db: Database, buyer: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No time is measured: the same statements run, and both transactions write."""
    assert buyer.email is not None
    done: dict[str, list[str]] = {}
    for email in (buyer.email, "nobody@example.com"):
        ran = done.setdefault(email, [])

        def note(tx, *, _ran=ran, **options):  # type: ignore[no-untyped-def]
            execute, row = tx.execute, tx.row
            monkeypatch.setattr(tx, "execute", lambda s, **o: (_ran.append(s.name), execute(s, **o))[1])
            monkeypatch.setattr(tx, "row", lambda s, **o: (_ran.append(s.name), row(s, **o))[1])
            return passwords.request_reset(tx, **options)

        await db.transact(note, email=email, seed=f"s{email}", token_hash=f"h{email}", request_id=None)
    first, second = done.values()
    assert first == second
    assert audit.INSERT.name in first
    assert single_use.INSERT.name in first


async def test_a_barred_account_gets_no_link(api: Api, buyer: User, rows: Rows, links: Links) -> None:
    assert buyer.email is not None
    await forget(api, buyer.email)
    rows("UPDATE users SET is_active = 0 WHERE id = ?", buyer.id)
    (await choose(api, links.reset(buyer.email))).problem(410, "link_invalid")
    await forget(api, buyer.email)
    assert len(links.all("password_reset", buyer.email)) == 1


async def test_a_link_ends_after_an_hour(api: Api, buyer: User, rows: Rows, links: Links) -> None:
    assert buyer.email is not None
    await forget(api, buyer.email)
    (seconds,) = rows("SELECT DATEDIFF(SECOND, created_at, expires_at) AS n FROM single_use_tokens")
    assert seconds.n == 3600
    rows("UPDATE single_use_tokens SET expires_at = SYSUTCDATETIME()")
    (await choose(api, links.reset(buyer.email))).problem(410, "link_invalid")
    assert (await login(api, buyer, PASSWORD)).status == 200


COMMON = [
    "password",
    "password1",
    "PASSWORD123",
    "12345678",
    "qwertyuiop",
    "P@ssw0rd",
    "aaaaaaaa",
    "letmein1",
]


async def test_a_password_that_is_easy_to_guess_leaves_the_link_as_it_is(
    api: Api, buyer: User, links: Links
) -> None:
    assert buyer.email is not None
    await forget(api, buyer.email)
    token = links.reset(buyer.email)
    for password in (*COMMON, buyer.username, f"{buyer.username}1", buyer.email):
        reply = await choose(api, token, password if len(password) >= 8 else password * 2)
        (error,) = reply.problem(422, "validation_failed")["errors"]
        assert (error["pointer"], "guess" in error["message"]) == ("/password", True), password
    (await choose(api, token, "short")).problem(422, "validation_failed")
    assert (await choose(api, token)).status == 204


async def test_it_confirms_the_address_of_who_registered_with_it(
    api: Api, register: MakeUser, rows: Rows, links: Links
) -> None:
    """Somebody else may have: then the account is the address's now, and nothing of theirs opens it."""
    user = await register("victim@example.com")
    secret = (await api.post("/profile/totp", {"password": PASSWORD}, token=user.token)).json["secret"]
    enrolled = await api.post("/profile/totp/confirm", {"code": code_of(secret)}, token=user.token)
    assert enrolled.status == 200
    pending = {"email": "attacker@example.com", "password": PASSWORD}
    assert (await api.post("/profile/email", pending, token=user.token)).status == 202
    await forget(api, "victim@example.com")
    assert (await choose(api, links.reset("victim@example.com"))).status == 204
    assert rows("SELECT email_confirmed_at FROM users WHERE id = ?", user.id)[0][0] is not None
    (await api.get("/profile", token=user.token)).problem(401, "unauthenticated")
    attackers = links.confirmation("attacker@example.com")
    (await api.post("/email/confirm", {"token": attackers})).problem(410, "link_invalid")
    assert (await login(api, user, NEW)).status == 200, "without the stranger's second factor"


async def test_a_second_factor_of_a_confirmed_address_stays(api: Api, buyer: User, links: Links) -> None:
    """A mailbox alone must not be enough."""
    secret = (await api.post("/profile/totp", {"password": PASSWORD}, token=buyer.token)).json["secret"]
    await api.post("/profile/totp/confirm", {"code": code_of(secret)}, token=buyer.token)
    await forget(api, buyer.email)
    assert buyer.email is not None
    assert (await choose(api, links.reset(buyer.email))).status == 204
    (await login(api, buyer, NEW)).problem(401, "otp_required")


async def test_of_two_at_once_one_wins(api: Api, buyer: User, links: Links) -> None:
    assert buyer.email is not None
    await forget(api, buyer.email)
    token, news = links.reset(buyer.email), ("first new password 7", "second new password 7")
    replies = await asyncio.gather(*(choose(api, token, new) for new in news))
    assert sorted(reply.status for reply in replies) == [204, 410]
    for reply, new in zip(replies, news, strict=True):
        assert (await login(api, buyer, new)).status == (200 if reply.status == 204 else 401)


async def test_without_the_guard_both_win(
    api: Api, buyer: User, links: Links, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The twin of the test above."""
    monkeypatch.setattr(passwords, "use_token", lambda *_, **__: True)
    monkeypatch.setattr(passwords, "void_tokens", lambda *_, **__: None)
    assert buyer.email is not None
    await forget(api, buyer.email)
    token = links.reset(buyer.email)
    assert [
        (await choose(api, token, new)).status for new in ("first new password 7", "second new password 7")
    ] == [
        204,
        204,
    ]


async def test_a_changed_password_makes_links_useless(
    api: Api, db: Database, buyer: User, links: Links
) -> None:
    assert buyer.email is not None
    await forget(api, buyer.email)
    body = {"current_password": PASSWORD, "new_password": NEW}
    assert (await api.post("/profile/password", body, token=buyer.token)).status == 200
    token = links.reset(buyer.email)
    (await choose(api, token, "third horse battery")).problem(410, "link_invalid")
    with pytest.raises(LinkInvalid):
        await db.transact(single_use.find_owner, token_hash=hash_of(token + "x"), purpose=Purpose.PASSWORD)


class TestMailsOnRequest:
    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        rate = Settings().rate_account_mails_per_address
        return dataclasses.replace(settings, rate_account_mails_per_address=rate)

    async def test_an_address_gets_a_few_whoever_asks_and_whether_it_is_known(
        self, api: Api, buyer: User, make_user: MakeUser, rows: Rows
    ) -> None:
        other = await make_user()
        for email in (buyer.email, "nobody@example.com"):
            for _ in range(4):
                assert (await forget(api, email)).status == 202
            change = {"email": email, "password": PASSWORD}
            await api.post("/profile/email", change, token=other.token)
            refused = await forget(api, email.upper() if email else None)
            refused.problem(429, "too_many_requests")
            assert 590 < int(refused.headers["Retry-After"]) <= 600
            again = await api.post("/profile/email", change, token=other.token)
            again.problem(429, "too_many_requests")
        assert (await forget(api, other.email)).status == 202


async def test_the_operator_sets_a_password(
    api: Api, buyer: User, settings: Settings, database_url: str, rows: Rows
) -> None:
    secret = (await api.post("/profile/totp", {"password": PASSWORD}, token=buyer.token)).json["secret"]
    await api.post("/profile/totp/confirm", {"code": code_of(secret)}, token=buyer.token)
    name = buyer.username.upper()
    await reset_password(settings, database_url, username=name, password=NEW, keep_second_factor=True)
    (await api.get("/profile", token=buyer.token)).problem(401, "unauthenticated")
    (await login(api, buyer, NEW)).problem(401, "otp_required")
    await reset_password(settings, database_url, username=name, password=NEW, keep_second_factor=False)
    assert (await login(api, buyer, NEW)).status == 200
    audited = rows("SELECT user_id, subject_id FROM audit_log WHERE action = 'set_password'")
    assert [tuple(line) for line in audited] == [(None, buyer.id)] * 2
