"""Server processes that misbehave, for the parent to deal with."""

import signal
import socket
import sys
import time
from typing import Any

from bms.processes.server_process import IMPORTED, SERVING


def never_starts(control: socket.socket, *_: Any) -> None:
    sys.exit(3)


def serves(control: socket.socket, *_: Any) -> None:
    """Say what a server process says, and end when it is told to leave or its parent has ended."""
    control.sendall(IMPORTED)
    word, _, _, _ = socket.recv_fds(control, 1, 1)
    if word:
        control.sendall(SERVING)
        control.recv(1)


def will_not_stop(control: socket.socket, *arguments: Any) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    control.sendall(IMPORTED)
    socket.recv_fds(control, 1, 1)
    control.sendall(SERVING)
    time.sleep(600)
