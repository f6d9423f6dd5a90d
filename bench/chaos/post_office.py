"""A mail server that keeps what it accepts, and behaves as badly as it is told to."""

import asyncio
import contextlib
import email
import email.policy
import threading
from collections import Counter
from collections.abc import Iterator
from enum import StrEnum


class Manner(StrEnum):
    """How the server treats a message."""

    WELL = "accepts"
    DEAD = "does not listen"
    LATER = "answers 451 to every message"
    NEVER = "answers 554 to every message"
    HANGS = "does not answer"
    DROPS = "drops the connection in the middle of a message"


class PostOffice:
    """The server, in a thread of its own. ``accepted`` counts the messages by their Message-ID."""

    def __init__(self) -> None:
        self.manner = Manner.WELL
        self.accepted: Counter[str] = Counter()
        self._loop = asyncio.new_event_loop()
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.StreamWriter] = set()
        self.port = 0

    @contextlib.contextmanager
    def serving(self) -> Iterator["PostOffice"]:
        thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        thread.start()
        self._call(self._listen())
        try:
            yield self
        finally:
            self._call(self._close())
            self._loop.call_soon_threadsafe(self._loop.stop)
            thread.join()
            self._loop.close()

    def behave(self, manner: Manner) -> None:
        """Treat every message like that from now on."""
        self.manner = manner
        self._call(self._close() if manner is Manner.DEAD else self._listen())
        if manner is not Manner.HANGS:
            self._call(self._hang_up())

    def _call(self, work: "asyncio.Coroutine[object, object, None]") -> None:  # type: ignore[name-defined]
        asyncio.run_coroutine_threadsafe(work, self._loop).result(10)

    async def _listen(self) -> None:
        if self._server is None:
            self._server = await asyncio.start_server(self._talk, "127.0.0.1", self.port)
            self.port = self._server.sockets[0].getsockname()[1]

    async def _close(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None
        await self._hang_up()

    async def _hang_up(self) -> None:
        for writer in list(self._open):
            writer.transport.abort()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open.add(writer)
        try:
            with contextlib.suppress(OSError, asyncio.IncompleteReadError):
                await self._converse(reader, writer)
        finally:
            self._open.discard(writer)
            writer.transport.abort()

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 post.office\r\n")
        while line := await reader.readline():
            if self.manner is Manner.HANGS:
                await reader.read()  # until the client gives up
                return
            command = line[:4].upper()
            if command != b"DATA":
                writer.write(b"221 Bye\r\n" if command == b"QUIT" else b"250 OK\r\n")
                continue
            writer.write(b"354 Go on\r\n")
            text = await reader.readuntil(b"\r\n.\r\n")
            if self.manner is Manner.DROPS:
                return
            writer.write(self._answer(text))

    def _answer(self, text: bytes) -> bytes:
        if self.manner is Manner.LATER:
            return b"451 Try again later\r\n"
        if self.manner is Manner.NEVER:
            return b"554 Transaction failed\r\n"
        message = email.message_from_bytes(text, policy=email.policy.SMTP)
        self.accepted["".join(str(message["Message-ID"]).split())] += 1
        return b"250 Accepted\r\n"
