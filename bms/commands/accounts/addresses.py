"""The address of an account: confirmed by a link in a mail, changed, and cleared when nobody confirms it.

An address belongs to who opens the link that was mailed to it. Until then an account only claims it.
"""

import datetime as dt
from typing import NamedTuple

import orjson

from bms.addresses import fold_address
from bms.announcements import AddressChanged, AddressClaimed, Person
from bms.commands import audit
from bms.commands.accounts.single_use import find_owner, issue_token, use_token, void_tokens
from bms.commands.accounts.takeover import take_over_bookings
from bms.commands.messages.announce import announce
from bms.errors import Conflict, EmailTaken, LinkInvalid
from bms.queries.due import UNCONFIRMED_SECONDS
from bms.sql.session import Transaction
from bms.sql.statements import Statement
from bms.terms import Actor, Purpose

LINK_SECONDS = UNCONFIRMED_SECONDS


class AddressRow(NamedTuple):
    """An account and its address."""

    id: int
    name: str
    username: str
    email: str | None
    email_folded: str | None
    email_confirmed_at: dt.datetime | None
    locale: str | None

    @property
    def person(self) -> Person:
        """The account as announcements have it."""
        return Person(
            id=self.id,
            name=self.name,
            email=self.email,
            locale=self.locale,
            confirmed=self.email_confirmed_at is not None,
        )


class HolderRow(NamedTuple):
    """An account that has an address."""

    id: int
    email_confirmed_at: dt.datetime | None


GET = Statement(
    "users.get_address",
    "@id BIGINT",
    """
    SELECT id, name, username, email, email_folded, email_confirmed_at, locale
    FROM   users
    WHERE  id = @id AND is_active = 1
    """,
    AddressRow,
)

FIND_HOLDER = Statement(
    "users.find_address_holder",
    "@email_folded NVARCHAR(254)",
    "SELECT id, email_confirmed_at FROM users WHERE email_folded = @email_folded",
    HolderRow,
)

# Quiet, as what follows: no cached reply shows an address.
TAKE_OVER = Statement(
    "users.take_address_over",
    "@id BIGINT, @email_folded NVARCHAR(254)",
    """
    UPDATE users WITH (ROWLOCK, UPDLOCK)
    SET    email = NULL, email_folded = NULL
    WHERE  email_folded = @email_folded AND id <> @id AND email_confirmed_at IS NULL
    """,
    quiet=True,
)

CONFIRM = Statement(
    "users.confirm_address",
    "@id BIGINT, @email NVARCHAR(254), @email_folded NVARCHAR(254), @old NVARCHAR(254)",
    """
    UPDATE users WITH (ROWLOCK, UPDLOCK)
    SET    email = @email, email_folded = @email_folded, email_confirmed_at = SYSUTCDATETIME()
    WHERE  id = @id AND is_active = 1
      AND  (email_folded = @old OR (email_folded IS NULL AND @old IS NULL))
    """,
    quiet=True,
)

CLEAR = Statement(
    "users.clear_address",
    "@id BIGINT, @seconds INT",
    """
    UPDATE users WITH (ROWLOCK, UPDLOCK)
    SET    email = NULL, email_folded = NULL
    WHERE  id = @id AND email_folded IS NOT NULL AND email_confirmed_at IS NULL
      AND  created_at < DATEADD(SECOND, -@seconds, SYSUTCDATETIME())
      AND  NOT EXISTS (SELECT 1 FROM bookings AS b WHERE b.user_id = users.id AND b.status <> 'EXPIRED')
    """,
    quiet=True,
)


def claim_address(
    tx: Transaction, person: Person, *, email: str, seed: str, token_hash: str, request_id: str | None
) -> None:
    """Mail a link to ``email`` that confirms it as the address of the person's account."""
    issue_token(
        tx,
        user_id=person.id,
        purpose=Purpose.ADDRESS,
        token_hash=token_hash,
        seconds=LINK_SECONDS,
        email=email,
    )
    claimed = Person(id=person.id, name=person.name, email=email, locale=person.locale, confirmed=False)
    announce(tx, AddressClaimed(user_id=person.id, person=claimed, seed=seed), request_id=request_id)


def repeat_confirmation(tx: Transaction, actor: Actor, *, seed: str, token_hash: str) -> str:
    """Mail a link again to the actor's address and return the address.

    Raises Conflict if it is confirmed, or there is none.
    """
    account = tx.only(GET, id=actor.user_id)
    if account.email is None:
        raise Conflict("Your account has no e-mail address")
    if account.email_confirmed_at is not None:
        raise Conflict("Your e-mail address is confirmed")
    claim_address(
        tx,
        account.person,
        email=account.email,
        seed=seed,
        token_hash=token_hash,
        request_id=actor.request_id,
    )
    audit.record(tx, actor, "repeat_confirmation", "user", actor.user_id)
    return account.email


def request_change(tx: Transaction, actor: Actor, *, email: str, seed: str, token_hash: str) -> str:
    """Mail a link to ``email`` that makes it the actor's address, and return it.

    Until the link is opened nothing changes.

    Raises EmailTaken if it is the confirmed address of another account. An address that another account
    only claims goes to who opens the link.
    """
    account = tx.only(GET, id=actor.user_id)
    holder = tx.row(FIND_HOLDER, email_folded=fold_address(email))
    if holder is not None and holder.id != actor.user_id and holder.email_confirmed_at is not None:
        raise EmailTaken(field="email")
    void_tokens(tx, user_id=actor.user_id)
    claim_address(
        tx, account.person, email=email, seed=seed, token_hash=token_hash, request_id=actor.request_id
    )
    audit.record(tx, actor, "request_address", "user", actor.user_id)
    return email


def confirm_address(tx: Transaction, *, token_hash: str, request_id: str | None) -> str:
    """Make the address that the link was mailed to the confirmed one of its account, and return it.

    An account that only claimed it loses it. The former address is told. A link that is opened again answers
    as the first time, as long as the address is the account's.

    Raises LinkInvalid, and EmailTaken if another account has confirmed the address meanwhile.
    """
    token = find_owner(tx, token_hash=token_hash, purpose=Purpose.ADDRESS)
    email = str(orjson.loads(token.payload)["email"])
    folded = fold_address(email)
    account = tx.row(GET, id=token.user_id)
    if account is None:
        raise LinkInvalid()
    tx.execute(TAKE_OVER, id=account.id, email_folded=folded)
    confirmed = tx.execute(CONFIRM, id=account.id, email=email, email_folded=folded, old=account.email_folded)
    if confirmed != 1:
        raise LinkInvalid()
    if not use_token(tx, token_hash=token_hash, purpose=Purpose.ADDRESS):
        if account.email_confirmed_at is None or account.email_folded != folded:
            raise LinkInvalid()  # and nothing of the above is kept
        return email
    audit.record(tx, Actor(account.id, request_id=request_id), "confirm_address", "user", account.id)
    take_over_bookings(tx, user_id=account.id, email=email, request_id=request_id)
    if account.email_folded not in (None, folded):
        # Links to the former address are useless from now on.
        void_tokens(tx, user_id=account.id)
        changed = AddressChanged(user_id=account.id, person=account.person, token=token_hash[:32])
        announce(tx, changed, request_id=request_id)
    return email


def clear_address(tx: Transaction, *, user_id: int) -> bool:
    """Take the address from an account that did not confirm it in time and has bought nothing.

    Returns False if there is nothing to take. The account stays.
    """
    if tx.execute(CLEAR, id=user_id, seconds=UNCONFIRMED_SECONDS) != 1:
        return False
    audit.record(tx, None, "clear_address", "user", user_id)
    return True
