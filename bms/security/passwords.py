"""Passwords: bcrypt, outside the event loop."""

import asyncio
import secrets
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import bcrypt

from bms.characters import older_password_forms, password_form

T = TypeVar("T")
MAX_PASSWORD_BYTES = 72  # bcrypt ignores what follows


class Passwords:
    """Hashes and checks passwords in its own threads, as bcrypt is slow by design."""

    def __init__(self, rounds: int, *, threads: int = 2) -> None:
        self._rounds = rounds
        self._executor = ThreadPoolExecutor(threads, thread_name_prefix="bms-bcrypt")
        # Checked for unknown users, so that the reply takes equally long.
        self._decoy = bcrypt.hashpw(secrets.token_bytes(16), bcrypt.gensalt(rounds)).decode()

    async def hash(self, password: str) -> str:
        """Return the bcrypt hash of a password. The schemas refuse passwords of more than 72 bytes."""
        data = password_form(password).encode()
        return await self._run(lambda: bcrypt.hashpw(data, bcrypt.gensalt(self._rounds)).decode())

    async def matches(self, password: str, stored: str | None) -> bool:
        """Return whether the password matches the hash ``stored``. None never matches, and takes as long.

        Passwords stored before they were normalised match in the form in which they were stored.
        """
        for form in (password_form(password), *older_password_forms(password)):
            if await self._matches(form.encode(), stored):
                return True
        return False

    async def _matches(self, data: bytes, stored: str | None) -> bool:
        right = await self._run(
            lambda: bcrypt.checkpw(data[:MAX_PASSWORD_BYTES], (stored or self._decoy).encode())
        )
        return right and stored is not None and len(data) <= MAX_PASSWORD_BYTES

    def close(self) -> None:
        self._executor.shutdown(wait=True)

    async def _run(self, function: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._executor, function)
