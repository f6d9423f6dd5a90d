"""A small stampede from end to end; and what its proof and its report say when something is off."""

import base64
import dataclasses
import random
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from bench.stampede import __main__ as command
from bench.stampede.buyer import Sale, _fewer
from bench.stampede.desk import HOLD, SEATS, Answer, Tally
from bench.stampede.hall import Hall
from bench.stampede.plan import QUICK, SEATED, Manner, Plan
from bench.stampede.plot import HEIGHT, HELD, SOLD, WIDTH, draw
from bench.stampede.proof import Line, prove
from bench.stampede.report import Result, percentile, put_into, render
from bench.stampede.run import stampede
from bench.stampede.watch import Sample
from bench.world import Site, open_site
from bms.seating.availability import pack


@pytest.mark.embedded_only("it looks into the books of an embedded server of its own")
def test_a_small_one_comes_out_exact_and_no_line_of_the_proof_is_idle(tmp_path: Path) -> None:
    with open_site(tmp_path) as site:
        result = stampede(site, QUICK)
        assert [line for line in result.proof if not line.holds] == []
        tally = result.sale.desk.tally
        assert tally.all_asked >= QUICK.requests
        assert tally.dropped.total() > 0
        assert (result.samples[-1].held, result.samples[-1].sold) == (0, QUICK.tickets)
        text = render(result)
        assert "does not hold" not in text
        assert "300 requests of 40 buyers for 20 tickets" in text
        _spoil(site, result.sale)
        assert [line for line in prove(site, QUICK, result.sale) if line.holds] == []


@pytest.mark.embedded_only("it looks into the books of an embedded server of its own")
def test_a_small_one_for_seats_comes_out_exact(tmp_path: Path) -> None:
    plan = command.wish(command._parser().parse_args(["--quick", "--seats"]))
    assert (plan.seats, plan.processes) == (True, 2)
    with open_site(tmp_path) as site:
        result = stampede(site, plan)
        assert [line for line in result.proof if not line.holds] == []
        assert result.sale.desk.tally.answers[SEATS, 200, ""] > 0
        text = render(result)
        assert text.startswith("## A stampede for seats")
        assert "20 seats sold; 20 valid tickets name 20 of them" in text
        # Two tickets name one seat, which the schema would refuse.
        site.rows("DROP INDEX ux_tickets_live_seat_no")
        site.rows("UPDATE tickets SET seat_no = (SELECT MIN(seat_no) FROM tickets) WHERE seat_no IS NOT NULL")
        (line,) = (line for line in prove(site, plan, result.sale) if "No seat" in line.claim)
        assert not line.holds


def test_the_page_has_a_part_for_each() -> None:
    plain, seated = "# A stampede\n\nTickets.\n", "## A stampede for seats\n\nSeats.\n"
    both = "# A stampede\n\nTickets.\n\n## A stampede for seats\n\nSeats.\n"
    assert put_into(plain, seated) == put_into(seated, plain) == put_into(both, plain) == both
    assert put_into(both, seated.replace("Seats", "More seats")) == both.replace("Seats.", "More seats.")
    assert put_into("", plain) == plain
    assert put_into("", seated) == seated


def test_people_pick_seats_that_they_saw_free() -> None:
    hall = Hall(1, [["A-1", "A-2", "A-3"], ["B-1", "B-2"]])
    seen = {"states": base64.b64encode(pack(bytes([1, 0, 0, 2, 0]))).decode(), "seats": 5}
    picks = {tuple(hall.pick(seen, 2, random.Random(seed))) for seed in range(20)}
    assert picks == {("A-2", "A-3")}
    assert hall.pick(seen, 3, random.Random(1)) == []


def test_refused_for_want_of_seats_people_ask_for_fewer() -> None:
    def fewer(quantity: int, code: str, **body: Any) -> int:
        return _fewer(quantity, Answer(409, {"code": code, **body}, 0, False))

    assert fewer(4, "seats_taken") == 4
    assert fewer(4, "sold_out", available=1) == 1
    assert fewer(4, "no_block", categories=[{"largest_together": 2}]) == 2
    assert fewer(1, "no_block", categories=[{"largest_together": 0}]) == 0


def _spoil(site: Site, sale: Sale) -> None:
    """Make every line of the proof untrue."""
    sale.desk.tally.unanswered.append("hold: the connection was closed")
    sale.desk.tally.answers[HOLD, 500, "internal_error"] += 1
    sale.bookings["another key"] = next(iter(sale.bookings.values()))
    sale.cancelled.add(min(sale.confirmed - sale.cancelled))
    site.rows("UPDATE ticket_types SET available = available + 1")
    site.rows("UPDATE bookings SET user_id = (SELECT MIN(user_id) FROM bookings)")
    site.rows("UPDATE payments SET amount = amount + 0.01 WHERE status = 'SUCCEEDED'")


def test_answers_that_no_sale_gives_are_found() -> None:
    tally = Tally()
    tally.answers.update(
        {
            ("hold", 201, ""): 5,
            ("hold", 409, "sold_out"): 7,
            ("hold", 503, "overloaded"): 2,
            ("pay", 409, "hold_expired"): 1,
            ("hold", 409, "hold_expired"): 1,
            ("look", 404, "not_found"): 1,
            ("pay", 500, "internal_error"): 1,
        }
    )
    assert tally.refused == 7
    assert set(tally.unwished) == {
        ("hold", 409, "hold_expired"),
        ("look", 404, "not_found"),
        ("pay", 500, "internal_error"),
    }


def test_the_same_seed_brings_the_same_buyers() -> None:
    def seen(plan: Plan) -> list[tuple[Manner, int, float, float]]:
        return [(part.manner, part.quantity, part.arrival, part.draw.random()) for part in plan.cast()]

    assert seen(Plan()) == seen(Plan())
    assert seen(Plan()) != seen(Plan(seed=2))
    assert {manner for manner, *_ in seen(Plan())} == set(Manner)


def test_the_plot_shows_what_is_sold_held_and_refused() -> None:
    samples = [Sample(0.0, 0, 0, 0, 0), Sample(5.0, 60, 40, 0, 100), Sample(10.0, 0, 100, 500, 900)]
    lines = draw(samples, 100).splitlines()
    plot = [line[9:].ljust(WIDTH) for line in lines[:HEIGHT]]
    assert [row[WIDTH // 4] for row in plot] == [" "] * HEIGHT
    assert "".join(row[WIDTH * 3 // 4] for row in plot) == HELD * 7 + SOLD * 5
    assert "".join(row[-1] for row in plot) == SOLD * HEIGHT
    refused = lines[-4][9:].ljust(WIDTH)
    assert refused[: WIDTH // 2].strip() == ""
    assert refused[WIDTH // 2 :] == SOLD * (WIDTH // 2)
    assert "100 ┤" in lines[HEIGHT + 3]  # a second


def test_percentiles() -> None:
    assert [percentile(range(1, 101), share) for share in (50, 95, 99)] == [50, 95, 99]
    assert percentile([7.0], 99) == 7.0


@pytest.mark.parametrize(("holds", "status"), [(True, 0), (False, 1)])
def test_the_exit_status_says_whether_all_holds(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], holds: bool, status: int
) -> None:
    result = Result(
        plan=QUICK,
        machine={"CPU": "a fast one"},
        manners=Counter({Manner.PROMPT: 40}),
        sale=_empty_sale(),
        samples=[Sample(0.0, 0, 0, 0, 0), Sample(1.0, 0, 20, 9, 40)],
        seconds=1.0,
        sold_after=1.0,
        memory=[90.0],
        proof=[Line("Nothing is lost", "nothing", holds)],
    )
    monkeypatch.setattr(command, "run", lambda *_: result)
    assert command.main(["--quick"]) == status
    assert ("does not hold" in capsys.readouterr().out) is not holds


def _empty_sale() -> Sale:
    class Desk:
        tally = Tally()

    return Sale(Desk(), event_id=1, hold=1)


def test_options_change_the_plan() -> None:
    def wished(*arguments: str) -> Plan:
        return command.wish(command._parser().parse_args(arguments))

    assert wished() == Plan()
    assert wished("--quick") == QUICK
    assert wished("--seats") == SEATED
    changed = wished(
        "--requests", "5000", "--buyers", "500", "--tickets", "100", "--seed", "7", "--hold", "3"
    )
    assert changed == dataclasses.replace(Plan(), requests=5000, buyers=500, tickets=100, seed=7, hold=3)
    with pytest.raises(SystemExit):
        wished("--tickets", "0")
