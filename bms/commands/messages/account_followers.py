"""What somebody is told about their account: see ``followers``."""

from collections.abc import Callable, Mapping
from typing import Any

from bms.announcements import (
    AddressChanged,
    AddressClaimed,
    Announcement,
    PasswordChanged,
    PasswordForgotten,
    SecondFactorChanged,
    SignedIn,
    UserRegistered,
)
from bms.commands.messages.telling import Telling


def _registered(told: UserRegistered) -> Telling:
    payload = {"name": told.person.name, "username": told.username}
    return Telling(told.person, "registration", f"registration:{told.user_id}", payload, None)


def _claimed(told: AddressClaimed) -> Telling:
    return Telling(
        told.person,
        "address_confirmation",
        f"address_confirmation:{told.seed}",
        # No word of the registrant's: nobody knows yet whose address it is.
        {"link": {"page": "confirm", "seed": told.seed}},
        None,
        to_unconfirmed=True,
    )


def _readdressed(told: AddressChanged) -> Telling:
    payload = {"name": told.person.name}
    return Telling(told.person, "address_changed", f"address_changed:{told.token}", payload, None)


def _forgotten(told: PasswordForgotten) -> Telling:
    return Telling(
        told.person,
        "password_reset",
        f"password_reset:{told.seed}",
        {"link": {"page": "reset", "seed": told.seed}},
        None,
        to_unconfirmed=True,
    )


def _password_changed(told: PasswordChanged) -> Telling:
    key = f"password_changed:{told.user_id}:{told.occasion}"
    return Telling(told.person, "password_changed", key, {"name": told.person.name}, None)


def _signed_in(told: SignedIn) -> Telling:
    payload = {
        "name": told.person.name,
        "signed_in_at": told.signed_in_at,
        "device": told.device,
        "address": told.address,
    }
    return Telling(told.person, "signed_in", f"signed_in:{told.session_id}", payload, None)


def _second_factor(told: SecondFactorChanged) -> Telling:
    key = f"second_factor_changed:{told.user_id}:{told.occasion}"
    payload = {"name": told.person.name, "is_on": told.is_on}
    return Telling(told.person, "second_factor_changed", key, payload, None)


OF_ACCOUNTS: Mapping[type[Announcement], Callable[[Any], Telling]] = {
    UserRegistered: _registered,
    AddressClaimed: _claimed,
    AddressChanged: _readdressed,
    PasswordForgotten: _forgotten,
    PasswordChanged: _password_changed,
    SignedIn: _signed_in,
    SecondFactorChanged: _second_factor,
}
