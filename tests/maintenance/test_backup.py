"""A backup, restored into an empty directory, goes on where the service was."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from bms.errors import ConfigurationError
from bms.maintenance import backup
from bms.maintenance.backup import back_up, restore
from bms.maintenance.jobs import check
from bms.payments.simulated.ledger import Ledger
from bms.settings import Settings
from bms.sql.embedded.provision import embedded_url, shared_server
from bms.sql.yoyo.apply import apply_migrations
from tests.maintenance.service import in_directory, sell

pytestmark = pytest.mark.embedded_only


@pytest.fixture(scope="module")
def sold(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """The settings of a service that has sold, cancelled and refunded."""
    directory = tmp_path_factory.mktemp("sold")
    settings = in_directory(directory)
    apply_migrations(embedded_url(shared_server(directory)))
    asyncio.run(sell(settings))
    return settings


@pytest.fixture(scope="module")
def made(sold: Settings, tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("backups") / "bms.backup"
    back_up(sold, file)
    return file


def broken(settings: Settings) -> list[str]:
    findings, _ = asyncio.run(check(settings, embedded_url(shared_server(settings.data_dir))))
    return [finding.rule for finding in findings if finding.rows]


def test_everything_is_there_again(sold: Settings, made: Path, tmp_path: Path) -> None:
    assert made.stat().st_mode & 0o077 == 0
    elsewhere = in_directory(tmp_path / "elsewhere")
    restore(elsewhere, made)
    assert broken(elsewhere) == []
    for name in ("secret_key", "gateway_secret"):
        assert (elsewhere.data_dir / name).read_text() == (sold.data_dir / name).read_text()
    assert books(elsewhere) == books(sold)
    assert len(books(elsewhere)) >= 4
    # Ids go on from where they were.
    asyncio.run(sell(in_directory(elsewhere.data_dir)))
    assert broken(elsewhere) == []
    with pytest.raises(ConfigurationError, match="not empty"):
        restore(elsewhere, made)


def books(settings: Settings) -> list[str]:
    return sorted(repr(entry) for entry in Ledger(settings.data_dir / "gateway.sqlite3").entries())


def test_what_was_booked_after_the_database_was_dumped_is_left_out(
    sold: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dump = backup.dump

    def dump_and_sell(*arguments: object) -> None:
        dump(*arguments)  # type: ignore[arg-type]
        asyncio.run(sell(sold))

    monkeypatch.setattr(backup, "dump", dump_and_sell)
    back_up(sold, tmp_path / "made")
    elsewhere = in_directory(tmp_path / "elsewhere")
    restore(elsewhere, tmp_path / "made")
    assert broken(elsewhere) == []
    assert len(books(elsewhere)) < len(books(sold))


def test_nothing_is_overwritten(sold: Settings, made: Path, tmp_path: Path) -> None:
    before = made.read_bytes()
    with pytest.raises(ConfigurationError, match="exists already"):
        back_up(sold, made)
    assert made.read_bytes() == before
    with pytest.raises(ConfigurationError, match="no directory"):
        back_up(sold, tmp_path / "nowhere" / "file")
    with pytest.raises(ConfigurationError, match="not empty"):
        restore(sold, made)
    assert broken(sold) == []


@pytest.mark.parametrize("damage", ["cut", "changed", "no archive", "another member", "absent"])
def test_a_damaged_backup_changes_nothing(made: Path, tmp_path: Path, damage: str) -> None:
    file = tmp_path / "damaged"
    data = made.read_bytes()
    if damage == "cut":
        file.write_bytes(data[: len(data) // 2])
    elif damage == "changed":
        at = data.index(b"PGDMP") + 2000
        file.write_bytes(data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :])
    elif damage == "no archive":
        file.write_bytes(b"not a backup" * 1000)
    elif damage == "another member":
        file.write_bytes(data.replace(b'"gateway_secret"', b'"../../../secret"'))
    elsewhere = in_directory(tmp_path / "elsewhere")
    with pytest.raises(ConfigurationError, match=r"backup|damaged|does not know"):
        restore(elsewhere, file)
    assert not (elsewhere.data_dir / "gateway.sqlite3").exists()
    restore(elsewhere, made)


def test_a_backup_of_a_newer_version_is_refused(
    made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backup, "MIGRATIONS", tmp_path)
    with pytest.raises(ConfigurationError, match="newer version"):
        restore(in_directory(tmp_path / "elsewhere"), made)


def test_another_database_is_not_backed_up(settings: Settings, tmp_path: Path) -> None:
    other = replace(settings, database_url="postgresql://bms@localhost/bms")
    for act in (back_up, restore):
        with pytest.raises(ConfigurationError, match="its own tools"):
            act(other, tmp_path / "file")
