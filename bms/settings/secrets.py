"""Secrets that are made once and stored beside the embedded database."""

import contextlib
import os
import secrets
from pathlib import Path


def kept_secret(path: Path) -> str:
    """Return the secret stored at ``path`` (mode 0600). Creates it if there is none."""
    # Read before writing: on a full disk, too, there is a service to look after.
    with contextlib.suppress(FileNotFoundError):
        return path.read_text().strip()
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f"{path.name}.{os.getpid()}")
    try:
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_urlsafe(48))
            file.flush()
            os.fsync(file.fileno())
        # A link never replaces a file: processes that start at the same time all read the first one's secret.
        with contextlib.suppress(FileExistsError):
            os.link(fresh, path)
        return path.read_text().strip()
    finally:
        fresh.unlink(missing_ok=True)
