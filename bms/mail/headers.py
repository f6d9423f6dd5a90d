"""The policy for headers, and a Subject header that is safe for any title.

The standard library decodes encoded words (``=?utf-8?q?...?=``) in a value, so a title could inject a line
end and a header. Its folding also loses spaces next to characters outside ASCII. Here a title is literal
text. A short ASCII title is sent as it is, any other as base64 words (RFC 2047), which decode to the same
text in every mail reader.

Parsing a value into a tree of tokens and folding it from there takes the standard library longer than
rendering a page of text. What is short, printable ASCII without encoded words would be folded to itself, so
it is written as it is; all else goes the standard library's way.

The standard library also breaks a line right behind a header's colon if its first word is long, as that of a
Message-ID is. That is allowed (RFC 5322, section 2.2.3) and trips readers, so the line stays whole here.
"""

import base64
import re
from collections.abc import Iterator
from email.headerregistry import (
    Address,
    BaseHeader,
    HeaderRegistry,
    UniqueAddressHeader,
    UniqueUnstructuredHeader,
)
from email.message import EmailMessage
from email.policy import SMTP, EmailPolicy, Policy
from functools import lru_cache
from typing import Any, ClassVar, Literal

REQUEST_HEADER = "X-Request-Id"

_LINE = 76
_STANDARD = HeaderRegistry()
_BROKEN_AT_COLON = re.compile(r"\A([!-9;-~]+:)[ \t]*\r?\n[ \t]+")
KEPT = 256  # headers
_BYTES_PER_WORD = 39  # 52 characters of base64 and 12 around them, after "Subject: "


class SubjectHeader(UniqueUnstructuredHeader, BaseHeader):
    """A Subject that decodes to exactly the given text."""

    max_count: ClassVar[Literal[1]] = 1

    @classmethod
    def parse(cls, value: str, kwds: dict[str, Any]) -> None:
        kwds["decoded"] = value
        kwds["parse_tree"] = None  # Nobody asks for the words that a literal text is made of.

    def fold(self, *, policy: Policy) -> str:
        """Return the header's lines, each with the policy's line end."""
        lead = "Subject: "
        if _plain(self) and len(lead) + len(self) <= _LINE:
            return f"{lead}{self}{policy.linesep}"
        words = (f"=?utf-8?b?{base64.b64encode(chunk).decode()}?=" for chunk in _chunks(self))
        return lead + f"{policy.linesep} ".join(words) + policy.linesep


def _plain(text: str) -> bool:
    return text.isascii() and text.isprintable() and "=?" not in text and text == text.strip()


def _is_word(text: str) -> bool:
    return bool(text) and _plain(text) and " " not in text


def _chunks(text: str) -> Iterator[bytes]:
    chunk = b""
    for character in text:
        encoded = character.encode()
        if len(chunk) + len(encoded) > _BYTES_PER_WORD:
            yield chunk
            chunk = b""
        chunk += encoded
    yield chunk


class AddressHeader(UniqueAddressHeader, BaseHeader):  # type: ignore[misc]  # as the registry combines them
    """One address, given as an Address. It is written out and parsed only where it cannot stand as it is."""

    max_count: ClassVar[Literal[1]] = 1

    @classmethod
    def parse(cls, value: Any, kwds: dict[str, Any]) -> None:
        if not isinstance(value, Address):
            raise TypeError("a header of addresses takes an Address")
        kwds["parse_tree"] = None  # else it is made at once
        super().parse(value, kwds)  # type: ignore[arg-type]  # it takes both

    def fold(self, *, policy: Policy) -> str:
        """Return the header's lines, each with the policy's line end."""
        return _STANDARD(self.name, str(self)).fold(policy=policy)


class IdentifierHeader(UniqueUnstructuredHeader, BaseHeader):
    """A Message-ID, or that of a request: a word of ASCII is neither parsed nor folded."""

    max_count: ClassVar[Literal[1]] = 1

    @classmethod
    def parse(cls, value: str, kwds: dict[str, Any]) -> None:
        if _is_word(value):
            kwds["decoded"] = value
            kwds["parse_tree"] = None
        else:
            super().parse(value, kwds)

    def fold(self, *, policy: Policy) -> str:
        """Return the header's line with the policy's line end."""
        return f"{self.name}: {self}{policy.linesep}" if _is_word(self) else super().fold(policy=policy)


class UnbrokenHeader(BaseHeader):
    """A header with something on its first line, which several messages may have."""

    _folded: tuple[Policy | None, str] = (None, "")

    def fold(self, *, policy: Policy) -> str:
        """Return the header's lines, each with the policy's line end."""
        if self._folded[0] is not policy:
            self._folded = policy, self._lines(policy)
        return self._folded[1]

    def _lines(self, policy: Policy) -> str:
        if self and _plain(self) and len(self.name) + len(self) + 2 <= _LINE:
            return f"{self.name}: {self}{policy.linesep}"
        return _BROKEN_AT_COLON.sub(r"\1 ", super().fold(policy=policy))


class _Registry(HeaderRegistry):
    """Keeps the class of each header name, and the headers that were made last.

    The standard library makes a class for every header of every message, and parses it. Most headers of a
    message are those of the one before.
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
    for name in ("From", "To", "Reply-To"):
        registry.map_to_type(name, AddressHeader)
    for name in ("Message-ID", REQUEST_HEADER):
        registry.map_to_type(name, IdentifierHeader)
    return SMTP.clone(header_factory=registry)


POLICY = _policy()
"""The policy of every message."""
