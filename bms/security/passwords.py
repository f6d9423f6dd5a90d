"""Passwords: bcrypt, outside the event loop, in a queue that is bounded."""

import asyncio
import secrets
from collections import Counter, deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple, TypeVar

import bcrypt

from bms.characters import older_password_forms, password_form
from bms.errors import ClientGone, Overloaded

T = TypeVar("T")
MAX_PASSWORD_BYTES = 72  # bcrypt ignores what follows
QUEUE = 64  # waiting checks, and as many waiting hashes
PART = 4  # one address has at most a PART of the queue


class Asker(NamedTuple):
    """Who waits for bcrypt: the network, None where it says nothing, and whether the client has hung up."""

    network: str | None = None
    is_gone: Callable[[], bool] = lambda: False


NOBODY = Asker()


class _Waiting(NamedTuple):
    turn: "asyncio.Future[None]"
    asker: Asker


class Passwords:
    """Hashes and checks passwords in its own threads, as bcrypt is slow by design.

    At most ``queue`` checks wait for a thread, and as many hashes. All checks go before the hashes: who has
    an account is not kept waiting by those who register. Work whose client has hung up is not done.
    """

    def __init__(self, rounds: int, *, threads: int = 2, queue: int = QUEUE) -> None:
        self._rounds = rounds
        self._free = threads
        self._queue = queue
        self._checks: deque[_Waiting] = deque()
        self._hashes: deque[_Waiting] = deque()
        self._of_network: Counter[str] = Counter()
        self._executor = ThreadPoolExecutor(threads, thread_name_prefix="bms-bcrypt")
        # Checked for unknown users, so that the reply takes equally long.
        self._decoy = bcrypt.hashpw(secrets.token_bytes(16), bcrypt.gensalt(rounds)).decode()

    async def hash(self, password: str, *, asker: Asker = NOBODY, has_account: bool = False) -> str:
        """Return the bcrypt hash of a password. The schemas refuse passwords of more than 72 bytes.

        With ``has_account`` it goes before the registrations. Raises Overloaded when too many wait, and
        ClientGone when the client has hung up before its turn.
        """
        data = password_form(password).encode()
        queue = self._checks if has_account else self._hashes
        return await self._run(
            queue, asker, lambda: bcrypt.hashpw(data, bcrypt.gensalt(self._rounds)).decode()
        )

    async def matches(self, password: str, stored: str | None, *, asker: Asker = NOBODY) -> bool:
        """Return whether the password matches the hash ``stored``. None never matches, and takes as long.

        Passwords stored before they were normalised match in the form in which they were stored. Raises as
        ``hash``.
        """
        for form in (password_form(password), *older_password_forms(password)):
            if await self._matches(form.encode(), stored, asker):
                return True
        return False

    async def _matches(self, data: bytes, stored: str | None, asker: Asker) -> bool:
        right = await self._run(
            self._checks,
            asker,
            lambda: bcrypt.checkpw(data[:MAX_PASSWORD_BYTES], (stored or self._decoy).encode()),
        )
        return right and stored is not None and len(data) <= MAX_PASSWORD_BYTES

    @property
    def nobodys(self) -> str:
        """The hash of a secret that nobody keeps: a password that nobody can give."""
        return self._decoy

    @property
    def waiting(self) -> int:
        """The number of checks and hashes that wait for a thread."""
        return len(self._checks) + len(self._hashes)

    def close(self) -> None:
        self._executor.shutdown(wait=True)

    async def _run(self, queue: deque[_Waiting], asker: Asker, function: Callable[[], T]) -> T:
        if self._free:
            self._free -= 1
        else:
            await self._wait(queue, asker)
        try:
            if asker.is_gone():
                raise ClientGone()
            return await asyncio.get_running_loop().run_in_executor(self._executor, function)
        finally:
            self._pass_on()

    async def _wait(self, queue: deque[_Waiting], asker: Asker) -> None:
        """Return when a thread is ours. Raises Overloaded and ClientGone."""
        if len(queue) >= self._queue:
            _drop_the_gone(queue)
        network, share = asker.network, max(1, self._queue // PART)
        if len(queue) >= self._queue or (network is not None and self._of_network[network] >= share):
            raise Overloaded()
        waiting = _Waiting(asyncio.get_running_loop().create_future(), asker)
        queue.append(waiting)
        if network is not None:
            self._of_network[network] += 1
        try:
            await waiting.turn
        except asyncio.CancelledError:
            if not waiting.turn.cancelled():
                self._pass_on()  # it was our turn at that very moment
            raise
        finally:
            if network is not None:
                self._of_network[network] -= 1
                if not self._of_network[network]:
                    del self._of_network[network]

    def _pass_on(self) -> None:
        """Give the thread to the next who waits."""
        for queue in (self._checks, self._hashes):
            while queue:
                turn = queue.popleft().turn
                if not turn.done():
                    turn.set_result(None)
                    return
        self._free += 1


def _drop_the_gone(queue: deque[_Waiting]) -> None:
    """Take those off the queue whose clients have hung up. They would hold its places until their turn."""
    gone = [one for one in queue if one.asker.is_gone()]
    for one in gone:
        queue.remove(one)
        if not one.turn.done():
            one.turn.set_exception(ClientGone())
