"""The JSON Schema of ``bms-plan/1`` (draft 2020-12), which is published at ``/schemas/seating-plan.json``."""

from functools import cache
from importlib.resources import files
from typing import Any, cast

import orjson


@cache
def schema_bytes() -> bytes:
    """Return the schema as it is published."""
    return files("bms.seating").joinpath("plan.schema.json").read_bytes()


def schema() -> dict[str, Any]:
    """Return the schema as a document of the caller's own."""
    return cast("dict[str, Any]", orjson.loads(schema_bytes()))
