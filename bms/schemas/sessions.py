"""Sessions: what may be sent, and how their tokens are shown."""

from typing import Any, ClassVar

from marshmallow import ValidationError, post_load, validates_schema

from bms.formats import rfc3339
from bms.queries.accounts import ProfileRow
from bms.queries.sessions import SessionRow
from bms.schemas.accounts import Code, CurrentPassword, present_user
from bms.schemas.base import Line, RequestSchema, Text


class Login(RequestSchema):
    """POST /login: a name, the password, and a code where there is a second factor."""

    email = Line(max=254)
    username = Line(max=254)
    password = CurrentPassword()
    otp = Code()

    @validates_schema
    def one_name(self, data: dict[str, Any], **_: Any) -> None:
        if ("email" in data) == ("username" in data):
            raise ValidationError("Either email or username is needed.", "email")

    @post_load
    def name(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        login = data.get("email", data.get("username"))
        return {"login": login, "password": data["password"], "otp": data.get("otp")}


class Refresh(RequestSchema):
    """POST /token/refresh."""

    refresh_token = Text(required=True, max=4000)

    older_names: ClassVar = {"refresh": "refresh_token"}


class Logout(RequestSchema):
    """POST /logout. A refresh token in the body ends its session too."""

    refresh_token = Text(max=4000)
    # Source 001's name for it. A call that uses it gets 001's status.
    refresh = Text(max=4000, metadata={"deprecated": True})

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


def present_session(session: SessionRow, *, current: int) -> dict[str, Any]:
    """Return a session as its user sees it."""
    return {
        "id": session.id,
        "device": session.device,
        "address": session.address,
        "created_at": rfc3339(session.created_at),
        "last_used_at": rfc3339(session.last_used_at),
        "current": session.id == current,
    }
