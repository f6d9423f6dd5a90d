"""The policy for headers, and a Subject header that is safe for any title.

The standard library decodes encoded words (``=?utf-8?q?...?=``) in a value, so a title could inject a line
end and a header. Its folding also loses spaces next to characters outside ASCII. Here a title is literal
text. A short ASCII title is sent as it is, any other as base64 words (RFC 2047), which decode to the same
text in every mail reader.
"""

import base64
from collections.abc import Iterator
from email.headerregistry import BaseHeader, HeaderRegistry, UniqueUnstructuredHeader
from email.message import EmailMessage
from email.policy import SMTP, EmailPolicy, Policy
from typing import Any, ClassVar, Literal

_LINE = 76
_BYTES_PER_WORD = 39  # 52 characters of base64 and 12 around them, after "Subject: "


class SubjectHeader(UniqueUnstructuredHeader, BaseHeader):
    """A Subject that decodes to exactly the given text."""

    max_count: ClassVar[Literal[1]] = 1

    @classmethod
    def parse(cls, value: str, kwds: dict[str, Any]) -> None:
        super().parse(value, kwds)
        kwds["decoded"] = value

    def fold(self, *, policy: Policy) -> str:
        """Return the header's lines, each with the policy's line end."""
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
        if len(chunk) + len(encoded) > _BYTES_PER_WORD:
            yield chunk
            chunk = b""
        chunk += encoded
    yield chunk


class _Registry(HeaderRegistry):
    """Caches one class per header name. The standard library makes one for every header of every message."""

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
"""The policy of every message."""
