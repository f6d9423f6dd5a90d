"""What an account proves: the links that are mailed, and the codes of an authenticator app."""

import time

import orjson
import pyotp

from bms.security.link_tokens import LinkTokens
from bms.security.second_factor import STEP
from bms.settings import Settings
from tests.kit.types import Rows


class Links:
    """The tokens of the links in the outbox."""

    def __init__(self, rows: Rows, settings: Settings) -> None:
        self._rows = rows
        self._tokens = LinkTokens(settings.secret_key)

    def all(self, kind: str, recipient: str) -> list[str]:
        """Return the tokens that were mailed to an address, in order."""
        mails = self._rows("SELECT recipient, payload FROM outbox WHERE kind = ? ORDER BY id", kind)
        return [
            self._tokens.token(orjson.loads(mail.payload)["link"]["seed"])
            for mail in mails
            # SQL Server finds ANN@example.com and ann@example.com equal.
            if mail.recipient == recipient
        ]

    def confirmation(self, recipient: str) -> str:
        """Return the token of the last link that confirms an address."""
        return self.all("address_confirmation", recipient)[-1]

    def reset(self, recipient: str) -> str:
        """Return the token of the last link by which a new password is chosen."""
        return self.all("password_reset", recipient)[-1]


def code_of(secret: str, ahead: int = 0) -> str:
    """Return the code that an app shows now, or ``ahead`` steps later."""
    return str(pyotp.TOTP(secret).generate_otp(int(time.time()) // STEP + ahead))
