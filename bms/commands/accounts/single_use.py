"""Tokens of links in mails. Each works once, until it expires."""

from typing import Any, NamedTuple

import orjson

from bms.errors import LinkInvalid
from bms.sql.session import Transaction
from bms.sql.statements import Statement
from bms.terms import Purpose


class UsedToken(NamedTuple):
    """A token that was just used, or was used before. ``payload`` is JSON."""

    user_id: int
    payload: str


INSERT = Statement(
    "single_use_tokens.insert",
    "@token_hash NVARCHAR(64), @user_id BIGINT, @purpose NVARCHAR(16), @payload NVARCHAR(MAX), @seconds INT",
    """
    INSERT INTO single_use_tokens (token_hash, user_id, purpose, payload, expires_at)
    SELECT @token_hash, u.id, @purpose, @payload, DATEADD(SECOND, @seconds, SYSUTCDATETIME())
    FROM   users AS u
    WHERE  u.id = @user_id
    """,
)

USE = Statement(
    "single_use_tokens.use",
    "@token_hash NVARCHAR(64), @purpose NVARCHAR(16)",
    """
    UPDATE single_use_tokens WITH (ROWLOCK, UPDLOCK)
    SET    used_at = SYSUTCDATETIME()
    OUTPUT inserted.user_id, inserted.payload
    WHERE  token_hash = @token_hash AND purpose = @purpose AND used_at IS NULL
      AND  expires_at > SYSUTCDATETIME()
    """,
    UsedToken,
)

GET_OWNER = Statement(
    "single_use_tokens.get_owner",
    "@token_hash NVARCHAR(64), @purpose NVARCHAR(16)",
    """
    SELECT user_id, payload
    FROM   single_use_tokens
    WHERE  token_hash = @token_hash AND purpose = @purpose
    """,
    UsedToken,
)

VOID = Statement(
    "single_use_tokens.void",
    "@user_id BIGINT",
    """
    UPDATE single_use_tokens WITH (ROWLOCK)
    SET    used_at = SYSUTCDATETIME()
    WHERE  user_id = @user_id AND used_at IS NULL
    """,
)


def issue_token(
    tx: Transaction, *, user_id: int, purpose: Purpose, token_hash: str, seconds: int, **payload: Any
) -> None:
    """Let the token of ``token_hash`` work once within ``seconds``, for ``purpose`` and the account.

    Without such an account nothing is written, and that takes as long.
    """
    tx.execute(
        INSERT,
        token_hash=token_hash,
        user_id=user_id,
        purpose=purpose,
        payload=orjson.dumps(payload).decode(),
        seconds=seconds,
    )


def find_owner(tx: Transaction, *, token_hash: str, purpose: Purpose) -> UsedToken:
    """Return whose token it is, used or not: the account is locked before it. Raises LinkInvalid."""
    found = tx.row(GET_OWNER, token_hash=token_hash, purpose=purpose)
    if found is None:
        raise LinkInvalid()
    return found


def use_token(tx: Transaction, *, token_hash: str, purpose: Purpose) -> bool:
    """Use a token up. Returns False if it was used or has expired."""
    return tx.row(USE, token_hash=token_hash, purpose=purpose) is not None


def void_tokens(tx: Transaction, *, user_id: int) -> None:
    """Make every link that was mailed for an account useless."""
    tx.execute(VOID, user_id=user_id)
