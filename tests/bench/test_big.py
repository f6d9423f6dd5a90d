"""What script/big makes is true to the books, and every question is answered."""

from pathlib import Path

import pytest

from bench.big.__main__ import opened
from bench.big.making import Size
from bench.big.questions import Question, Who, questions
from bench.big.report import Row, render
from bench.big.timing import NotAnswered, Times, judge

TINY = Size(events=200, bookings=1000, mails=1000)


@pytest.mark.embedded_only("it fills a database of an embedded server of its own")
def test_a_tiny_one_holds_and_answers(tmp_path: Path) -> None:
    with opened(tmp_path / "tiny", TINY) as served:  # with bms check
        asked = questions(TINY)
        for question in asked:
            assert len(served.asker.ask(question, 1)) == 1, question.name
        with pytest.raises(NotAnswered, match="nothing: /nowhere got 404"):
            served.asker.ask(Question("nothing", Who.ADMIN, ["/nowhere"]), 1)
        wrong = served.site.rows("SELECT count(*) FROM event_figures WHERE sold = 0 AND status = 'COMPLETED'")
        assert wrong[0][0] < TINY.events / 2
    names = [(question.who, question.name) for question in asked]
    assert len(names) == len(set(names)) > 60


def test_the_middle_and_the_slowest_but_one_percent() -> None:
    assert judge([float(n) for n in range(200, 0, -1)]) == Times(101.0, 199.0)
    assert judge([7.0]) == Times(7.0, 7.0)


def test_the_page_says_what_is_over_the_bar() -> None:
    one = Row("manager", "one event", Times(1.0, 2.0), Times(1.0, 2.0))
    slow = Row("admin", "all bookings", Times(2.0, 4.0), Times(9.0, 21.0))
    page = render([one, slow], {"commit": "abc"})
    assert "Over the bar: all bookings (admin)." in page
    assert "| admin | all bookings | 2.0 | 9.0 | 4.5 | 4.0 | 21.0 | 10.5 |" in page
    assert "All are under the bar." in render([one, slow._replace(big=Times(9.0, 20.0))], {})
