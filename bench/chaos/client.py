"""One person's requests: sent under a key until there is an answer, and all of them written down."""

import asyncio
import time
from dataclasses import dataclass, field
from typing import Any

import aiohttp

LIMIT_SECONDS = 30.0  # for one request
PATIENCE = 90.0  # for one piece of business, however often it is sent
PATIENCE_IN_PROGRESS = 8.0  # while its first request is being answered
PAUSE = 0.3


@dataclass(slots=True)
class Answer:
    """The final answer to a piece of business; ``status`` is 0 if there was none. It came ``at`` a time in
    seconds since 1970.
    """

    status: int
    body: Any
    at: float = field(default_factory=time.time)

    @property
    def code(self) -> str:
        return str(self.body.get("code", "")) if isinstance(self.body, dict) else ""


@dataclass(slots=True)
class Try:
    """A request as the client saw it: when it began, how long it took, and its status, or what went wrong."""

    began: float
    seconds: float
    status: int
    problem: str


@dataclass(slots=True)
class Log:
    """What all clients have seen."""

    tries: list[Try] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)  # answers that no client should get


class Client:
    """Sends a person's requests to the service at one of ``bases``."""

    def __init__(self, session: aiohttp.ClientSession, bases: list[str], token: str, log: Log) -> None:
        self._session, self._bases, self._log = session, bases, log
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._turn = 0

    async def once(self, method: str, path: str, body: Any = None, key: str | None = None) -> Answer:
        """Send a request once. Status 0: the connection failed, or there was no answer in time."""
        self._turn += 1
        base = self._bases[self._turn % len(self._bases)]
        headers = self._headers | ({"Idempotency-Key": key} if key else {})
        began, status, problem, answer = time.monotonic(), 0, "", None
        try:
            async with asyncio.timeout(LIMIT_SECONDS):
                async with self._session.request(method, base + path, json=body, headers=headers) as reply:
                    status, answer = reply.status, await reply.json(content_type=None)
        except (aiohttp.ClientError, OSError, TimeoutError, ValueError) as error:
            status, problem = 0, type(error).__name__
        self._log.tries.append(Try(began, time.monotonic() - began, status, problem))
        if status >= 500 and status != 503:
            self._log.faults.append(f"{method} {path}: {status} {answer}")
        return Answer(status, answer)

    async def do(self, method: str, path: str, body: Any = None, key: str | None = None) -> Answer:
        """Send a request until it is answered for good, as a patient client does."""
        began = time.monotonic()
        while True:
            answer = await self.once(method, path, body, key)
            in_progress = answer.code == "request_in_progress"
            if answer.status not in (0, 503, 429) and not in_progress:
                return answer
            if time.monotonic() - began > (PATIENCE_IN_PROGRESS if in_progress else PATIENCE):
                return answer
            await asyncio.sleep(PAUSE)
