"""The access log: one line per request, as text or JSON like the other log lines, written in batches.

A logging record per request costs more than everything else that BMS does for a reply from memory. So lines
are buffered for a moment, and a killed process loses that moment's lines.
"""

import asyncio
import os
import sys
import time
from collections.abc import Callable
from typing import NamedTuple

import orjson

from bms.logs import moment

MOMENT = 0.2  # seconds that a line may wait
# Whoever has the address of such a page can use it.
SECRETS = ("/confirm/", "/reset/", "/b/", "/api/confirm/", "/api/reset/", "/api/b/")
FULL = 200  # lines that are written without waiting


class _Request(NamedTuple):
    """A request that was answered at ``at``, and how."""

    at: float
    method: str
    path: str
    status: int
    seconds: float
    address: str
    user_id: int | None
    request_id: str


class AccessLog:
    """Writes lines to the standard error, if ``enabled``."""

    def __init__(self, *, enabled: bool = True, as_json: bool = False) -> None:
        self._enabled = enabled
        self._line: Callable[[_Request], str] = _as_json if as_json else self._as_text
        self._lines: list[str] = []
        self._flush: asyncio.TimerHandle | None = None
        self._second = 0
        self._stamp = ""

    def note(
        self,
        method: str,
        path: str,
        status: int,
        seconds: float,
        address: str,
        user_id: int | None,
        request_id: str,
    ) -> None:
        """Add the line of a request from ``address`` that has just been answered. It took ``seconds``."""
        if not self._enabled:
            return
        if path.startswith(SECRETS):
            path = f"{path[: path.index('/', 5 if path.startswith('/api/') else 1)]}/-"
        if not path.isprintable() or not path.isascii():
            # A request gets one line, whatever bytes the client sent.
            path = path.encode("unicode_escape").decode()
        request = _Request(time.time(), method, path, status, seconds, address, user_id, request_id)
        self._lines.append(self._line(request))
        if len(self._lines) >= FULL:
            self.flush()
        elif self._flush is None:
            self._flush = asyncio.get_running_loop().call_later(MOMENT, self.flush)

    def flush(self) -> None:
        """Write the buffered lines."""
        if self._flush is not None:
            self._flush.cancel()
            self._flush = None
        if self._lines:
            text = "".join(self._lines)
            self._lines.clear()
            sys.stderr.write(text)
            sys.stderr.flush()

    def _as_text(self, request: _Request) -> str:
        now, method, path, status, seconds, address, user_id, request_id = request
        if int(now) != self._second:
            self._second = int(now)
            self._stamp = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(now))
        user = "-" if user_id is None else user_id
        return (
            f"{self._stamp},{int(now * 1000) % 1000:03d} INFO bms.access: "
            f"{method} {path} {status} {seconds * 1000:.1f}ms from={address} user={user} id={request_id}\n"
        )


def _as_json(request: _Request) -> str:
    entry = {
        "time": moment(request.at),
        "level": "INFO",
        "logger": "bms.access",
        "process": os.getpid(),
        "message": f"{request.method} {request.path} {request.status}",
        "method": request.method,
        "path": request.path,
        "status": request.status,
        "seconds": round(request.seconds, 6),
        "address": request.address,
        "user": request.user_id,
        "request_id": request.request_id,
    }
    return orjson.dumps(entry, option=orjson.OPT_APPEND_NEWLINE).decode()
