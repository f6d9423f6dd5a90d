"""What the doctor says of the mail server and of Redis: real ones on the loopback."""

import asyncio
import dataclasses
from pathlib import Path
from typing import Any

import pytest
import redis as redis_client

from bms.cache.redis_look import Seen
from bms.doctor import mail, redis
from bms.settings import Settings
from bms.sql.doctor.findings import Finding, Level
from tests.doctor.findings import only, told
from tests.kit.mailbox import LOGIN, PASSWORD, Mailbox
from tests.kit.redis_server import RedisServer


def examine_mail(settings: Settings, **changes: Any) -> list[Finding]:
    """Examine as ``bms doctor`` does, which has no event loop."""
    return list(mail.examine(dataclasses.replace(settings, **changes)))


async def examined(settings: Settings, **changes: Any) -> list[Finding]:
    return await asyncio.to_thread(examine_mail, settings, **changes)


async def test_a_mail_server_is_greeted_and_gets_no_mail(settings: Settings) -> None:
    mailbox = Mailbox()
    async with mailbox.serving() as address:
        host, _, port = address.partition(":")
        (well,) = await examined(settings, smtp_url=f"smtp://{address}", mail_from="BMS <post@example.org>")
        assert (well.level, well.text) == (
            Level.OK,
            f"the mail server {host}, port {port}, answers EHLO; the connection is not encrypted",
        )
        _, sender = await examined(settings, smtp_url=f"smtp://{address}")
        assert (sender.level, "tickets@localhost" in sender.text) == (Level.ADVICE, True)
    assert mailbox.envelopes == []


async def test_what_keeps_mail_from_a_server(settings: Settings) -> None:
    mailbox = Mailbox()
    options = {"authenticator": mailbox.authenticate, "auth_require_tls": False}
    async with mailbox.serving(**options) as address:
        well, _ = await examined(settings, smtp_url=f"smtp://{LOGIN}@{address}")
        assert ", and lets post@bms in;" in well.text
        refused, _ = await examined(settings, smtp_url=f"smtp://post%40bms:wrong@{address}")
        assert (refused.level, "refused the login" in refused.text) == (Level.PROBLEM, True)
        unencrypted, _ = await examined(settings, smtp_url=f"smtp://{address}?starttls=required")
        assert (unencrypted.level, "STARTTLS" in unencrypted.text) == (Level.PROBLEM, True)
    for finding in (well, refused, unencrypted):
        assert PASSWORD not in str(finding)
        assert "wrong@" not in str(finding)
    silent, _ = await examined(settings, smtp_url=f"smtp://{address}")
    assert silent.level is Level.PROBLEM
    assert f"port {address.partition(':')[2]}, cannot be used" in silent.text


def test_mail_without_a_server(settings: Settings) -> None:
    (own,) = examine_mail(settings)
    assert (own.level, str(settings.mail_dir) in own.text) == (Level.OK, True)
    (other,) = examine_mail(settings, database_url="postgresql://h/d")
    assert (other.level, "nobody gets any" in other.text) == (Level.ADVICE, True)


def test_redis_with_its_clock(tmp_path: Path) -> None:
    server = RedisServer(tmp_path)
    try:
        answer, clock = told(redis.examine(server.url))
        assert (answer[0], answer[1].startswith("Redis ")) == (Level.OK, True)
        assert "answers in" in answer[1]
        assert (clock[0], "Redis's clock is 0.0 s" in clock[1]) == (Level.OK, True)
        with redis_client.Redis(port=server.port) as client:
            client.config_set("requirepass", "hunter3")
        for url in (server.url, f"redis://:hunter2@127.0.0.1:{server.port}/0"):
            refused = only(redis.examine(url), Level.PROBLEM, "Redis cannot be used: it refuses")
            assert "hunter2" not in str(refused)
    finally:
        server.stop()
    only(redis.examine(server.url), Level.PROBLEM, "Redis cannot be used")


def test_a_clock_that_is_off(monkeypatch: pytest.MonkeyPatch) -> None:
    for ahead, words in ((7.0, "is 7.0 s ahead of"), (-3.0, "is 3.0 s behind")):
        monkeypatch.setattr(redis, "look", lambda _, ahead=ahead: Seen("7.0", 0.2, ahead))
        findings = list(redis.examine("redis://h"))
        assert [finding.level for finding in findings] == [Level.ADVICE, Level.ADVICE]
        assert "answers in 200.0 ms; BMS does without it after 250" in findings[0].text
        assert words in findings[1].text
