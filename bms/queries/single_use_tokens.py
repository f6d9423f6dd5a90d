"""What a link in a mail is about, before it is used."""

from typing import NamedTuple

import orjson

from bms.errors import LinkInvalid
from bms.sql.session import Transaction
from bms.sql.statements import Statement
from bms.terms import Purpose


class LinkRow(NamedTuple):
    """A token that works, and its account. ``payload`` is JSON."""

    payload: str
    username: str
    email: str | None
    name: str


GET = Statement(
    "single_use_tokens.get",
    "@token_hash NVARCHAR(64), @purpose NVARCHAR(16)",
    """
    SELECT t.payload, u.username, u.email, u.name
    FROM   single_use_tokens AS t
    INNER JOIN users AS u ON u.id = t.user_id
    WHERE  t.token_hash = @token_hash AND t.purpose = @purpose AND t.used_at IS NULL
      AND  t.expires_at > SYSUTCDATETIME() AND u.is_active = 1
    """,
    LinkRow,
)


class Link(NamedTuple):
    """A link that works: the account's name to sign in, and the address that the link was mailed to."""

    username: str
    name: str
    email: str


def get_link(tx: Transaction, *, token_hash: str, purpose: Purpose) -> Link:
    """Return what the link with that token is about. Raises LinkInvalid."""
    row = tx.row(GET, token_hash=token_hash, purpose=purpose)
    if row is None:
        raise LinkInvalid()
    return Link(row.username, row.name, orjson.loads(row.payload)["email"])
