"""A few bad days from end to end; and what the proof says when something is off."""

import sys

import pytest

from bench.chaos import __main__ as command
from bench.chaos.client import Answer, Log, Try
from bench.chaos.faults import FAULTS, QUICK, Fault
from bench.chaos.lives import Business
from bench.chaos.proof import Proof
from bench.chaos.report import render
from bench.chaos.run import Outcome, _longest_gap, run

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")


@pytest.mark.slow
@pytest.mark.embedded_only("it kills an embedded server of its own")
@pytest.mark.parametrize("name", QUICK)
def test_a_bad_day_loses_nothing(name: str) -> None:
    outcome = run(FAULTS[name], seed=1)
    assert outcome.proof is not None
    assert outcome.proof.lost == []
    assert outcome.settled
    assert outcome.proof.bookings > 20
    # What one connection loses is repeated under its key; nobody is refused.
    assert outcome.refused == 0
    if name == "reload":
        assert outcome.failed == 0


def outcome(**changes: object) -> Outcome:
    fault = Fault("nothing", FAULTS["none"].strike, outage=2.0)
    return Outcome(**{"fault": fault, "proof": Proof([], 0, 10, 20), "stopped": 1.0, **changes})


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({}, []),
        ({"outage": 2.5}, ["nothing could be written for 2.5 s"]),
        ({"stopped": 16.0}, ["stopping took 16.0 s"]),
        ({"settled": False}, ["not all was settled after 120 s"]),
        ({"proof": Proof(["booking 1 is not there"], 0, 10, 20)}, ["booking 1 is not there"]),
        ({"proof": None, "problem": "not tried here"}, []),
    ],
)
def test_what_is_off_is_said(
    changes: dict[str, object],
    says: list[str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    found = outcome(**changes)
    assert found.objections == says
    monkeypatch.setattr(command, "several", lambda *_: iter([("none", found)]))
    assert command.main(["none"]) == int(bool(says))
    out = capsys.readouterr().out
    assert all(line in out for line in says)
    assert "| nothing |" in out


def test_the_longest_time_without_a_write() -> None:
    assert _longest_gap([(0.0, 0.1), (0.15, 0.2), (3.0, 3.25), (3.3, 3.4)]) == pytest.approx(3.0)
    assert _longest_gap([]) == 0.0


def test_what_was_done_is_the_first_success() -> None:
    one = Business("hold", 1, "key", 2, answers=[Answer(0, None), Answer(409, {"code": "sold_out"})])
    assert one.done is None
    one.answers.append(Answer(201, {"id": 7}))
    assert one.done is not None
    assert one.done.body == {"id": 7}


def test_every_fault_is_named_once_in_the_report() -> None:
    text = render({name: outcome(fault=fault) for name, fault in FAULTS.items()})
    for fault in FAULTS.values():
        assert text.count(f"| {fault.words} |") == 1
    log = Log([Try(0.0, 0.1, 200, "")])
    assert log.faults == []
