"""An address belongs to who opens the link that is mailed there."""

import json
from typing import Any

import pytest

from bms.sql.database import Database
from bms.tasks.sweeps import ADDRESSES, sweep
from tests.kit.api import Api
from tests.kit.outgoing import Outgoing
from tests.kit.proofs import Links
from tests.kit.refusals import contents
from tests.kit.scene import Scene
from tests.kit.types import MakeUser, Rows
from tests.kit.users import PASSWORD, User


def state(rows: Rows, user: User) -> tuple[str | None, bool]:
    """Return an account's address, and whether it is confirmed."""
    (row,) = rows("SELECT email, email_folded, email_confirmed_at FROM users WHERE id = ?", user.id)
    assert (row.email is None) == (row.email_folded is None)
    return row.email, row.email_confirmed_at is not None


async def confirm(api: Api, token: str, status: int = 204) -> Any:
    reply = await api.post("/email/confirm", {"token": token})
    assert reply.status == status, reply.text
    return reply


async def test_a_link_confirms_the_address(api: Api, register: MakeUser, rows: Rows, links: Links) -> None:
    user = await register("Ada@Example.com")
    assert state(rows, user) == ("Ada@Example.com", False)
    assert (await api.get("/profile", token=user.token)).json["email_confirmed"] is False
    token = links.confirmation("Ada@Example.com")
    await confirm(api, token)
    assert state(rows, user) == ("Ada@Example.com", True)
    assert (await api.get("/profile", token=user.token)).json["email_confirmed"] is True
    # Who presses the button twice, or whose reply was lost, is told the same.
    await confirm(api, token)
    audited = rows("SELECT user_id, subject_id FROM audit_log WHERE action = 'confirm_address'")
    assert [tuple(line) for line in audited] == [(user.id, user.id)]


async def test_the_mail_has_no_words_of_the_registrant(
    api: Api, db: Database, rows: Rows, settings: Any, links: Links
) -> None:
    body = {
        "username": "WINBIGPRIZE",
        "name": "Visit https://evil.example NOW",
        "email": "victim@example.org",
        "password": PASSWORD,
    }
    assert (await api.post("/register", body)).status == 201
    outgoing = Outgoing(db, rows, settings)
    assert await outgoing.send() == 1
    (message,) = outgoing.tray.messages
    text = message.as_string() + "".join(str(part.get_content()) for part in message.iter_parts())
    for word in ("WINBIG", "winbig", "evil", "NOW"):
        assert word not in text
    assert f"http://127.0.0.1:8080/confirm/{links.confirmation('victim@example.org')}" in text


async def test_no_table_holds_a_token(api: Api, register: MakeUser, rows: Rows, links: Links) -> None:
    user = await register()
    assert user.email is not None
    token = links.confirmation(user.email)
    stored = str(contents(rows))
    assert user.email in stored
    assert token not in stored


@pytest.mark.parametrize("token", ["x", "", "x" * 200, "../../x", "ä", "%00"])
async def test_what_is_no_link_of_ours(api: Api, register: MakeUser, rows: Rows, token: str) -> None:
    await register()
    before = contents(rows)
    for path, body in (("/email/confirm", {}), ("/password/reset", {"password": "another horse battery"})):
        reply = await api.post(path, {"token": token, **body})
        reply.problem(410, "link_invalid") if token else reply.problem(422, "validation_failed")
    assert contents(rows) == before


async def test_a_link_ends_after_a_day_and_is_for_one_purpose(
    api: Api, register: MakeUser, rows: Rows, links: Links
) -> None:
    user = await register()
    assert user.email is not None
    token = links.confirmation(user.email)
    body = {"token": token, "password": "another horse battery"}
    (await api.post("/password/reset", body)).problem(410, "link_invalid")
    rows("UPDATE single_use_tokens SET expires_at = DATEADD(SECOND, -1, SYSUTCDATETIME())")
    await confirm(api, token, 410)
    assert state(rows, user) == (user.email, False)


async def test_until_then_only_what_was_booked_is_mailed(
    scene: Scene, register: MakeUser, rows: Rows
) -> None:
    user = await register()
    booking = await scene.paid(by=user)
    await scene.api.post(
        "/notifications", {"event": scene.event["id"], "message": "Buy now!"}, token=scene.organiser.token
    )
    await scene.api.post(
        "/profile/password",
        {"current_password": PASSWORD, "new_password": "another horse battery"},
        token=user.token,
    )
    mails = rows("SELECT kind, payload FROM outbox WHERE recipient = ? ORDER BY id", user.email)
    assert [mail.kind for mail in mails] == ["address_confirmation", "booking_confirmed"]
    assert json.loads(mails[1].payload)["name"] is None
    assert booking["reference"] in mails[1].payload
    told = rows("SELECT kind FROM notifications WHERE user_id = ? ORDER BY id", user.id)
    assert [one.kind for one in told] == ["booking_confirmed", "organizer_message"]


async def test_a_confirmed_one_gets_all_of_it(
    scene: Scene, register: MakeUser, rows: Rows, links: Links
) -> None:
    """The twin of the test above."""
    user = await register()
    assert user.email is not None
    await confirm(scene.api, links.confirmation(user.email))
    await scene.paid(by=user)
    await scene.api.post(
        "/notifications", {"event": scene.event["id"], "message": "Buy now!"}, token=scene.organiser.token
    )
    mails = rows("SELECT kind, payload FROM outbox WHERE recipient = ? ORDER BY id", user.email)
    assert [mail.kind for mail in mails][1:] == ["booking_confirmed", "organizer_message"]
    assert json.loads(mails[1].payload)["name"].startswith("New ")


async def test_the_reason_of_a_cancelled_booking_is_the_buyers_own_text(
    scene: Scene, register: MakeUser, rows: Rows
) -> None:
    user = await register()
    booking = await scene.paid(by=user)
    body = {"reason": "Visit https://evil.example"}
    await scene.api.post(f"/bookings/{booking['id']}/cancel", body, token=user.token)
    (mail,) = rows("SELECT payload FROM outbox WHERE kind = 'booking_cancelled'")
    assert "evil" not in mail.payload


async def test_who_proves_an_address_takes_it_over(
    api: Api, register: MakeUser, make_user: MakeUser, rows: Rows, links: Links
) -> None:
    squatter = await register("ann@example.com")
    ann = await make_user(email=None)
    # As source 000 asks, a taken address is told at registration.
    body = {"username": "annie", "password": PASSWORD, "email": "ANN@example.com"}
    (await api.post("/register", body)).problem(409, "email_taken")
    change = {"email": "ANN@example.com", "password": ann.password}
    assert (await api.post("/profile/email", change, token=ann.token)).status == 202
    assert state(rows, ann) == (None, False)
    await confirm(api, links.confirmation("ANN@example.com"))
    assert state(rows, ann) == ("ANN@example.com", True)
    assert state(rows, squatter) == (None, False)
    # The squatter's link, mailed to the same address, takes nothing back.
    (await api.post("/email/confirm", {"token": links.confirmation("ann@example.com")})).problem(
        409, "email_taken"
    )
    assert state(rows, ann) == ("ANN@example.com", True)


async def test_nobody_takes_a_confirmed_address(
    api: Api, make_user: MakeUser, rows: Rows, links: Links
) -> None:
    first, second, third = await make_user(email=None), await make_user(email=None), await make_user()
    body = {"email": third.email, "password": PASSWORD}
    (await api.post("/profile/email", body, token=first.token)).problem(409, "email_taken")
    body = {"email": "both@example.com", "password": PASSWORD}
    for user in (first, second):
        assert (await api.post("/profile/email", body, token=user.token)).status == 202
    for token, status in zip(links.all("address_confirmation", "both@example.com"), (204, 409), strict=True):
        await confirm(api, token, status)
    assert state(rows, first) == ("both@example.com", True)
    assert state(rows, second) == (None, False)


async def test_a_change_of_address(api: Api, make_user: MakeUser, rows: Rows, links: Links) -> None:
    user = await make_user()
    old = user.email
    await api.post("/password/forgot", {"email": old})
    for address in ("one@example.org", "two@example.org"):
        body = {"email": address, "password": PASSWORD}
        assert (await api.post("/profile/email", body, token=user.token)).status == 202
    assert state(rows, user) == (old, True), "nothing changes until the link is opened"
    await confirm(api, links.confirmation("one@example.org"), 410)  # the later one counts
    await confirm(api, links.confirmation("two@example.org"))
    assert state(rows, user) == ("two@example.org", True)
    # Whoever reads the old mailbox is told, and can do nothing any more.
    kinds = [mail.kind for mail in rows("SELECT kind FROM outbox WHERE recipient = ? ORDER BY id", old)]
    assert kinds == ["registration", "password_reset", "address_changed"]
    assert old is not None
    body = {"token": links.reset(old), "password": "another horse battery"}
    (await api.post("/password/reset", body)).problem(410, "link_invalid")
    assert (await api.post("/login", {"email": old, "password": PASSWORD})).status == 401
    assert (await api.post("/login", {"email": "two@example.org", "password": PASSWORD})).status == 200


async def test_a_change_needs_the_password(api: Api, buyer: User, rows: Rows) -> None:
    before = contents(rows)
    for wrong in ("wrong", PASSWORD + " ", ""):
        body = {"email": "new@example.com", "password": wrong}
        reply = await api.post("/profile/email", body, token=buyer.token)
        assert [e["pointer"] for e in reply.problem(422, "validation_failed")["errors"]] == ["/password"]
    assert contents(rows) == before


async def test_the_link_is_mailed_again(api: Api, register: MakeUser, rows: Rows, links: Links) -> None:
    user = await register()
    assert user.email is not None
    assert (await api.post("/email/resend", token=user.token)).status == 202
    first, second = links.all("address_confirmation", user.email)
    assert first != second
    await confirm(api, first)
    await confirm(api, second)
    (await api.post("/email/resend", token=user.token)).problem(409, "conflict")


async def test_an_unconfirmed_address_is_released_after_a_day(
    api: Api, db: Database, register: MakeUser, make_user: MakeUser, scene: Scene, rows: Rows, links: Links
) -> None:
    idle, buyer_, held, late = [await register() for _ in range(4)]
    await scene.paid(by=buyer_)
    booking = await scene.hold(held, scene.event)
    rows("UPDATE bookings SET status = 'EXPIRED' WHERE id = ?", booking["id"])
    confirmed = await make_user()
    rows("UPDATE users SET created_at = DATEADD(HOUR, -25, SYSUTCDATETIME()) WHERE id <> ?", late.id)
    assert await sweep(db, ADDRESSES) == 2
    assert await sweep(db, ADDRESSES) == 0
    assert [state(rows, user)[0] for user in (idle, held)] == [None, None]
    for user in (buyer_, late, confirmed):
        assert state(rows, user)[0] == user.email
    # The account stays, and another may have the address.
    assert (await api.get("/profile", token=idle.token)).json["email"] is None
    body = {"username": "second", "password": PASSWORD, "email": idle.email}
    assert (await api.post("/register", body)).status == 201
    # The link that was mailed first still proves whose address it is.
    rows("UPDATE single_use_tokens SET expires_at = DATEADD(DAY, 1, SYSUTCDATETIME())")
    assert idle.email is not None
    await confirm(api, links.all("address_confirmation", idle.email)[0])
    assert state(rows, idle) == (idle.email, True)


SAME = [
    ("a@münchen.example", "A@MÜNCHEN.example"),
    ("a@münchen.example", "a@xn--mnchen-3ya.example"),
    ("a@straße.example", "a@STRASSE.example"),
    ("Ann@Example.com", "ann@EXAMPLE.COM"),
]


@pytest.mark.parametrize(("first", "second"), SAME)
async def test_one_address_in_two_scripts(api: Api, first: str, second: str) -> None:
    same = first.casefold() != "a@strasse.example"  # IDNA 2008 tells ß from ss, as domains do
    for number, (email, status) in enumerate(((first, 201), (second, 409 if same else 201))):
        body = {"username": f"u{number}", "password": PASSWORD, "email": email}
        assert (await api.post("/register", body)).status == status
    assert (await api.post("/login", {"email": second, "password": PASSWORD})).status == 200


async def test_mail_goes_to_the_ascii_form(api: Api, db: Database, rows: Rows, settings: Any) -> None:
    body = {"username": "u", "password": PASSWORD, "email": "a@MÜNCHEN.example"}
    made = await api.post("/register", body)
    assert made.json["email"] == "a@münchen.example"
    outgoing = Outgoing(db, rows, settings)
    assert await outgoing.send() == 1
    assert str(outgoing.tray.messages[0]["To"]) == "a@xn--mnchen-3ya.example"


UNMAILABLE = [
    *("a@[127.0.0.1]", "a@[IPv6:::1]", '"a b"@example.com', "a..b@example.com", ".a@example.com"),
    *(
        "a.@example.com",
        "a@-b.example",
        "a@b_c.example",
        "Ann <a@example.com>",
        "a@example.com, b@example.com",
    ),
    *(
        "=?utf-8?q?a?=@example.com",
        "jürgen@example.com",
        "a@1.2.3.4",
        "a@example.com.",
        "a@ex\u200bample.com",
    ),
    *(
        f"{'x' * 65}@example.com",
        f"a@{'x' * 64}.example",
        "a@example",
        "a@\u202eexample.com",
        "a\x00@b.example",
    ),
]


@pytest.mark.parametrize("email", UNMAILABLE)
async def test_what_cannot_be_mailed_is_refused(api: Api, buyer: User, rows: Rows, email: str) -> None:
    before = contents(rows)
    register = await api.post("/register", {"username": "new", "password": PASSWORD, "email": email})
    change = await api.post("/profile/email", {"email": email, "password": PASSWORD}, token=buyer.token)
    for reply in (register, change, await api.post("/password/forgot", {"email": email})):
        assert [e["pointer"] for e in reply.problem(422, "validation_failed")["errors"]] == ["/email"]
    assert contents(rows) == before


@pytest.mark.parametrize(
    "email", ["o'neil@example.com", "a+b@example.com", "a=b%c@example.com", "a@x.local", "a@b-c.example"]
)
async def test_what_can_be_mailed_is_mailed(
    api: Api, db: Database, rows: Rows, settings: Any, email: str
) -> None:
    body = {"username": "new", "password": PASSWORD, "email": email}
    assert (await api.post("/register", body)).status == 201
    outgoing = Outgoing(db, rows, settings)
    assert await outgoing.send() == 1
    assert outgoing.message.state == "SENT"
