"""Errors as problem documents (RFC 9457)."""

from typing import Any

from bms.errors import BMSError

PROBLEM_TYPE = "urn:bms:problem:"


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
