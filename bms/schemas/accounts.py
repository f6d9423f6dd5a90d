"""Accounts: what may be sent, and how they are shown."""

import re
from collections.abc import Mapping
from typing import Any, ClassVar

from marshmallow import ValidationError, fields, post_load, validate

from bms.characters import password_form
from bms.formats import rfc3339
from bms.queries.accounts import AccountRow, ProfileRow, UserRow
from bms.schemas.base import JsonSchema, LanguageTag, Line, RequestSchema, Text
from bms.schemas.listing import ListQuery
from bms.security.passwords import MAX_PASSWORD_BYTES
from bms.terms import Role

MIN_PASSWORD = 8
USERNAME = re.compile(r"[A-Za-z0-9_.+-]{1,64}\Z")
ROLES = {role.value: role for role in Role}
# Sources 000 and 002 write roles as titles, such as Event Manager.
ROLE_NAMES = ROLES | {role.replace("_", " ").title(): role for role in Role}
_ONE_ROLE = f"One of {', '.join(ROLES)} is needed."


class Email(Line):
    """An e-mail address of at most 254 characters (RFC 5321, section 4.5.3.1.3, less the brackets)."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max=254, **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        address = super()._deserialize(value, attr, data, **kwargs)
        if not address.isascii():
            raise ValidationError("Only ASCII addresses are accepted.")
        validate.Email()(address)
        return address

    def json_schema(self) -> JsonSchema:
        return {**super().json_schema(), "format": "email"}


class Password(Text):
    """A new password: at least 8 characters, and at most the 72 bytes that bcrypt reads."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max=1000, min=MIN_PASSWORD, strip=False, load_only=True, **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        password = super()._deserialize(value, attr, data, **kwargs)
        if len(password_form(password).encode()) > MAX_PASSWORD_BYTES:
            raise ValidationError(f"Longer than {MAX_PASSWORD_BYTES} bytes; bcrypt ignores what follows.")
        return password

    def json_schema(self) -> JsonSchema:
        return {
            "type": "string",
            "format": "password",
            "minLength": MIN_PASSWORD,
            "maxLength": MAX_PASSWORD_BYTES,
        }


class RoleName(fields.String):
    """One of ``names``, loaded as the Role that it means."""

    def __init__(self, *, names: Mapping[str, Role], message: str, **kwargs: Any) -> None:
        super().__init__(validate=validate.OneOf(names, error=message), **kwargs)
        self.names = names

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        name = super()._deserialize(value, attr, data, **kwargs)
        return self.names.get(name, name)


class Register(RequestSchema):
    """POST /register. The e-mail address is optional: source 002 registers without one."""

    email = Email()
    name = Line(max=200, min=1)
    username = fields.String(
        required=True,
        validate=validate.Regexp(USERNAME, error="1 to 64 letters, digits and _ . + - are needed."),
    )
    password = Password(required=True)
    role = RoleName(names=ROLE_NAMES, message="USER or EVENT_MANAGER is needed.", load_default=Role.USER)
    locale = LanguageTag()

    @post_load
    def complete(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        data.setdefault("email", None)
        data.setdefault("name", data["username"])
        data.setdefault("locale", None)
        return data


class ProfileChange(RequestSchema):
    """PATCH /profile; null clears a field."""

    name = Line(max=200, min=1)
    phone = Line(max=32, allow_none=True)
    city = Line(max=100, allow_none=True)
    bio = Text(max=1000, allow_none=True)
    locale = LanguageTag(allow_none=True)


class ProfileReplacement(ProfileChange):
    """PUT /profile: what is left out is cleared."""

    name = Line(max=200, min=1, required=True)
    phone = Line(max=32, allow_none=True, load_default=None)
    city = Line(max=100, allow_none=True, load_default=None)
    bio = Text(max=1000, allow_none=True, load_default=None)
    locale = LanguageTag(allow_none=True, load_default=None)


class Flag(fields.Field[bool]):
    """JSON's true or false. 1, 0 and texts are refused."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> bool:
        if not isinstance(value, bool):
            raise ValidationError("Either true or false is needed.")
        return value

    def json_schema(self) -> JsonSchema:
        return {"type": "boolean"}


class AccountList(ListQuery):
    """GET /users; ``q`` is part of a name, a username or an e-mail address."""

    q = Line(max=100, load_default=None)
    role = RoleName(names=ROLES, message=_ONE_ROLE, load_default=None)


class AccountChange(RequestSchema):
    """PATCH /users/{id}."""

    role = RoleName(names=ROLES, message=_ONE_ROLE)
    is_active = Flag()

    older_names: ClassVar = {"active": "is_active"}


class PasswordChange(RequestSchema):
    """POST /profile/password. The rules for new passwords do not apply to the current one."""

    current_password = Text(required=True, max=1000, strip=False, load_only=True)
    new_password = Password(required=True)


def present_user(user: UserRow | ProfileRow | AccountRow) -> dict[str, Any]:
    """Return an account as its owner sees it at registration and login."""
    return {
        "id": user.id,
        "email": user.email,
        "name": user.name,
        "username": user.username,
        "role": user.role,
        "created_at": rfc3339(user.created_at),
    }


def present_profile(user: ProfileRow | AccountRow) -> dict[str, Any]:
    """Return an account with its profile fields."""
    return {
        **present_user(user),
        "phone": user.phone,
        "city": user.city,
        "bio": user.bio,
        "locale": user.locale,
    }


def present_account(user: AccountRow) -> dict[str, Any]:
    """Return an account as admins see it."""
    return {**present_profile(user), "is_active": user.is_active == 1}
