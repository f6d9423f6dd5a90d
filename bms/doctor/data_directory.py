"""The doctor's examination of the data directory: its owner, its secrets, and the room that is left."""

import os
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path

from bms.settings import Settings
from bms.sql.doctor.findings import Finding, advice, ok, problem

SECRETS = ("secret_key", "gateway_secret", "gateway.sqlite3")
LITTLE, TOO_LITTLE = 2 * 2**30, 200 * 2**20  # bytes that are free


def examine(settings: Settings) -> Iterator[Finding]:
    """Yield the findings about the directory that ``settings`` name."""
    directory = settings.data_dir
    if not directory.exists():
        above = next(parent for parent in directory.parents if parent.exists())
        if os.access(above, os.W_OK | os.X_OK):
            yield ok(f"{directory} does not exist yet: BMS makes it")
        else:
            yield problem(
                f"{directory} does not exist, and {_user()} cannot make it in {above}",
                f"mkdir -p {directory} && chown {_user()} {directory}",
            )
        return
    if not directory.is_dir():
        yield problem(f"{directory} is no directory", "let BMS_DATA_DIR name a directory")
        return
    yield _access(directory)
    yield from _secrets(directory)
    yield _space(directory)


def _access(directory: Path) -> Finding:
    owner = directory.stat().st_uid
    if not os.access(directory, os.R_OK | os.W_OK | os.X_OK):
        return problem(
            f"{directory} belongs to {_name(owner)}, and {_user()} cannot write there",
            f"chown -R {_user()} {directory}, or run BMS as {_name(owner)}",
        )
    foreign = sorted(
        path.name for path in directory.iterdir() if path.lstat().st_uid not in (owner, os.geteuid())
    )
    if foreign:
        return problem(
            f"{', '.join(foreign)} in {directory} belongs to neither {_name(owner)} nor {_user()}",
            f"chown -R {_name(owner)} {directory}",
        )
    if owner != os.geteuid():
        return advice(
            f"{directory} belongs to {_name(owner)}, and this is {_user()}: what is made here may be closed "
            "to the service",
            f"run bms as {_name(owner)}",
        )
    return ok(f"{directory} belongs to {_name(owner)}, who can write there")


def _secrets(directory: Path) -> Iterator[Finding]:
    for path in (directory / name for name in SECRETS):
        if path.exists() and stat.S_IMODE(path.stat().st_mode) & 0o077:
            yield problem(f"others than its owner may open {path}", f"chmod 600 {path}")


def _space(directory: Path) -> Finding:
    free = shutil.disk_usage(directory).free
    text = f"{free / 2**30:,.1f} GiB are free in {directory}"
    fix = "make room, or move the directory to a larger disk"
    if free < TOO_LITTLE:
        return problem(f"{text}, too little for a day's sale", fix)
    if free < LITTLE:
        return advice(text, fix)
    return ok(text)


def _user() -> str:
    return _name(os.geteuid())


def _name(number: int) -> str:
    try:
        import pwd

        return pwd.getpwuid(number).pw_name
    except (ImportError, KeyError):
        return f"user {number}"
