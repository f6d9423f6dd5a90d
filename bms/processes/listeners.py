"""The listening sockets of a service: one per server process, so that the kernel shares connections out."""

import itertools
import socket
import sys

from bms.environment import inherited_listeners
from bms.errors import ConfigurationError
from bms.settings import Settings

BACKLOG = 1024  # connections that wait to be accepted


def open_listeners(settings: Settings) -> list[socket.socket]:
    """Return a listening socket for each server process; where the system cannot, one that they share.

    Takes sockets over from the process that started this one, if it left any (the protocol of systemd's
    socket activation). Raises ConfigurationError if the port is taken.
    """
    given = [socket.socket(fileno=descriptor) for descriptor in inherited_listeners()]
    for listener in given:
        listener.setblocking(False)
        listener.set_inheritable(False)
    return list(itertools.islice(itertools.cycle(given or _bound(settings)), settings.workers))


def _bound(settings: Settings) -> list[socket.socket]:
    first = bind(settings.host, settings.port)
    if settings.workers == 1 or sys.platform != "linux":
        first.listen(BACKLOG)
        return [first]
    # On a shared socket the first process to wake accepts every connection and the others idle. Linux spreads
    # connections over sockets that share a port. First check that the port is free: two servers that share it
    # by mistake would each get half of the requests.
    first.close()
    listeners = [bind(settings.host, settings.port, share=True) for _ in range(settings.workers)]
    for listener in listeners:
        listener.listen(BACKLOG)
    return listeners


def bind(host: str, port: int, setting: str = "BMS_PORT", *, share: bool = False) -> socket.socket:
    """Return a socket bound to a port, which ``setting`` chooses. Raises ConfigurationError if taken."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if share:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        raise ConfigurationError(
            f"Cannot listen on {host}:{port}: {error.strerror}. "
            f"Another server may be running; {setting} chooses another port."
        ) from None
    return listener
