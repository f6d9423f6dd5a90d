"""Accounts and sessions: what may be sent, and what is answered."""

import re
from typing import Any, ClassVar

from marshmallow import ValidationError, fields, post_load, validate, validates_schema

from bms.schemas.base import JsonSchema, Line, RequestSchema, Text, rfc3339
from bms.security.passwords import MAX_PASSWORD_BYTES

MIN_PASSWORD = 8
USERNAME = re.compile(r"[A-Za-z0-9_.+-]{1,64}\Z")
ROLES = {
    "USER": "USER",
    "EVENT_MANAGER": "EVENT_MANAGER",
    "ADMIN": "ADMIN",
    "User": "USER",
    "Event Manager": "EVENT_MANAGER",
    "Admin": "ADMIN",
}


class Email(Line):
    """An e-mail address of at most 254 characters (RFC 5321, section 4.5.3.1.3, less the brackets)."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max=254, **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        address = super()._deserialize(value, attr, data, **kwargs)
        if not address.isascii():
            raise ValidationError("Only ASCII addresses are taken.")
        validate.Email()(address)
        return address

    def json_schema(self) -> JsonSchema:
        return {**super().json_schema(), "format": "email"}


class Password(Text):
    """A new password: 8 characters at the least and 72 bytes, all that bcrypt reads, at the most."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max=1000, min=MIN_PASSWORD, strip=False, load_only=True, **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        password = super()._deserialize(value, attr, data, **kwargs)
        if len(password.encode()) > MAX_PASSWORD_BYTES:
            raise ValidationError(
                f"Longer than {MAX_PASSWORD_BYTES} bytes, which is all of it that bcrypt would check."
            )
        return password

    def json_schema(self) -> JsonSchema:
        return {
            "type": "string",
            "format": "password",
            "minLength": MIN_PASSWORD,
            "maxLength": MAX_PASSWORD_BYTES,
        }


class Register(RequestSchema):
    """POST /register. The e-mail may be missing, as source 002 registers without one."""

    email = Email()
    name = Line(max=200, min=1)
    username = fields.String(
        required=True,
        validate=validate.Regexp(USERNAME, error="1 to 64 letters, digits and _ . + - are needed."),
    )
    password = Password(required=True)
    role = fields.String(
        load_default="USER", validate=validate.OneOf(ROLES, error="USER or EVENT_MANAGER is needed.")
    )

    @post_load
    def complete(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        data.setdefault("email", None)
        data.setdefault("name", data["username"])
        data["role"] = ROLES[data["role"]]
        return data


class Login(RequestSchema):
    """POST /login: an e-mail or a username, and the password, which is not judged here."""

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
    """POST /token/refresh; ``refresh`` is source 001's name for the token."""

    refresh_token = Text(required=True, max=4000)

    older_names: ClassVar = {"refresh": "refresh_token"}


class Logout(RequestSchema):
    """POST /logout: the refresh token may come along, and ends its session too.

    ``refresh`` is source 001's name for it; a call that uses it is answered with 001's status.
    """

    refresh_token = Text(max=4000)
    refresh = Text(max=4000)

    @post_load
    def one_name(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        token = data.get("refresh_token", data.get("refresh"))
        return {"refresh_token": token, "older_shape": "refresh" in data}


class ProfileChange(RequestSchema):
    """PATCH /profile; null clears a field."""

    name = Line(max=200, min=1)
    phone = Line(max=32, allow_none=True)
    city = Line(max=100, allow_none=True)
    bio = Text(max=1000, allow_none=True)


class ProfileReplacement(ProfileChange):
    """PUT /profile: what is left out is cleared."""

    name = Line(max=200, min=1, required=True)
    phone = Line(max=32, allow_none=True, load_default=None)
    city = Line(max=100, allow_none=True, load_default=None)
    bio = Text(max=1000, allow_none=True, load_default=None)


def present_user(user: Any) -> dict[str, Any]:
    """Return an account as its owner sees it at registration and login."""
    return {
        "id": user.id,
        "email": user.email,
        "name": user.name,
        "username": user.username,
        "role": user.role,
        "created_at": rfc3339(user.created_at),
    }


def present_profile(user: Any) -> dict[str, Any]:
    """Return an account with its profile fields."""
    return {**present_user(user), "phone": user.phone, "city": user.city, "bio": user.bio}
