"""An embedded server's data, and processes that use it."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from bms.sql.embedded.server import EmbeddedServer
from tests.sql.embedded.users import USER, StartUser, User


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory whose data is made, with no server running; whoever uses it stops what it starts."""
    directory = tmp_path_factory.mktemp("made") / "postgres"
    with EmbeddedServer(directory):
        pass
    return directory


@pytest.fixture
def start_user() -> Iterator[StartUser]:
    users: list[User] = []

    def start(directory: Path, program: str = USER, **environment: str) -> User:
        user = subprocess.Popen(
            [sys.executable, "-c", program, str(directory)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=os.environ | environment,
        )
        users.append(user)
        return user

    yield start
    for user in users:
        with user:
            user.kill()
