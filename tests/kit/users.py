"""An account as tests use it."""

from dataclasses import dataclass, field

PASSWORD = "correct horse battery"


@dataclass
class User:
    """An account and an access token of it."""

    id: int
    username: str
    email: str | None
    token: str
    refresh_token: str
    password: str = field(default=PASSWORD, repr=False)
