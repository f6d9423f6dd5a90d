"""Password attempts, counted per account and per client address."""

import datetime as dt
import hashlib
from typing import NamedTuple

from bms.commands.accounts.registration import fold
from bms.errors import TooManyAttempts
from bms.sql.session import Transaction
from bms.sql.statements import Statement

WINDOW_SECONDS = 900
ACCOUNT_ATTEMPTS = 10  # failed logins per account in a window
ADDRESS_ATTEMPTS = 100  # failed logins per address in a window


class AttemptsRow(NamedTuple):
    """The attempts of a window, when the window ends, and the time of this attempt."""

    attempts: int
    window_ends_at: dt.datetime
    counted_at: dt.datetime


COUNT_ATTEMPT = Statement(
    "login_attempts.count",
    "@bucket NVARCHAR(64), @window INT",
    """
    UPDATE login_attempts WITH (ROWLOCK)
    SET    attempts = CASE WHEN window_ends_at <= SYSUTCDATETIME() THEN 1 ELSE attempts + 1 END,
           window_ends_at = CASE WHEN window_ends_at <= SYSUTCDATETIME()
                                 THEN DATEADD(SECOND, @window, SYSUTCDATETIME())
                                 ELSE window_ends_at END
    OUTPUT inserted.attempts, inserted.window_ends_at, SYSUTCDATETIME() AS counted_at
    WHERE  bucket = @bucket
    """,
    AttemptsRow,
)

# Two concurrent first attempts violate pk_login_attempts; the loser's transaction is retried.
START_COUNT = Statement(
    "login_attempts.start",
    "@bucket NVARCHAR(64), @window INT",
    """
    INSERT INTO login_attempts (bucket, attempts, window_ends_at)
    SELECT @bucket, 0, DATEADD(SECOND, @window, SYSUTCDATETIME())
    WHERE  NOT EXISTS (SELECT 1 FROM login_attempts WHERE bucket = @bucket)
    """,
)

FORGET_ATTEMPT = Statement(
    "login_attempts.forget",
    "@bucket NVARCHAR(64), @all BIT",
    """
    UPDATE login_attempts WITH (ROWLOCK)
    SET    attempts = CASE WHEN @all = 1 OR attempts = 0 THEN 0 ELSE attempts - 1 END
    WHERE  bucket = @bucket
    """,
)


def account_bucket(account: int | str) -> str:
    """Return the failure counter of an account (by its id), or of a name that no account has.

    Username and e-mail of an account share its counter. The counter's name is a hash, so that the table
    lists no names.
    """
    key = f"user:{account}" if isinstance(account, int) else f"name:{fold(account)}"
    return hashlib.sha256(key.encode()).hexdigest()


def address_bucket(address: str) -> str:
    """Return the failure counter of a client address."""
    return hashlib.sha256(f"address:{address}".encode()).hexdigest()


def count_attempt(tx: Transaction, *, bucket: str, address: str) -> None:
    """Count a password attempt against the account's ``bucket`` and the ``address``.

    Raises TooManyAttempts with the seconds until the window ends.
    """
    for counter, limit in ((bucket, ACCOUNT_ATTEMPTS), (address_bucket(address), ADDRESS_ATTEMPTS)):
        counted = tx.row(COUNT_ATTEMPT, bucket=counter, window=WINDOW_SECONDS)
        if counted is None:
            tx.execute(START_COUNT, bucket=counter, window=WINDOW_SECONDS)
            counted = tx.only(COUNT_ATTEMPT, bucket=counter, window=WINDOW_SECONDS)
        if counted.attempts > limit:
            left = (counted.window_ends_at - counted.counted_at).total_seconds()
            raise TooManyAttempts(retry_after=max(1, round(left)))


def forget_attempts(tx: Transaction, *, bucket: str, address: str) -> None:
    """Forget the account's failures after a correct password, and this one attempt of the address."""
    tx.execute(FORGET_ATTEMPT, bucket=bucket, all=True)
    tx.execute(FORGET_ATTEMPT, bucket=address_bucket(address), all=False)
