"""Backups of a service with the embedded database: one file that holds all it needs to go on elsewhere.

The file is a tar archive: the database's dump, the books of the simulated gateway, the secrets, and a list
of the parts with their digests. It is as good as the service's data directory: keep it as secret.
"""

import asyncio
import hashlib
import io
import json
import os
import tarfile
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from bms import __version__
from bms.errors import ConfigurationError
from bms.maintenance.jobs import open_database
from bms.payments.simulated.ledger import Ledger
from bms.queries.gateway_books import list_charged, list_refunded
from bms.settings import Settings
from bms.sql.embedded.backup import dump, is_empty, load
from bms.sql.embedded.provision import DATABASE, embedded_url, shared_server
from bms.sql.yoyo.apply import MIGRATIONS, list_migrations

MANIFEST, DUMP, BOOKS = "manifest.json", "database.dump", "gateway.sqlite3"
SECRETS = ("secret_key", "gateway_secret")
FORMAT = 1
_CHUNK = 1 << 20


class Backup(NamedTuple):
    """What a backup holds: when it was made (UTC), and its size in bytes."""

    made_at: str
    size: int


def back_up(settings: Settings, file: Path) -> Backup:
    """Write a backup to ``file``, which must not exist. The service may go on meanwhile.

    The backup is of one moment. The books are copied after the database, so they may hold a few lines more;
    ``restore`` leaves out those of payments that the database does not know.
    """
    _check_embedded(settings)
    if file.exists():
        raise ConfigurationError(f"{file} exists already")
    server = shared_server(settings.data_dir)
    url = embedded_url(server)
    with tempfile.TemporaryDirectory(prefix=".backup.", dir=_directory(file)) as place:
        parts = Path(place)
        dump(server, DATABASE, parts / DUMP)
        if _books(settings).exists():
            Ledger(_books(settings)).copy_to(parts / BOOKS)
        for name in SECRETS:
            kept = settings.data_dir / name
            if kept.exists():
                (parts / name).write_bytes(kept.read_bytes())
        made_at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        manifest = {
            "format": FORMAT,
            "version": __version__,
            "made_at": made_at,
            "migrations": [name for name, applied in list_migrations(url) if applied],
            "parts": {part.name: _digest(part) for part in sorted(parts.iterdir())},
        }
        whole = parts / "whole"
        _pack(whole, parts, manifest)
        # A backup that is there is complete.
        os.link(whole, file)
    return Backup(made_at, file.stat().st_size)


def restore(settings: Settings, file: Path) -> Backup:
    """Load a backup into an empty data directory. Raises ConfigurationError if anything is there already."""
    _check_embedded(settings)
    server = shared_server(settings.data_dir)
    if not is_empty(server, DATABASE):
        raise ConfigurationError(
            f"The database in {settings.data_dir} is not empty. Restore into another BMS_DATA_DIR."
        )
    if _books(settings).exists() and Ledger(_books(settings)).entries():
        raise ConfigurationError(
            f"{_books(settings)} holds payments already. Restore into another BMS_DATA_DIR."
        )
    with tempfile.TemporaryDirectory(prefix=".restore.", dir=settings.data_dir) as place:
        parts = Path(place)
        manifest = _unpack(file, parts)
        for name in SECRETS:
            if (parts / name).exists():
                os.replace(parts / name, settings.data_dir / name)
        if (parts / BOOKS).exists():
            os.replace(parts / BOOKS, _books(settings))
        load(server, DATABASE, parts / DUMP)
    if _books(settings).exists():
        asyncio.run(_leave_out_what_came_later(settings, embedded_url(server)))
    return Backup(str(manifest["made_at"]), file.stat().st_size)


async def _leave_out_what_came_later(settings: Settings, url: str) -> None:
    async with open_database(settings, url) as database:
        charges = {row.reference for row in await database.read_primary(list_charged)}
        refunds = {row.reference for row in await database.read_primary(list_refunded)}
    Ledger(_books(settings)).keep_only(charges, refunds)


def _check_embedded(settings: Settings) -> None:
    if not settings.embedded:
        raise ConfigurationError(
            "bms backup and restore are for the embedded database. Another one has its own tools for that."
        )


def _books(settings: Settings) -> Path:
    return settings.data_dir / "gateway.sqlite3"


def _directory(file: Path) -> Path:
    directory = file.absolute().parent
    if not directory.is_dir():
        raise ConfigurationError(f"There is no directory {directory}")
    return directory


def _digest(path: Path) -> str:
    with path.open("rb") as part:
        return hashlib.file_digest(part, "sha256").hexdigest()


def _pack(to: Path, parts: Path, manifest: dict[str, Any]) -> None:
    descriptor = os.open(to, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as output, tarfile.open(fileobj=output, mode="w") as archive:
        text = json.dumps(manifest, indent=2).encode()
        entry = tarfile.TarInfo(MANIFEST)
        entry.size, entry.mode = len(text), 0o600
        archive.addfile(entry, io.BytesIO(text))
        for name in manifest["parts"]:
            archive.add(parts / name, arcname=name, recursive=False)
        archive.close()
        output.flush()
        os.fsync(output.fileno())


def _unpack(file: Path, to: Path) -> dict[str, Any]:
    """Write the parts of a backup into the directory ``to`` and return its manifest.

    Raises ConfigurationError if anything is amiss.
    """
    try:
        with tarfile.open(file, mode="r:") as archive:
            manifest = json.loads(_read(archive, MANIFEST))
            for name in manifest["parts"]:
                if name not in (DUMP, BOOKS, *SECRETS):
                    raise ConfigurationError(f"{file} holds {name}, which this version does not know")
                with _created(to / name) as part:
                    for chunk in _chunks(archive, name):
                        part.write(chunk)
                if _digest(to / name) != manifest["parts"][name]:
                    raise ConfigurationError(f"{file} is damaged: {name} is not what was written")
    except (OSError, tarfile.TarError, KeyError, ValueError) as error:
        raise ConfigurationError(f"{file} cannot be read as a backup: {error}") from None
    if manifest["format"] != FORMAT or DUMP not in manifest["parts"]:
        raise ConfigurationError(f"{file} is a backup in a form that this version does not know")
    known = {path.stem for path in MIGRATIONS.glob("*.sql")}
    if not known.issuperset(manifest["migrations"]):
        raise ConfigurationError(f"{file} was made by a newer version of BMS, {manifest['version']}")
    return dict(manifest)


def _read(archive: tarfile.TarFile, name: str) -> bytes:
    return b"".join(_chunks(archive, name))


def _chunks(archive: tarfile.TarFile, name: str) -> Iterator[bytes]:
    part = archive.extractfile(name)
    if part is None:
        raise KeyError(name)
    while chunk := part.read(_CHUNK):
        yield chunk


def _created(path: Path) -> "io.BufferedWriter":
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")
