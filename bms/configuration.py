"""The settings as a list to read: each with its value, without secrets, and where it comes from."""

from collections.abc import Mapping
from dataclasses import fields
from typing import NamedTuple
from urllib.parse import urlsplit

from bms.settings import OFF, ON, Settings

DEFAULT = "default"
KEPT = ("secret_key", "gateway_secret")  # made and stored in the data directory of an embedded database


class Line(NamedTuple):
    """A setting. ``value`` is None where it is not set, and of most secrets; ``is_set`` says the rest.

    Of a secret URL ``value`` has no user, password and options. ``where`` is "default" or where it stands.
    """

    name: str
    value: str | None
    is_secret: bool
    is_set: bool
    where: str


def list_settings(settings: Settings, origins: Mapping[str, str]) -> list[Line]:
    """Return a line for each setting. A secret is what the settings keep out of their repr."""
    return [
        _line(settings, field.name, origins.get(field.name), is_secret=not field.repr)
        for field in fields(settings)
    ]


def _line(settings: Settings, name: str, origin: str | None, *, is_secret: bool) -> Line:
    value, variable = getattr(settings, name), f"BMS_{name.upper()}"
    if not is_secret:
        shown = text_of(value, is_switched="rate" in name)
        return Line(variable, shown, is_secret, shown is not None, origin or DEFAULT)
    if name in KEPT and origin is None and settings.embedded:
        kept = settings.data_dir / name
        is_made = kept.is_file()
        where = str(kept) if is_made else f"made in {kept} at the start"
        return Line(variable, None, is_secret, bool(value) or is_made, where)
    return Line(variable, _address(value), is_secret, bool(value), origin or DEFAULT)


def text_of(value: object, *, is_switched: bool = False) -> str | None:
    """Return ``value`` as a variable has it, or None if it is not set: then what ``is_switched`` is off."""
    if value is None or value == "" or value == frozenset():
        return OFF if is_switched else None
    if isinstance(value, bool):
        return ON if value else OFF
    if isinstance(value, frozenset):
        return ", ".join(sorted(map(str, value)))
    return str(value)


def _address(value: object) -> str | None:
    """Return a URL without what may be secret in it, and None for any other secret."""
    if not isinstance(value, str) or "://" not in value:
        return None
    try:
        parts = urlsplit(value)
        host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname or ""
        return f"{parts.scheme}://{host}{f':{parts.port}' if parts.port else ''}{parts.path}"
    except ValueError:
        return None
