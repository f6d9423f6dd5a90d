"""The access log: one line per request, in the form of the other log lines, written in batches.

A logging record per request costs more than everything else that BMS does for a reply from memory. So lines
are buffered for a moment, and a killed process loses that moment's lines.
"""

import asyncio
import sys
import time

MOMENT = 0.2  # seconds that a line may wait
FULL = 200  # lines that are written without waiting


class AccessLog:
    """Writes lines to the standard error, if ``enabled``."""

    def __init__(self, *, enabled: bool = True) -> None:
        self._enabled = enabled
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
        now = time.time()
        if int(now) != self._second:
            self._second = int(now)
            self._stamp = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(now))
        if not path.isprintable() or not path.isascii():
            # A request gets one line, whatever bytes the client sent.
            path = path.encode("unicode_escape").decode()
        user = "-" if user_id is None else user_id
        self._lines.append(
            f"{self._stamp},{int(now * 1000) % 1000:03d} INFO bms.access: "
            f"{method} {path} {status} {seconds * 1000:.1f}ms from={address} user={user} id={request_id}\n"
        )
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
