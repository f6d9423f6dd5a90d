"""What each field and parameter of the API means, in the words of the trade."""

from collections.abc import Mapping
from typing import Any

from marshmallow import Schema

from bms.openapi.glossary.anywhere import ANYWHERE
from bms.openapi.glossary.parameters import IN_PATHS, PARAMETERS
from bms.openapi.glossary.replies import REPLIES
from bms.openapi.glossary.requests import REQUESTS

OF_SCHEMA: Mapping[str, str] = {**REQUESTS, **REPLIES, **PARAMETERS}


def describe_field(schema: type[Schema], name: str) -> str | None:
    """Return what the field ``name`` of ``schema`` means, None if nothing is said of it."""
    for kind in schema.__mro__:
        said = OF_SCHEMA.get(f"{kind.__name__}.{name}")
        if said is not None:
            return said
    return ANYWHERE.get(name)


def describe_place(path: str, name: str) -> str:
    """Return what the place ``name`` of ``path`` means."""
    steps = path.split("/")
    before: Any = steps[steps.index(f"{{{name}}}") - 1]
    return IN_PATHS[name] if name in IN_PATHS else IN_PATHS[f"{before}/{name}"]
