"""The file that says which process serves a port from a data directory, for ``bms reload``."""

import contextlib
import os
import signal
from collections.abc import Iterator
from pathlib import Path

from bms.errors import ConfigurationError
from bms.settings import Settings

try:
    import fcntl
except ImportError:  # Windows, which has no SIGHUP either
    fcntl = None  # type: ignore[assignment]


def _path(settings: Settings) -> Path:
    return settings.data_dir / f"serve-{settings.port}.pid"


@contextlib.contextmanager
def pid_file(settings: Settings) -> Iterator[None]:
    """Have the file name this process while the block runs. A lock tells it from one that was left over."""
    path = _path(settings)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as error:
        raise ConfigurationError(f"BMS_DATA_DIR cannot be used: {error}") from None
    try:
        if fcntl is not None:
            with contextlib.suppress(OSError):
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        # A full disk must not keep a service from starting. It can be reloaded by its signal.
        with contextlib.suppress(OSError):
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, b"%d\n" % os.getpid(), 0)
        yield
    finally:
        with contextlib.suppress(OSError):
            path.unlink()
        os.close(descriptor)


def reload_server(settings: Settings) -> int:
    """Ask the service on this port to replace its processes. Returns the id of the process that was asked.

    Raises ConfigurationError if there is none.
    """
    found = _running(_path(settings))
    if found is None:
        raise ConfigurationError(
            f"No service on port {settings.port} runs from {settings.data_dir}. "
            "BMS_PORT and BMS_DATA_DIR must be those of the service."
        )
    os.kill(found, signal.SIGHUP)
    return found


def serving_ports(settings: Settings) -> list[int]:
    """Return the ports that services serve from the data directory. Where nobody can tell, there are none."""
    if fcntl is None:
        return []
    found = sorted(settings.data_dir.glob("serve-*.pid"))
    return [int(path.stem.removeprefix("serve-")) for path in found if _running(path) is not None]


def _running(path: Path) -> int | None:
    if fcntl is None:
        raise ConfigurationError("This system cannot reload a service. Stop it and start it again.")
    try:
        descriptor = os.open(path, os.O_RDWR)
    except OSError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        text = os.pread(descriptor, 32, 0).strip()
        return int(text) if text.isdigit() else None
    finally:
        os.close(descriptor)
    return None  # nobody holds it: its process has ended
