"""A parent whose server processes will not start, or will not stop."""

import os
import signal
import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from bms.processes import supervisor
from bms.processes.supervisor import Supervisor
from bms.settings import Settings
from tests.kit.waiting import wait_until
from tests.processes import targets


@pytest.fixture(autouse=True)
def signals() -> Iterator[None]:
    """The handlers of this process, as they were."""
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = [signal.getsignal(number) for number in numbers]
    yield
    for number, handler in zip(numbers, before, strict=True):
        signal.signal(number, handler)


@pytest.fixture
def parent(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Make a parent of two server processes that runs here."""
    monkeypatch.setattr(supervisor, "end_within", lambda _: None)
    listeners = [socket.create_server(("127.0.0.1", 0)) for _ in range(2)]
    yield lambda target: Supervisor(listeners, settings, target)
    for listener in listeners:
        listener.close()


def then(condition: Any, act: Any) -> threading.Thread:
    """Do something in a thread as soon as it is time."""

    def wait_and_act() -> None:
        wait_until(condition, seconds=60)
        act()

    thread = threading.Thread(target=wait_and_act)
    thread.start()
    return thread


def serving(one: Supervisor) -> list[int]:
    return [slot.child.process.pid or 0 for slot in one._slots if slot.child is not None]


def terminate() -> None:
    os.kill(os.getpid(), signal.SIGTERM)


def test_processes_that_never_start_end_the_service(
    parent: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(supervisor, "BACK_OFF", (0.0,))
    assert parent(targets.never_starts).run() == 1
    assert "no server process could start" in caplog.text
    assert "exit status 3" in caplog.text


def test_a_process_that_will_not_stop_is_killed(
    parent: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(supervisor, "PARENT_KILLS_AFTER", 0.2)
    one = parent(targets.will_not_stop)
    thread = then(lambda: len(serving(one)) == 2, terminate)
    assert one.run() == signal.SIGKILL
    thread.join()
    assert caplog.text.count("did not stop in time: killed") >= 2


def test_who_is_past_its_handlers_when_it_is_stopped_has_ended_well(parent: Any) -> None:
    one = parent(targets.serves)  # SIGTERM ends it as it ends a process that has put its handlers away
    thread = then(lambda: len(serving(one)) == 2, terminate)
    assert one.run() == 0
    thread.join()


def test_who_dies_again_and_again_is_replaced_ever_later(
    parent: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(supervisor, "BACK_OFF", (0.0, 0.01, 0.02))
    one = parent(targets.serves)

    def kill_thrice() -> None:
        for deaths in range(1, 4):
            wait_until(lambda: len(serving(one)) == 2, seconds=60)
            victim = serving(one)[0]
            os.kill(victim, signal.SIGKILL)
            wait_until(lambda deaths=deaths: one.replaced == deaths, seconds=60)
        wait_until(lambda: len(serving(one)) == 2, seconds=60)
        terminate()

    thread = threading.Thread(target=kill_thrice)
    thread.start()
    one.run()
    thread.join()
    said = [record.getMessage() for record in caplog.records if "is replaced" in record.getMessage()]
    assert [line.rpartition("replaced ")[2] for line in said] == ["at once", "in 0.01 s", "in 0.02 s"]
    assert all("SIGKILL" in line for line in said)
    assert one.replaced == 3
