"""How long replies take, one after the other over one connection."""

import http.client
import time
from collections.abc import Sequence
from typing import NamedTuple
from urllib.parse import urlsplit

from bench.big.questions import Question


class Times(NamedTuple):
    """The milliseconds that a question took: half of the times less than ``p50``, and all but 1% ``p99``."""

    p50: float
    p99: float


class NotAnswered(Exception):
    """A question got another answer than 200."""


class Asker:
    """Asks one server over one connection."""

    def __init__(self, url: str, tokens: dict[str, str]) -> None:
        self._connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=60)
        self._tokens = tokens

    def ask(self, question: Question, times: int) -> list[float]:
        """Return how many milliseconds each of so many requests took. Raises NotAnswered."""
        headers = {"Authorization": f"Bearer {self._tokens[question.who]}"}
        return [
            self._ask(question, question.paths[number % len(question.paths)], headers)
            for number in range(times)
        ]

    def _ask(self, question: Question, path: str, headers: dict[str, str]) -> float:
        began = time.perf_counter()
        self._connection.request("GET", path, headers=headers)
        reply = self._connection.getresponse()
        body = reply.read()
        took = 1000 * (time.perf_counter() - began)
        if reply.status != 200:
            raise NotAnswered(f"{question.name}: {path} got {reply.status} {body[:200]!r}")
        return took

    def close(self) -> None:
        self._connection.close()


def judge(samples: Sequence[float]) -> Times:
    """Return the median and the 99th percentile of ``samples``."""
    ordered = sorted(samples)
    return Times(ordered[len(ordered) // 2], ordered[min(len(ordered) - 1, int(0.99 * len(ordered)))])
