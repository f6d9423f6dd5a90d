"""Mail that is written to files where there is no server."""

import asyncio
import email
import email.policy
from email.message import EmailMessage
from pathlib import Path

import pytest

from bms.mail.transports import (
    FileTransport,
    PermanentMailError,
    TransientMailError,
)
from tests.kit.letters import registration, text_of


def files_in(directory: Path) -> list[Path]:
    return sorted(directory.iterdir())


async def test_a_file_holds_the_message(tmp_path: Path) -> None:
    directory = tmp_path / "var" / "mail"
    message = registration(name="Zoë 🎸")
    files = FileTransport(directory)
    await files.send(message)
    await files.close()
    (path,) = files_in(directory)
    assert path.name.startswith("registration-")
    assert path.suffix == ".eml"
    assert path.stat().st_mode & 0o777 == 0o600
    assert directory.stat().st_mode & 0o777 == 0o700
    parsed = email.message_from_bytes(path.read_bytes(), policy=email.policy.SMTP)
    assert isinstance(parsed, EmailMessage)
    assert parsed["Subject"] == "Welcome to BMS, Zoë 🎸"
    assert text_of(parsed) == text_of(message)


async def test_a_repeat_replaces_the_file_and_another_message_adds_one(tmp_path: Path) -> None:
    files = FileTransport(tmp_path)
    await files.send(registration(name="First"))
    await files.send(registration(name="Second"))
    (path,) = files_in(tmp_path)
    assert "Welcome to BMS, Second" in path.read_text()
    await asyncio.gather(*(files.send(registration(key=str(number))) for number in range(20)))
    assert [path.suffix for path in files_in(tmp_path)] == [".eml"] * 21


async def test_a_file_for_an_international_address(tmp_path: Path) -> None:
    await FileTransport(tmp_path).send(registration("jürgen@bücher.example"))
    (path,) = files_in(tmp_path)
    assert "To: jürgen@bücher.example\r\n".encode() in path.read_bytes()


async def test_a_message_id_cannot_lead_out_of_the_directory(tmp_path: Path) -> None:
    directory = tmp_path / "mail"
    message = registration()
    message.replace_header("Message-ID", "<../../etc@example.org>")
    message.replace_header("X-BMS-Kind", "../up")
    await FileTransport(directory).send(message)
    assert files_in(tmp_path) == [directory]
    assert len(files_in(directory)) == 1


async def test_a_directory_that_cannot_be_written_is_transient(tmp_path: Path) -> None:
    (tmp_path / "mail").write_text("a file is in the way")
    with pytest.raises(TransientMailError):
        await FileTransport(tmp_path / "mail").send(registration())


async def test_a_file_that_cannot_be_written_keeps_no_other_from_it(tmp_path: Path) -> None:
    files = FileTransport(tmp_path)
    await files.send(registration())
    (path,) = files_in(tmp_path)
    path.unlink()
    path.mkdir()
    others = [registration(key=str(number)) for number in range(5)]
    outcomes = await asyncio.gather(
        *(files.send(message) for message in [*others[:2], registration(), *others[2:]]),
        return_exceptions=True,
    )
    assert [type(outcome) for outcome in outcomes] == [type(None)] * 2 + [TransientMailError] + [
        type(None)
    ] * 3
    assert sum(path.is_file() for path in files_in(tmp_path)) == 5
    assert len(files_in(tmp_path)) == 6
    await files.close()


async def test_a_message_without_an_id_is_permanent(tmp_path: Path) -> None:
    message = registration()
    del message["Message-ID"]
    with pytest.raises(PermanentMailError, match="Message-ID"):
        await FileTransport(tmp_path).send(message)
    assert files_in(tmp_path) == []
