"""The form of examples: a body for each schema."""

from collections.abc import Mapping
from typing import Any

from marshmallow import Schema

Example = dict[str, Any]
Examples = Mapping[type[Schema], Example]
