"""Sessions: what may be sent, and how their tokens are shown."""

from typing import Any, ClassVar

from marshmallow import ValidationError, post_load, validates_schema

from bms.queries.accounts import ProfileRow
from bms.schemas.accounts import present_user
from bms.schemas.base import Line, RequestSchema, Text


class Login(RequestSchema):
    """POST /login: an e-mail address or a username, and the password.

    The rules for new passwords do not apply.
    """

    email = Line(max=254)
    username = Line(max=254)
    password = Text(required=True, max=1000, strip=False, load_only=True)

    @validates_schema
    def one_name(self, data: dict[str, Any], **_: Any) -> None:
        if ("email" in data) == ("username" in data):
            raise ValidationError("Either email or username is needed.", "email")

    @post_load
    def name(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        return {"login": data.get("email", data.get("username")), "password": data["password"]}


class Refresh(RequestSchema):
    """POST /token/refresh. ``refresh`` is source 001's name for the token."""

    refresh_token = Text(required=True, max=4000)

    older_names: ClassVar = {"refresh": "refresh_token"}


class Logout(RequestSchema):
    """POST /logout. A refresh token in the body ends its session too.

    ``refresh`` is source 001's name for it. A call that uses it gets 001's status.
    """

    refresh_token = Text(max=4000)
    refresh = Text(max=4000)

    @post_load
    def one_name(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        token = data.get("refresh_token", data.get("refresh"))
        return {"refresh_token": token, "older_shape": "refresh" in data}


def present_tokens(user: ProfileRow, *, access: str, refresh: str, access_seconds: int) -> dict[str, Any]:
    """Return a session's tokens and its user. The access token lives for ``access_seconds``."""
    return {
        "access_token": access,
        "refresh_token": refresh,
        "token_type": "Bearer",
        "expires_in": access_seconds,
        # Source 001's names.
        "access": access,
        "refresh": refresh,
        "user": present_user(user),
    }
