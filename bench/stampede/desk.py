"""Where the buyers' requests go out, and where every one of them is accounted for."""

import asyncio
import contextlib
import json
import time
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import aiohttp

LOOK, SEATS, HOLD, SHOW, CANCEL = "look", "seats", "hold", "show", "cancel"
PAY, PAY_SLOWLY = "pay", "pay by a slow bank"
ANSWER_SECONDS = 60.0  # a request without an answer by then counts as one that had none
BITS = 4  # in which a slow buyer sends a body
BIT_SECONDS = 0.15

# What is a good answer to each kind of request, and which refusals belong to a sale.
WISHED = {LOOK: {200}, SEATS: {200}, HOLD: {201}, PAY: {201}, PAY_SLOWLY: {201}, SHOW: {200}, CANCEL: {200}}
REFUSALS = {
    HOLD: {(409, "sold_out"), (409, "per_user_limit"), (409, "seats_taken"), (409, "no_block")},
    PAY: {(409, "hold_expired"), (409, "request_in_progress")},
    PAY_SLOWLY: {(409, "hold_expired")},
}
COME_AGAIN = 503


class SaleOver(Exception):
    """Enough has been asked, and all tickets are sold."""


@dataclass(frozen=True)
class Answer:
    """An answer of the API. ``retry_after`` is in seconds, 0 without the header; ``replayed`` is what the
    header says of an answer given before.
    """

    status: int
    body: dict[str, Any]
    retry_after: int
    replayed: bool

    @property
    def code(self) -> str:
        return str(self.body.get("code", ""))


@dataclass
class Tally:
    """What became of the requests: each is answered, or dropped by the client, or without an answer."""

    asked: Counter[str] = field(default_factory=Counter)
    answers: Counter[tuple[str, int, str]] = field(default_factory=Counter)
    dropped: Counter[str] = field(default_factory=Counter)
    unanswered: list[str] = field(default_factory=list)
    without_retry_after: int = 0
    seconds: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))

    @property
    def all_asked(self) -> int:
        return self.asked.total()

    @property
    def unwished(self) -> Counter[tuple[str, int, str]]:
        """The answers that nobody should get: neither good, nor a refusal of a sale, nor "come again"."""
        return Counter(
            {
                (kind, status, code): number
                for (kind, status, code), number in self.answers.items()
                if status not in WISHED[kind]
                and (status, code) not in REFUSALS.get(kind, ())
                and status != COME_AGAIN
            }
        )

    @property
    def refused(self) -> int:
        """How often somebody was told that there are no tickets left, or that others have the seats."""
        return sum(self.answers[HOLD, 409, code] for code in ("sold_out", "seats_taken", "no_block"))


class Desk:
    """Sends requests to the server at ``url``, ``connections`` at a time, and keeps the tally."""

    def __init__(self, url: str, client: aiohttp.ClientSession, connections: int) -> None:
        self.tally = Tally()
        self.is_over: Callable[[], bool] = lambda: False
        self._url = url
        self._client = client
        # Who has tickets to pay for does not queue behind those who want some.
        self._till = asyncio.Semaphore(connections // 4)
        self._door = asyncio.Semaphore(connections - connections // 4)

    async def ask(
        self,
        kind: str,
        method: str,
        path: str,
        token: str | None = None,
        body: dict[str, Any] | None = None,
        *,
        key: str | None = None,
        slowly: bool = False,
    ) -> Answer:
        """Send one request and return its answer, asking again for as long as that is "come again".

        Raises SaleOver in place of asking for tickets once nobody needs to ask any more, and Unanswered.
        """
        while True:
            answer = await self._ask(kind, method, path, _headers(token, key), body, slowly)
            if answer.status != COME_AGAIN:
                return answer
            await asyncio.sleep(answer.retry_after)

    async def _ask(
        self,
        kind: str,
        method: str,
        path: str,
        headers: dict[str, str],
        body: dict[str, Any] | None,
        slowly: bool,
    ) -> Answer:
        text = None if body is None else json.dumps(body).encode()
        async with self._place(kind):
            self.tally.asked[kind] += 1
            began = time.perf_counter()
            data = _in_bits(text) if slowly and text else text
            try:
                async with self._client.request(
                    method, self._url + path, data=data, headers=headers
                ) as response:
                    read, said = await response.json(content_type=None), response.headers
                    status = response.status
            except (aiohttp.ClientError, TimeoutError, ValueError) as error:
                self.tally.unanswered.append(f"{kind}: {error!r}")
                raise Unanswered from error
            if not slowly:
                self.tally.seconds[kind].append(time.perf_counter() - began)
        answer = Answer(
            status,
            read if isinstance(read, dict) else {},
            int(said.get("Retry-After", 0)),
            said.get("Idempotency-Replayed") == "true",
        )
        self.tally.answers[kind, status, answer.code] += 1
        if status == COME_AGAIN and not answer.retry_after:
            self.tally.without_retry_after += 1
        return answer

    @contextlib.asynccontextmanager
    async def _place(self, kind: str) -> AsyncIterator[None]:
        if kind not in (LOOK, SEATS, HOLD):
            async with self._till:
                yield
            return
        async with self._door:
            if self.is_over():
                raise SaleOver
            yield

    async def drop(
        self,
        kind: str,
        path: str,
        token: str,
        body: dict[str, Any],
        key: str,
        *,
        share: float,
        after: float,
        rudely: bool,
    ) -> None:
        """Send ``share`` of a request and ``after`` so many seconds drop the connection, without a good-bye
        if ``rudely``.
        """
        text = json.dumps(body).encode()
        where = urlsplit(self._url)
        lines = [f"POST {path} HTTP/1.1", f"Host: {where.netloc}", f"Content-Length: {len(text)}"]
        lines += [f"{name}: {value}" for name, value in _headers(token, key).items()]
        sent = "\r\n".join([*lines, "", ""]).encode() + text
        async with self._place(kind):
            self.tally.asked[kind] += 1
            self.tally.dropped[kind] += 1
            _, writer = await asyncio.open_connection(where.hostname, where.port)
            writer.write(sent[: max(1, round(len(sent) * share))])
            await writer.drain()
            await asyncio.sleep(after)
            if rudely:
                writer.transport.abort()
            else:
                writer.close()


class Unanswered(Exception):
    """The server gave no answer; the tally says to what."""


def _headers(token: str | None, key: str | None) -> dict[str, str]:
    headers = {"Content-Type": "application/json"}
    if token is not None:
        headers["Authorization"] = f"Bearer {token}"
    if key is not None:
        headers["Idempotency-Key"] = key
    return headers


async def _in_bits(text: bytes) -> AsyncIterator[bytes]:
    size = -(-len(text) // BITS)
    for start in range(0, len(text), size):
        await asyncio.sleep(BIT_SECONDS)
        yield text[start : start + size]
