"""Changing a password, and choosing a new one by a link in a mail."""

import secrets
from typing import NamedTuple

import orjson

from bms.addresses import fold_address
from bms.announcements import PasswordChanged, PasswordForgotten, Person
from bms.commands import audit
from bms.commands.accounts.addresses import GET, AddressRow
from bms.commands.accounts.second_factor import forget_second_factor
from bms.commands.accounts.sessions import Device, OpenedSession, end_sessions, replace_session
from bms.commands.accounts.single_use import find_owner, issue_token, use_token, void_tokens
from bms.commands.messages.announce import announce
from bms.errors import LinkInvalid, NotFound, ValidationFailed
from bms.sql.session import Transaction
from bms.sql.statements import Statement
from bms.terms import Actor, Purpose

LINK_SECONDS = 3600
NOBODY = Person(id=0, name="", email=None)


class PasswordRow(NamedTuple):
    """The hash of a password."""

    password_hash: str


class AccountId(NamedTuple):
    """The id of an account."""

    id: int


GET_PASSWORD = Statement(
    "users.get_password",
    "@id BIGINT",
    "SELECT password_hash FROM users WHERE id = @id",
    PasswordRow,
)

SET_PASSWORD = Statement(
    "users.set_password",
    "@id BIGINT, @old_hash NVARCHAR(100), @new_hash NVARCHAR(100)",
    """
    UPDATE users WITH (ROWLOCK, UPDLOCK)
    SET    password_hash = @new_hash
    WHERE  id = @id AND password_hash = @old_hash
    """,
)

# Locks the account first. Who opened the link reads what is mailed to the address.
RESET_PASSWORD = Statement(
    "users.reset_password",
    "@id BIGINT, @email_folded NVARCHAR(254), @new_hash NVARCHAR(100)",
    """
    UPDATE users WITH (ROWLOCK, UPDLOCK)
    SET    password_hash = @new_hash, email_confirmed_at = COALESCE(email_confirmed_at, SYSUTCDATETIME())
    WHERE  id = @id AND email_folded = @email_folded AND is_active = 1
    """,
)

SET_BY_NAME = Statement(
    "users.set_password_by_name",
    "@username_folded NVARCHAR(64), @new_hash NVARCHAR(100)",
    """
    UPDATE users WITH (ROWLOCK, UPDLOCK)
    SET    password_hash = @new_hash
    OUTPUT inserted.id
    WHERE  username_folded = @username_folded AND is_active = 1
    """,
    AccountId,
)

FIND_BY_ADDRESS = Statement(
    "users.find_by_address",
    "@email_folded NVARCHAR(254)",
    """
    SELECT id, name, username, email, email_folded, email_confirmed_at, locale
    FROM   users
    WHERE  email_folded = @email_folded AND is_active = 1
    """,
    AddressRow,
)


def get_password_hash(tx: Transaction, *, user_id: int) -> str:
    """Return the hash that the user's current password must match."""
    return tx.only(GET_PASSWORD, id=user_id).password_hash


def change_password(
    tx: Transaction,
    actor: Actor,
    *,
    old_hash: str,
    new_hash: str,
    refresh_hash: str,
    seconds: int,
    device: Device,
) -> OpenedSession:
    """Replace the password that was checked against ``old_hash``, and end all sessions of the user.

    Returns a new one, of ``seconds``: whoever has a copy of the tokens of any former one is out. Links that
    were mailed before are useless.

    Raises ValidationFailed if the password has changed since the check.
    """
    if tx.execute(SET_PASSWORD, id=actor.user_id, old_hash=old_hash, new_hash=new_hash) != 1:
        raise wrong_password()
    _end_everything(tx, tx.only(GET, id=actor.user_id), actor, "change_password")
    return replace_session(tx, actor, refresh_hash=refresh_hash, seconds=seconds, device=device)


def request_reset(tx: Transaction, *, email: str, seed: str, token_hash: str, request_id: str | None) -> None:
    """Mail a link to ``email`` that sets a new password, if an active account has the address.

    It writes as much where none has: how long it takes tells nothing.
    """
    account = tx.row(FIND_BY_ADDRESS, email_folded=fold_address(email))
    person = NOBODY if account is None else account.person
    issue_token(
        tx,
        user_id=person.id,
        purpose=Purpose.PASSWORD,
        token_hash=token_hash,
        seconds=LINK_SECONDS,
        email=person.email,
    )
    announce(tx, PasswordForgotten(user_id=person.id, person=person, seed=seed), request_id=request_id)
    actor = None if account is None else Actor(account.id, request_id=request_id)
    audit.record(tx, actor, "forget_password", "user", person.id)


def reset_password(tx: Transaction, *, token_hash: str, new_hash: str, request_id: str | None) -> int:
    """Replace the password by the link that was mailed, end all sessions, and return the user's id.

    The address is confirmed by it. If it was not before, who registered may have been a stranger: a second
    factor of theirs goes. Otherwise it stays, as a mailbox alone must not be enough where there is one.

    Raises LinkInvalid.
    """
    token = find_owner(tx, token_hash=token_hash, purpose=Purpose.PASSWORD)
    account = tx.row(GET, id=token.user_id)
    folded = fold_address(str(orjson.loads(token.payload)["email"]))
    if (
        account is None
        or tx.execute(RESET_PASSWORD, id=token.user_id, email_folded=folded, new_hash=new_hash) != 1
    ):
        raise LinkInvalid()
    if not use_token(tx, token_hash=token_hash, purpose=Purpose.PASSWORD):
        raise LinkInvalid()
    if account.email_confirmed_at is None:
        forget_second_factor(tx, user_id=account.id)
    # Read again: the address is confirmed now.
    actor = Actor(account.id, request_id=request_id)
    _end_everything(tx, tx.only(GET, id=account.id), actor, "reset_password")
    return account.id


def set_password(tx: Transaction, *, username: str, new_hash: str, keep_second_factor: bool) -> int:
    """Replace a password for the operator, end all sessions of the account and return its id.

    Raises NotFound if there is no active account of that name.
    """
    found = tx.row(SET_BY_NAME, username_folded=username.casefold(), new_hash=new_hash)
    if found is None:
        raise NotFound("There is no active account of that name")
    if not keep_second_factor:
        forget_second_factor(tx, user_id=found.id)
    _end_everything(tx, tx.only(GET, id=found.id), None, "set_password")
    return found.id


def _end_everything(tx: Transaction, account: AddressRow, actor: Actor | None, action: str) -> None:
    """End all sessions and links of an account whose password has changed, and tell its user."""
    ended = end_sessions(tx, user_id=account.id)
    void_tokens(tx, user_id=account.id)
    told = PasswordChanged(user_id=account.id, person=account.person, occasion=secrets.token_hex(8))
    announce(tx, told, request_id=None if actor is None else actor.request_id)
    audit.record(tx, actor, action, "user", account.id, details=f"{ended} sessions ended")


def wrong_password(field: str = "current_password") -> ValidationFailed:
    """Return the error for a wrong current password, which the body has as ``field``.

    It is no 401: that would say that the access token is invalid, and clients would log in again.
    """
    return ValidationFailed.of(field, "This is not your current password.")
