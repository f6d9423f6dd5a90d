"""The picker's figures can be printed; what they are is for an idle machine."""

import pytest

from bench.seating import main


def test_the_figures_are_printed(capsys: pytest.CaptureFixture[str]) -> None:
    main(["--plan", "theatre", "--asks", "40"])
    printed = capsys.readouterr().out
    assert printed.count("best available") == 4
    assert "own picks" in printed
    assert "steps of the ladder: 1:" in printed
