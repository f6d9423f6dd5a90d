"""The sockets that server processes listen on."""

import contextlib
import socket
import sys
from collections.abc import Iterator
from dataclasses import replace

import pytest

from bms.errors import ConfigurationError
from bms.processes.listeners import open_listeners
from bms.settings import Settings


@pytest.fixture
def on_a_free_port(settings: Settings) -> Settings:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return replace(settings, port=free.getsockname()[1])


@contextlib.contextmanager
def listening(settings: Settings) -> Iterator[list[socket.socket]]:
    with contextlib.ExitStack() as stack:
        yield [stack.enter_context(listener) for listener in open_listeners(settings)]


@pytest.mark.parametrize("first", [1, 3])
@pytest.mark.parametrize("second", [1, 3])
def test_a_port_that_is_taken_is_not_shared(on_a_free_port: Settings, first: int, second: int) -> None:
    taken = pytest.raises(ConfigurationError, match="Another server may be running")
    with listening(replace(on_a_free_port, workers=first)), taken:
        open_listeners(replace(on_a_free_port, workers=second))
    with listening(replace(on_a_free_port, workers=second)):
        pass


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux deals connections out to sockets of one port")
def test_connections_are_dealt_out_to_the_processes(on_a_free_port: Settings) -> None:
    with listening(replace(on_a_free_port, workers=3)) as listeners, contextlib.ExitStack() as clients:
        assert len(listeners) == 3
        for _ in range(90):
            clients.enter_context(socket.create_connection(("127.0.0.1", on_a_free_port.port)))
        accepted = 0
        for listener in listeners:
            listener.setblocking(False)
            mine = 0
            with contextlib.suppress(BlockingIOError):
                while True:
                    clients.enter_context(listener.accept()[0])
                    mine += 1
            assert mine
            accepted += mine
        assert accepted == 90
