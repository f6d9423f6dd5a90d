"""What happens to accounts."""

from dataclasses import dataclass

from bms.announcements.base import Announcement
from bms.announcements.facts import Person


@dataclass(frozen=True, slots=True, kw_only=True)
class UserRegistered(Announcement):
    """Somebody made an account."""

    kind = "user.registered"
    subject = "user"
    user_id: int
    person: Person
    username: str


@dataclass(frozen=True, slots=True, kw_only=True)
class UserMessaged(Announcement):
    """An admin has written to one user, in the app alone. Whoever asked has the notification in the reply."""

    kind = "user.messaged"
    subject = "user"
    user_id: int
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AboutAccount(Announcement):
    """What somebody is told about their account."""

    subject = "user"
    user_id: int
    person: Person


@dataclass(frozen=True, slots=True, kw_only=True)
class AddressClaimed(AboutAccount):
    """An account claims an address, and a link goes there that confirms it. ``seed`` is the link's."""

    kind = "user.address_claimed"
    seed: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AddressChanged(AboutAccount):
    """An account has another address. ``person`` has the former one. ``token`` names the change."""

    kind = "user.address_changed"
    token: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PasswordForgotten(AboutAccount):
    """Somebody asked to choose a new password. ``seed`` is the link's.

    Where no account has the address, the person has none either: nobody is told, at the same cost.
    """

    kind = "user.password_forgotten"
    seed: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PasswordChanged(AboutAccount):
    """An account has another password. ``occasion`` is random."""

    kind = "user.password_changed"
    occasion: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedIn(AboutAccount):
    """Somebody signed in from a device and a network that the account had not been used from.

    ``device`` is a browser and a system, None if they are not known.
    """

    kind = "user.signed_in"
    session_id: int
    signed_in_at: str
    device: str | None
    address: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SecondFactorChanged(AboutAccount):
    """A login needs a second factor from now on, or none any more. ``occasion`` is random."""

    kind = "user.second_factor_changed"
    is_on: bool
    occasion: str
