"""Log lines as JSON: one object a line, with the id of the request."""

import asyncio
import json
import logging
import sys
from typing import Any

import pytest

from bms import logs
from bms.http.access_log import AccessLog


class ToStderr(logging.Handler):
    """Looks the stream up each time, since capsys replaces it."""

    def emit(self, record: logging.LogRecord) -> None:
        print(self.format(record), file=sys.stderr)


@pytest.fixture
def lines() -> logging.Logger:
    """A logger that writes JSON to the standard error, and nothing else does."""
    logger = logging.Logger("bms.tests")
    handler = ToStderr()
    handler.setFormatter(logs.JsonLines())
    logger.addHandler(handler)
    return logger


def written(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().err.splitlines()]


def test_a_record_is_one_line(lines: logging.Logger, capsys: pytest.CaptureFixture[str]) -> None:
    lines.warning("two\nlines, \ud800 and %s", "München")
    (entry,) = written(capsys)
    assert entry["message"] == "two\nlines, \ud800 and München"
    assert (entry["level"], entry["logger"]) == ("WARNING", "bms.tests")
    assert entry["time"].endswith("Z")
    assert "request_id" not in entry


def test_an_error_brings_its_traceback(lines: logging.Logger, capsys: pytest.CaptureFixture[str]) -> None:
    try:
        raise RuntimeError("out of paper")
    except RuntimeError:
        lines.exception("printing failed")
    (entry,) = written(capsys)
    assert entry["error"].endswith("RuntimeError: out of paper")


async def test_each_task_logs_under_its_own_request(
    lines: logging.Logger, capsys: pytest.CaptureFixture[str]
) -> None:
    async def work(request: str) -> None:
        logs.request_id.set(request)
        await asyncio.sleep(0)
        lines.warning("%s", request)

    await asyncio.gather(work("a"), work("b"))
    assert {entry["message"]: entry["request_id"] for entry in written(capsys)} == {"a": "a", "b": "b"}


async def test_the_access_log_is_of_the_same_form(
    lines: logging.Logger, capsys: pytest.CaptureFixture[str]
) -> None:
    log = AccessLog(as_json=True)
    log.note("GET", "/nothing\r\nGET /forged", 404, 0.0123456, "127.0.0.1", 7, "r-1")
    log.note("GET", "/b/secret-of-a-link", 200, 0.1, "127.0.0.1", None, "r-2")
    log.note("POST", "/b/contact/secret-of-a-link", 200, 0.1, "127.0.0.1", None, "r-3")
    log.flush()
    lines.warning("beside it")
    forged, *secret, beside = written(capsys)
    assert forged["path"] == "/nothing\\r\\nGET /forged"
    assert (forged["seconds"], forged["status"], forged["user"]) == (0.012346, 404, 7)
    assert len(secret) == 2
    assert "secret-of-a-link" not in json.dumps(secret)
    assert list(forged)[:5] == list(beside)


async def test_it_can_be_silent(capsys: pytest.CaptureFixture[str]) -> None:
    log = AccessLog(enabled=False)
    log.note("GET", "/", 200, 0.1, "127.0.0.1", None, "r-1")
    log.flush()
    assert capsys.readouterr().err == ""
