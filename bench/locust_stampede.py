"""Everybody comes at once: a crowd on one event, in waves.

    locust -f bench/locust_stampede.py --host http://127.0.0.1:8080 --event 3 --headless

People gather before the sale, rush in when it opens, and the last ones find it sold out. Without ``--event``
they go to the first event on sale. ``--crowd`` says how many they are. The shape decides how many people come
and when the run ends, so -u, -r and -t do nothing.
"""

import contextlib
from typing import Any

import locustfile  # the module, as locust takes every class of people that it finds here
from locust import LoadTestShape, constant, events, task

GATHERING, RUSH, AFTER = 30, 60, 30  # shares of the run
SECONDS = GATHERING + RUSH + AFTER


@events.init_command_line_parser.add_listener
def _options(parser: Any) -> None:
    parser.add_argument("--crowd", type=int, default=200, help="people at the height of the rush (200)")
    parser.add_argument("--crowd-seconds", type=int, default=SECONDS, help="how long it lasts (120)")


@events.test_start.add_listener
def _choose_the_event(environment: Any, **_: Any) -> None:
    options = environment.parsed_options
    # Where nothing is on sale, locustfile has ended the run, or is about to.
    with contextlib.suppress(OSError, ValueError, TypeError, KeyError, IndexError):
        options.event = options.event or locustfile.on_sale(environment.host or "")[0]


class Impatient(locustfile.Buyer):
    """Somebody who asks for tickets again and again without thinking."""

    wait_time = constant(0.2)
    weight = 1

    @task(200)
    def grab(self) -> None:
        """Hold and pay at once."""
        self.buy()


class Stampede(LoadTestShape):
    """A quarter gathers, all rush in, a tenth stays."""

    use_common_options = False

    def tick(self) -> tuple[int, float] | None:
        """Return how many people there are and how many come or go a second; None ends the run."""
        options = self.runner.environment.parsed_options
        crowd, haste = options.crowd, SECONDS / options.crowd_seconds
        now = self.get_run_time() * haste
        if now < GATHERING:
            return max(1, crowd // 4), max(1.0, haste * crowd / 4 / GATHERING)
        if now < GATHERING + RUSH:
            return crowd, max(1.0, haste * crowd / 10)
        if now < GATHERING + RUSH + AFTER:
            return max(1, crowd // 10), max(1.0, haste * crowd / 5)
        return None
