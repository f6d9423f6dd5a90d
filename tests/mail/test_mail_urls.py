"""What the setting smtp_url names."""

from pathlib import Path

import pytest

from bms.errors import ConfigurationError
from bms.mail.transports import (
    FileTransport,
    SmtpServer,
    transport_from_url,
)
from tests.kit.mailbox import LOGIN, PASSWORD


@pytest.mark.parametrize(
    ("url", "server"),
    [
        ("smtp://mail.test", SmtpServer("mail.test", 25)),
        ("smtp://mail.test:587/?starttls=required", SmtpServer("mail.test", 587, starttls=True)),
        ("smtp://mail.test?starttls=never", SmtpServer("mail.test", 25, starttls=False)),
        ("smtps://mail.test", SmtpServer("mail.test", 465, tls=True)),
        ("SMTP://[::1]:2525", SmtpServer("::1", 2525)),
        ("smtp://ana@mail.test", SmtpServer("mail.test", 25, username="ana")),
        (
            f"smtp://{LOGIN}@mail.test:587",
            SmtpServer("mail.test", 587, username="post@bms", password=PASSWORD),
        ),
    ],
)
def test_urls(url: str, server: SmtpServer) -> None:
    assert SmtpServer.from_url(url) == server


@pytest.mark.parametrize(
    "url",
    [
        "mail.test:s3cret",
        "http://ana:s3cret@mail.test",
        "smtp://",
        "smtp://ana:s3cret@",
        "smtp://ana:s3cret@mail.test:port",
        "smtp://ana:s3cret@mail.test:0",
        "smtp://ana:s3cret@mail.test:99999",
        "smtp://ana:s3cret/x@mail.test:25",
        "smtp://ana:12/s3cret@mail.test",
        "smtp://ana:s3cret#x@mail.test",
        "smtp://ana:25?s3cret@mail.test",
        "smtp://ana:s3cret%ff@mail.test",
        "smtp://ana:s3cret℀@mail.test",
        "smtp://[s3cret",
        "smtp://:s3cret@mail.test",
        "smtp://ana:s3cret@mail.test?starttls=s3cret",
        "smtp://ana:s3cret@mail.test?tls=1",
        "smtp://ana:s3cret@mail.test/inbox",
        "smtps://ana:s3cret@mail.test?starttls=required",
        "smtp://ana:s3cret@" + "m" * 80 + ".test",
    ],
)
def test_a_bad_url_names_the_setting_and_shows_no_password(url: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="BMS_SMTP_URL") as caught:
        transport_from_url(url, tmp_path)
    assert "s3cret" not in str(caught.value)
    assert caught.value.__context__ is None


def test_no_repr_shows_the_login(tmp_path: Path) -> None:
    smtp = transport_from_url("smtp://ana:s3cret@mail.test:587", tmp_path)
    assert "mail.test" in repr(smtp)
    assert "s3cret" not in repr(smtp)
    assert "ana" not in repr(smtp)


@pytest.mark.parametrize("url", [None, ""])
def test_without_a_url_mail_goes_to_files(url: str | None, tmp_path: Path) -> None:
    assert isinstance(transport_from_url(url, tmp_path), FileTransport)
