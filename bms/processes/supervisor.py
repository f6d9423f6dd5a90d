"""The parent of several server processes: it keeps their sockets and replaces them.

It keeps one listening socket a process and never accepts on it. A process that takes another one's place gets
the very same socket, and accepts before the old one stops. So whoever waits in the socket's queue waits a
moment longer, and nobody is refused. One more process, the spare, has imported everything and waits: it takes
a dead one's socket at once.
"""

import contextlib
import logging
import multiprocessing
import multiprocessing.connection
import os
import signal
import socket
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from multiprocessing.context import SpawnProcess
from typing import Any

from bms import settings as settings_module
from bms.errors import ConfigurationError
from bms.processes.server_process import IMPORTED, LEAVE, SERVE, SERVING, run_child
from bms.processes.stopping import LAST_SECONDS, PARENT_KILLS_AFTER, end_within
from bms.settings import Settings

log = logging.getLogger("bms")

BACK_OFF = (
    0.0,
    0.5,
    1.0,
    2.0,
    5.0,
)  # seconds until a process that died is replaced, the more often the later
SOUND_SECONDS = 10.0  # who lived as long was sound, and is replaced at once
STILLBORN = 3  # processes that end before any has served, after which the service gives up
LEAVE_SECONDS = 25.0  # for a process that was replaced to end

_context = multiprocessing.get_context("spawn")
Target = Callable[..., None]


@dataclass(eq=False)
class Child:
    """A server process, from its start to its end. ``generation`` counts the reloads before it."""

    process: SpawnProcess
    control: socket.socket
    generation: int
    imported: bool = False
    serving: bool = False
    since: float = 0.0  # when it was given its socket

    def tell(self, word: bytes) -> None:
        with contextlib.suppress(OSError):  # it has just died
            self.control.sendall(word)


@dataclass(eq=False)
class Slot:
    """A listening socket, and the process that serves it. ``next`` takes over as soon as it accepts."""

    listener: socket.socket
    child: Child | None = None
    next: Child | None = None
    deaths: int = 0
    not_before: float = 0.0


@dataclass(eq=False)
class Supervisor:
    """Keeps a process serving on each of ``listeners``. Calls ``on_death`` when one of them has died."""

    listeners: Sequence[socket.socket]
    settings: Settings
    target: Target = run_child
    on_death: Callable[[], None] = lambda: None
    replaced: int = 0

    def __post_init__(self) -> None:
        self._slots = [Slot(listener) for listener in self.listeners]
        self._waiting: list[Child] = []  # without a socket: starting, or the spare
        self._leaving: dict[Child, float] = {}  # replaced, and when each is killed
        self._generation = 0
        self._stillborn = 0
        self._has_served = False
        self._start_again_at = 0.0
        self._asked: set[int] = set()  # signals that have come
        self._wake, self._woken = socket.socketpair()
        self._had_terminal = os.isatty(0)

    def run(self) -> int:
        """Run until SIGINT or SIGTERM. Returns the exit status."""
        for end in (self._wake, self._woken):
            end.setblocking(False)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._note)
        while True:
            if self._asked & {signal.SIGINT, signal.SIGTERM}:
                return self._stop()
            if signal.SIGHUP in self._asked:
                self._asked.discard(signal.SIGHUP)
                if self._had_terminal and not os.isatty(0):
                    return self._stop()  # The terminal was closed.
                self._reload()
            if not self._has_served and self._stillborn >= STILLBORN:
                log.error("no server process could start")
                self._stop()
                return 1
            self._fill()
            self._await_news()

    def _note(self, number: int, _: Any) -> None:
        self._asked.add(number)
        with contextlib.suppress(OSError):
            self._wake.send(b"\0")

    # Starting and handing over

    def _fill(self) -> None:
        """Hand sockets to processes that wait, and start as many as are missing."""
        now = time.monotonic()
        empty = [slot for slot in self._slots if slot.child is None and slot.next is None]
        for slot in empty:
            child = self._ready()
            if child is not None and now >= slot.not_before:
                self._hand_over(slot, child, now)
        empty = [slot for slot in empty if slot.next is None]
        outdated = [slot for slot in self._slots if slot.child and slot.child.generation < self._generation]
        changing = [slot for slot in self._slots if slot.next is not None]
        if outdated and not empty and not changing:  # one by one
            child = self._ready()
            if child is not None and now >= outdated[0].not_before:
                self._hand_over(outdated[0], child, now)
                changing = outdated[:1]
        # The spare comes last, so that it does not slow the others down.
        wanted = len(empty) or int(not changing)
        if now >= self._start_again_at:
            for _ in range(wanted - len(self._waiting)):
                self._waiting.append(self._start())

    def _ready(self) -> Child | None:
        return next((child for child in self._waiting if child.imported), None)

    def _hand_over(self, slot: Slot, child: Child, now: float) -> None:
        self._waiting.remove(child)
        slot.next, child.since = child, now
        with contextlib.suppress(OSError):
            socket.send_fds(child.control, [SERVE], [slot.listener.fileno()])

    def _start(self) -> Child:
        ours, theirs = socket.socketpair()
        process = _context.Process(target=self.target, args=(theirs, self.settings), name="bms-server")
        process.start()
        theirs.close()
        return Child(process, ours, self._generation)

    def _reload(self) -> None:
        """Have every process replaced by one with today's code and settings."""
        try:
            fresh = settings_module.load()
        except ConfigurationError as error:
            log.error("not reloaded: %s", error)
            return
        if (fresh.host, fresh.port, fresh.workers) != (
            self.settings.host,
            self.settings.port,
            self.settings.workers,
        ):
            log.warning("BMS_HOST, BMS_PORT and BMS_WORKERS change only when the service starts anew")
        self.settings = fresh
        self._generation += 1
        log.info("reloading: %d processes are replaced one by one", len(self._slots))
        for child in self._waiting:
            self._leaving[child] = time.monotonic()  # What it has imported is out of date.
        self._waiting.clear()

    # What happens to them

    def _children(self) -> list[Child]:
        slots = [child for slot in self._slots for child in (slot.child, slot.next) if child]
        return [*slots, *self._waiting, *self._leaving]

    def _await_news(self) -> None:
        children = self._children()
        by_control = {child.control: child for child in children if not child.serving}
        sentinels = {child.process.sentinel: child for child in children}
        news = multiprocessing.connection.wait(
            [self._woken, *by_control, *sentinels], timeout=self._seconds_to_wait()
        )
        for one in news:
            if one is self._woken:
                with contextlib.suppress(BlockingIOError):
                    self._woken.recv(64)
            elif isinstance(one, socket.socket):
                self._hear(by_control[one])
        for one in news:
            if isinstance(one, int):
                self._bury(sentinels[one])
        now = time.monotonic()
        for child, kill_at in self._leaving.items():
            if now >= kill_at:
                if child.serving:
                    log.warning("process %d did not end after it was replaced: killed", child.process.pid)
                child.process.kill()
                self._leaving[child] = now + LEAVE_SECONDS

    def _seconds_to_wait(self) -> float | None:
        times = [*self._leaving.values(), self._start_again_at]
        times += [slot.not_before for slot in self._slots if slot.next is None]
        now = time.monotonic()
        ahead = [at - now for at in times if at > now]
        overdue = any(at <= now for at in self._leaving.values())
        return 0.0 if overdue else min(ahead, default=None)

    def _hear(self, child: Child) -> None:
        try:
            word = child.control.recv(1)
        except OSError:
            word = b""
        if word == IMPORTED:
            child.imported = True
        elif word == SERVING:
            child.serving = self._has_served = True
            self._stillborn = 0
            slot = next(slot for slot in self._slots if slot.next is child)
            if slot.child is not None:
                slot.child.tell(LEAVE)
                self._leaving[slot.child] = time.monotonic() + LEAVE_SECONDS
            slot.child, slot.next = child, None
        else:  # It is ending, and the sentinel says when it has.
            child.process.join(1.0)

    def _bury(self, child: Child) -> None:
        """Take note of a process that has ended."""
        child.process.join()
        child.control.close()
        now = time.monotonic()
        if self._leaving.pop(child, None) is not None:
            return
        how = _how(child.process.exitcode)
        if child in self._waiting:
            self._waiting.remove(child)
            self._stillborn += 1
            self._start_again_at = now + _back_off(self._stillborn)
            log.warning("process %d ended before it served (%s)", child.process.pid, how)
            return
        slot = next(slot for slot in self._slots if child in (slot.child, slot.next))
        if child is slot.next:
            slot.next = None
        else:
            slot.child = None
        slot.deaths = 1 if now - child.since >= SOUND_SECONDS else slot.deaths + 1
        self._stillborn += not child.serving
        delay = _back_off(slot.deaths - 1)
        slot.not_before = now + delay
        self.replaced += 1
        self.on_death()
        when = f"in {delay:g} s" if delay else "at once"
        log.warning("server process %d ended (%s); it is replaced %s", child.process.pid, how, when)

    # The end

    def _stop(self) -> int:
        end_within(LAST_SECONDS)
        # The port is closed with the last copy of its sockets.
        for listener in self.listeners:
            listener.close()
        children = self._children()
        status = 0
        for child in children:
            child.process.terminate()
        deadline = time.monotonic() + PARENT_KILLS_AFTER
        for child in children:
            child.process.join(max(0.0, deadline - time.monotonic()))
            if child.process.is_alive():
                log.error("process %d did not stop in time: killed", child.process.pid)
                child.process.kill()
                child.process.join()
            # The signal may reach one that was replaced when its handlers are gone. It ends as asked, too.
            if child.serving and child.process.exitcode != -signal.SIGTERM:
                status = max(status, abs(child.process.exitcode or 0))
            child.control.close()
        for end in (self._wake, self._woken):
            end.close()
        return status


def _back_off(failures: int) -> float:
    return BACK_OFF[min(failures, len(BACK_OFF) - 1)]


def _how(exitcode: int | None) -> str:
    if exitcode is not None and exitcode < 0:
        with contextlib.suppress(ValueError):
            return signal.Signals(-exitcode).name
    return f"exit status {exitcode}"
