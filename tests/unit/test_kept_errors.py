"""An error that outlives the work it ended."""

from typing import NoReturn

import pytest

from bms.errors import NoBlock, SoldOut


def _refuse() -> NoReturn:
    try:
        raise NoBlock(categories=[])
    except NoBlock:
        raise SoldOut("2 left", available=2) from None


def test_an_error_is_kept_without_the_frames_it_came_through() -> None:
    with pytest.raises(SoldOut) as caught:
        _refuse()
    assert caught.value.__context__ is not None
    kept = caught.value.without_frames()
    assert (kept.__traceback__, kept.__context__) == (None, None)
    assert (kept.detail, kept.extra) == ("2 left", {"available": 2})
