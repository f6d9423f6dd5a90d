"""From PostgreSQL's log to a script of pgbench's."""

import pytest

from bench.tape import NotTaped, Sent, make_script, read_log, transactions

LOG = """\
2026-11-21 12:41:33.700 UTC [7] LOG:  statement: BEGIN
2026-11-21 12:41:33.701 UTC [8] LOG:  execute _PLAN0x2: SELECT 1
2026-11-21 12:41:33.707 UTC [7] LOG:  execute _PLAN0x1: SELECT
\t  name
\tFROM events
\tWHERE
\t  id = CAST($1 AS bigint)
2026-11-21 12:41:33.707 UTC [7] DETAIL:  Parameters: $1 = '58'
2026-11-21 12:41:33.708 UTC [7] LOG:  statement: select a.attname from pg_catalog.pg_class c
2026-11-21 12:41:33.709 UTC [7] LOG:  execute _PLAN0x3: INSERT INTO t VALUES ($1, $2)
2026-11-21 12:41:33.709 UTC [7] DETAIL:  Parameters: $1 = 'it''s, $2 = ''x''', $2 = NULL
2026-11-21 12:41:33.710 UTC [9] LOG:  statement: BEGIN
2026-11-21 12:41:33.711 UTC [9] LOG:  statement: ROLLBACK
2026-11-21 12:41:33.715 UTC [7] LOG:  statement: COMMIT
2026-11-21 12:41:33.716 UTC [7] LOG:  checkpoint starting: time
"""
KNOWN = {"58": "event_id", "7": "user_id", "REF1": "reference"}


def test_the_log_is_read_by_connection_without_the_drivers_own_questions() -> None:
    taken = read_log(LOG)
    assert taken[7] == [
        Sent("BEGIN"),
        Sent("SELECT\n  name\nFROM events\nWHERE\n  id = CAST($1 AS bigint)", ("58",)),
        Sent("INSERT INTO t VALUES ($1, $2)", ("it's, $2 = 'x'", None)),
        Sent("COMMIT"),
    ]
    assert [len(unit) for unit in transactions(taken)] == [4, 1]


def test_known_values_become_variables_and_others_stay() -> None:
    unit = [
        Sent("BEGIN"),
        Sent(
            "INSERT INTO bookings (event_id, status, note) VALUES ($1, $2, $3)\nRETURNING id",
            ("58", "A", None),
        ),
        Sent("SELECT $1, $2", ("A", "580")),
    ]
    script = make_script(unit, KNOWN)
    assert script.text == (
        "BEGIN;\n"
        "INSERT INTO bookings (event_id, status, note) VALUES (:event_id, :constant_0, NULL) RETURNING id"
        " \\gset booking_\n"
        "SELECT :constant_0, :constant_1;\n"
    )
    assert script.constants == {"constant_0": "A", "constant_1": "580"}
    assert script.round_trips == 3


def test_known_values_are_found_in_json_where_they_are_a_whole_member() -> None:
    told = '[{"user_id":7,"ids":[77,58],"reference":"REF1","at":"58:07"}]'
    script = make_script([Sent("SELECT $1", (told,))], KNOWN)
    assert script.constants == {
        "constant_0": '[{"user_id":',
        "constant_1": ',"ids":[77,',
        "constant_2": '],"reference":"',
        "constant_3": '","at":"58:07"}]',
    }
    order = ("constant_0", "user_id", "constant_1", "event_id", "constant_2", "reference", "constant_3")
    assert script.text == f"SELECT CONCAT({', '.join(f'CAST(:{name} AS text)' for name in order)});\n"


def test_what_pgbench_would_misread_is_refused() -> None:
    make_script([Sent("SELECT 1::bigint")], {})
    with pytest.raises(NotTaped):
        make_script([Sent("SELECT to_char(now(), 'HH24:MI')")], {})
