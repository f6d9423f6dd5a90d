"""Local times and instants: what the clocks skip, what they repeat, and the ends of the calendar."""

import datetime as dt

import pytest

from bms import zones
from bms.zones import NoSuchLocalTime, offset, start_of, to_instant, to_local


def at(text: str, fold: int = 0) -> dt.datetime:
    return dt.datetime.fromisoformat(text).replace(fold=fold)


@pytest.mark.parametrize(
    ("zone", "local", "instant"),
    [
        ("UTC", "2027-06-01 00:30", "2027-06-01 00:30"),
        ("Europe/Amsterdam", "2027-06-01 00:30", "2027-05-31 22:30"),
        ("Europe/Amsterdam", "2027-01-01 00:30", "2026-12-31 23:30"),
        ("Asia/Kathmandu", "2027-06-01 05:45", "2027-06-01 00:00"),
        ("America/St_Johns", "2027-01-01 20:30", "2027-01-02 00:00"),
        ("Pacific/Kiritimati", "2027-06-01 14:00", "2027-06-01 00:00"),
        ("Etc/GMT+12", "2027-06-01 12:00", "2027-06-02 00:00"),
        ("Australia/Lord_Howe", "2027-07-01 10:30", "2027-07-01 00:00"),
    ],
)
def test_there_and_back(zone: str, local: str, instant: str) -> None:
    assert to_instant(at(local), zone) == at(instant)
    assert to_local(at(instant), zone) == at(local)


@pytest.mark.parametrize(
    ("zone", "local"),
    [
        ("Europe/Amsterdam", "2027-03-28 02:00"),
        ("Europe/Amsterdam", "2027-03-28 02:59:59"),
        ("America/New_York", "2027-03-14 02:30"),
        ("America/Santiago", "2027-09-05 00:30"),
        ("Australia/Lord_Howe", "2027-10-03 02:15"),
        ("Pacific/Apia", "2011-12-30 12:00"),
        ("America/New_York", "9999-12-31 23:00"),
        ("Asia/Tokyo", "0001-01-01 00:00"),
    ],
)
def test_what_does_not_exist(zone: str, local: str) -> None:
    with pytest.raises(NoSuchLocalTime):
        to_instant(at(local), zone)


@pytest.mark.parametrize(
    ("zone", "local", "earlier", "later"),
    [
        ("Europe/Amsterdam", "2027-10-31 02:30", "2027-10-31 00:30", "2027-10-31 01:30"),
        ("America/New_York", "2027-11-07 01:00", "2027-11-07 05:00", "2027-11-07 06:00"),
        ("Australia/Lord_Howe", "2027-04-04 01:45", "2027-04-03 14:45", "2027-04-03 15:15"),
    ],
)
def test_what_exists_twice(zone: str, local: str, earlier: str, later: str) -> None:
    assert to_instant(at(local), zone) == at(earlier)
    assert to_instant(at(local, 1), zone) == at(later)
    assert [to_local(at(instant), zone).fold for instant in (earlier, later)] == [0, 1]


def test_a_day_begins_with_what_it_has_first() -> None:
    assert start_of(dt.date(2027, 6, 1), "Europe/Amsterdam") == at("2027-05-31 22:00")
    # At midnight the clocks go to one.
    assert start_of(dt.date(2027, 9, 5), "America/Santiago") == at("2027-09-05 04:00")
    with pytest.raises(NoSuchLocalTime):
        start_of(dt.date(2011, 12, 30), "Pacific/Apia")


@pytest.mark.parametrize(
    ("zone", "instant", "written"),
    [
        ("UTC", "2027-01-01", "UTC"),
        ("Europe/London", "2027-01-01", "UTC"),
        ("Europe/London", "2027-06-01", "UTC+1"),
        ("America/St_Johns", "2027-01-01", "UTC-3:30"),
        ("Asia/Kathmandu", "2027-01-01", "UTC+5:45"),
        ("Pacific/Kiritimati", "2027-01-01", "UTC+14"),
    ],
)
def test_offsets_as_people_write_them(zone: str, instant: str, written: str) -> None:
    assert offset(at(instant), zone) == written


def test_a_zone_that_this_machine_lacks_is_shown_in_utc() -> None:
    assert "Mars/Olympus" not in zones.names()
    assert to_local(at("2027-06-01 00:30"), "Mars/Olympus") == at("2027-06-01 00:30")


def test_every_zone_begins_its_days_with_a_quarter_of_an_hour() -> None:
    """The statistics count on it."""
    for name in zones.names():
        for month in range(1, 13):
            assert start_of(dt.date(2027, month, 1), name).minute % 15 == 0, name
