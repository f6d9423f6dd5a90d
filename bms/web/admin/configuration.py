"""Versions and settings. Of a secret one learns whether it is set, and nothing else."""

import platform
from importlib.metadata import version
from typing import NamedTuple

from aiohttp import web

from bms import __version__
from bms.configuration import Line as Setting
from bms.configuration import list_settings
from bms.http import keys
from bms.i18n.languages import marked
from bms.settings import Settings
from bms.web.admin.area import ADMIN
from bms.web.kit.office import Office
from bms.web.kit.visit import Visit

pages = Office(ADMIN)

SET, NOT_SET = marked("set"), marked("not set")
ON, OFF = marked("on"), marked("off")
LIBRARIES = ("aiohttp", "aioodbc", "marshmallow", "Jinja2")


class Line(NamedTuple):
    """A setting. ``value`` is shown as it is, ``word`` a text of the catalogues."""

    name: str
    value: str | None
    word: str | None


def lines_of(settings: Settings) -> list[Line]:
    """Return the settings by name, the secret ones without their values."""
    return [_line(line) for line in list_settings(settings, {})]


def _line(line: Setting) -> Line:
    if line.is_secret or line.value is None:
        return Line(line.name, None, SET if line.is_set else NOT_SET)
    if line.value in (ON, OFF):
        return Line(line.name, None, line.value)
    return Line(line.name, line.value, None)


@pages.get("/admin/settings")
async def show(visit: Visit) -> web.Response:
    """Show the versions and the settings of this process."""
    return ADMIN.render(
        visit,
        "admin/settings",
        versions=[
            ("BMS", __version__),
            ("Python", platform.python_version()),
            *((name, version(name)) for name in LIBRARIES),
        ],
        is_embedded=visit.settings.embedded,
        lines=lines_of(visit.request.app[keys.SETTINGS]),
    )
