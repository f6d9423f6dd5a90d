"""The headers' policy, and the Subject header, encoded by rules that hold for any title.

The standard library reads encoded words (``=?utf-8?q?...?=``) in a value it is given, so that a title
could smuggle in a line end and with it a header of its own; and its folding loses spaces next to
characters outside ASCII. A title is literal text here: nothing in it is decoded, and whatever is not
plain and short goes out as base64 words of RFC 2047, which every reader joins to the very same text.
"""

import base64
from collections.abc import Iterator
from email.headerregistry import BaseHeader, HeaderRegistry, UniqueUnstructuredHeader
from email.message import EmailMessage
from email.policy import SMTP, EmailPolicy, Policy
from typing import Any, ClassVar, Literal

_LINE = 76
_BYTES_A_WORD = 39  # 52 characters of base64 and 12 around them, beside "Subject: "


class SubjectHeader(UniqueUnstructuredHeader, BaseHeader):
    """A Subject that is exactly the text it was given."""

    max_count: ClassVar[Literal[1]] = 1

    @classmethod
    def parse(cls, value: str, kwds: dict[str, Any]) -> None:
        super().parse(value, kwds)
        kwds["decoded"] = value

    def fold(self, *, policy: Policy) -> str:
        """Return the header's lines, each ending in the policy's line end."""
        lead = "Subject: "
        if _plain(self) and len(lead) + len(self) <= _LINE:
            return f"{lead}{self}{policy.linesep}"
        words = (f"=?utf-8?b?{base64.b64encode(chunk).decode()}?=" for chunk in _chunks(self))
        return lead + f"{policy.linesep} ".join(words) + policy.linesep


def _plain(text: str) -> bool:
    return text.isascii() and text.isprintable() and "=?" not in text and text == text.strip()


def _chunks(text: str) -> Iterator[bytes]:
    chunk = b""
    for character in text:
        encoded = character.encode()
        if len(chunk) + len(encoded) > _BYTES_A_WORD:
            yield chunk
            chunk = b""
        chunk += encoded
    yield chunk


class _Registry(HeaderRegistry):
    """The standard library makes a class for every header of every message; this one, one for each name."""

    def __init__(self) -> None:
        super().__init__()
        self._classes: dict[str, type[BaseHeader]] = {}

    def __getitem__(self, name: str) -> type[BaseHeader]:
        known = self._classes.get(name)
        if known is None:
            known = self._classes[name] = super().__getitem__(name)
        return known


def _policy() -> "EmailPolicy[EmailMessage]":
    registry = _Registry()
    registry.map_to_type("subject", SubjectHeader)
    return SMTP.clone(header_factory=registry)


POLICY = _policy()
"""The policy that every message is composed under."""
