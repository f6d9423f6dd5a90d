"""The policy for headers, and a Subject header that is safe for any title.

The standard library decodes encoded words (``=?utf-8?q?...?=``) in a value, so a title could inject a line
end and a header. Its folding also loses spaces next to characters outside ASCII. Here a title is literal
text. A short ASCII title is sent as it is, any other as base64 words (RFC 2047), which decode to the same
text in every mail reader.

The standard library also breaks a line right behind a header's colon if its first word is long, as that of a
Message-ID is. That is allowed (RFC 5322, section 2.2.3) and trips readers, so the line stays whole here.
"""

import base64
import re
from collections.abc import Iterator
from email.headerregistry import BaseHeader, HeaderRegistry, UniqueUnstructuredHeader
from email.message import EmailMessage
from email.policy import SMTP, EmailPolicy, Policy
from functools import lru_cache
from typing import Any, ClassVar, Literal

_LINE = 76
_BROKEN_AT_COLON = re.compile(r"\A([!-9;-~]+:)[ \t]*\r?\n[ \t]+")
KEPT = 256  # headers
_BYTES_PER_WORD = 39  # 52 characters of base64 and 12 around them, after "Subject: "


class SubjectHeader(UniqueUnstructuredHeader, BaseHeader):
    """A Subject that decodes to exactly the given text."""

    max_count: ClassVar[Literal[1]] = 1

    @classmethod
    def parse(cls, value: str, kwds: dict[str, Any]) -> None:
        super().parse("", kwds)  # Nobody asks for the words that a literal text is made of.
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


class UnbrokenHeader(BaseHeader):
    """A header with something on its first line, which several messages may have."""

    _folded: tuple[Policy | None, str] = (None, "")

    def fold(self, *, policy: Policy) -> str:
        """Return the header's lines, each with the policy's line end."""
        if self._folded[0] is not policy:
            self._folded = policy, _BROKEN_AT_COLON.sub(r"\1 ", super().fold(policy=policy))
        return self._folded[1]


class _Registry(HeaderRegistry):
    """Keeps the class of each header name, and the headers that were made last.

    The standard library makes a class for every header of every message. Parsing a header takes it longer
    than rendering a page of text, and most headers of a message are those of the one before.
    """

    def __init__(self) -> None:
        super().__init__()
        self._classes: dict[str, type[BaseHeader]] = {}
        self._kept = lru_cache(KEPT)(super().__call__)

    def __call__(self, name: str, value: Any) -> BaseHeader:
        return self._kept(name, value) if isinstance(value, str) else super().__call__(name, value)

    def __getitem__(self, name: str) -> type[BaseHeader]:
        known = self._classes.get(name)
        if known is None:
            found = super().__getitem__(name)
            known = self._classes[name] = type(found.__name__, (UnbrokenHeader, found), {})
        return known


def _policy() -> "EmailPolicy[EmailMessage]":
    registry = _Registry()
    registry.map_to_type("subject", SubjectHeader)
    return SMTP.clone(header_factory=registry)


POLICY = _policy()
"""The policy of every message."""
