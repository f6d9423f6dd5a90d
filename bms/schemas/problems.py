"""Errors as problem documents (RFC 9457)."""

from typing import Any

from bms.errors import BMSError
from bms.schemas.problem_words import WORDS

# Relative, since a server does not know by which name it is reached (RFC 9457, section 3.1.1).
PROBLEM_TYPE = "/problems/"


def problem_document(error: BMSError, request_id: str | None) -> dict[str, Any]:
    """Return the problem document of ``error``."""
    return {
        "type": f"{PROBLEM_TYPE}{error.code}",
        "title": error.title,
        "status": error.status,
        "detail": error.detail,
        "code": error.code,
        "request_id": request_id,
        **error.extra,
    }


def present_kind(kind: type[BMSError]) -> dict[str, Any]:
    """Return what the problems of ``kind`` mean, as the API shows it."""
    words = WORDS[kind]
    return {
        "type": f"{PROBLEM_TYPE}{kind.code}",
        "code": kind.code,
        "title": kind.title,
        "status": kind.status,
        "when": words.when,
        "remedy": words.remedy,
    }
