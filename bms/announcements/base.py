"""What all announcements have in common."""

from dataclasses import dataclass
from typing import ClassVar

import msgspec


@dataclass(frozen=True, slots=True, kw_only=True)
class Announcement:
    """The base of all kinds. ``subject`` names what it is about; messages of one subject keep their order."""

    kind: ClassVar[str]
    subject: ClassVar[str]

    @property
    def subject_id(self) -> int:
        """The id of what this is about."""
        return int(getattr(self, f"{self.subject}_id"))

    def encode(self) -> str:
        """Return the payload as JSON."""
        return msgspec.json.encode(self).decode()
