"""What the drivers' errors are taken for, by texts as they are documented.

documented_errors.json has SQL Server's (Microsoft's "Database Engine events and errors"), Babelfish's (as a
live one, which speaks the wire protocol and T-SQL of SQL Server, told them), and psqlODBC's for what cannot
be provoked at will, since which one comes depends on the moment that the server dies.
"""

import json
from pathlib import Path
from typing import Any

import pyodbc
import pytest

from bms.sql.odbc.errors import Diagnosis, Kind, diagnose

DOCUMENTED: dict[str, list[dict[str, Any]]] = json.loads(
    Path(__file__).with_name("documented_errors.json").read_text()
)
MSSQL = "[Microsoft][ODBC Driver 18 for SQL Server]"


def mssql(
    state: str, text: str, number: int, *, function: str = "SQLExecDirectW", server: bool = True
) -> str:
    """Return the text of an error as pyodbc makes it of the driver's first record."""
    return f"[{state}] {MSSQL}{'[SQL Server]' if server else ''}{text} ({number}) ({function})"


def meaning(error: dict[str, Any]) -> Diagnosis:
    return Diagnosis(Kind[error["kind"]], error["code"], error.get("constraint"))


def name_of(error: dict[str, Any]) -> str:
    return f"{error.get('number') or error['state']} {error['text'][:40]}"


# Whatever their texts and their states are.
BY_NUMBER = [
    *((number, Kind.DEADLOCK) for number in (1205, 3960, 3961)),
    *((number, Kind.DATA) for number in (220, 2628, 8115, 8152)),
    *((number, Kind.SCHEMA) for number in (207, 208)),
    *((number, Kind.PERMISSION) for number in (229, 230, 262, 2760)),
    *((number, Kind.UNAVAILABLE) for number in (701, 802, 1101, 1105, 8645, 8651, 9002)),
    *((number, Kind.CONNECTION) for number in (596, 3624, 6002, 6005, 17142, 18401)),
    *((number, Kind.CONNECTION) for number in (911, 916, 4060, 4064, 18452, 18456, 18486, 18487, 18488)),
    *((number, Kind.CONNECTION) for number in (921, 922, 923, 924, 927, 942, 945, 3906)),
    *((number, Kind.CONNECTION) for number in (976, 978, 979, 983, 4221)),
    *((number, Kind.CONNECTION) for number in (40143, 40166, 40197, 40501, 40540, 40613)),
    *((number, Kind.CONNECTION) for number in (10928, 10929, 49918, 49919, 49920)),
    (1222, Kind.BUSY),
]
OF_THE_NETWORK = (64, 110, 111, 121, 233, 258, 10053, 10054, 10060, 10061, 11001)


@pytest.mark.parametrize("error", DOCUMENTED["sql_server"], ids=name_of)
def test_sql_servers_errors(error: dict[str, Any]) -> None:
    text = mssql(error["state"], error["text"], error["number"], **error.get("driver", {}))
    if "then" in error:
        then = error["then"]
        text += f"; [{then['state']}] {MSSQL}{then['text']} ({then['number']})"
    assert diagnose(pyodbc.Error(error["state"], text)) == meaning(error)


@pytest.mark.parametrize(("number", "kind"), BY_NUMBER)
def test_sql_servers_numbers_say_it_whatever_the_state(number: int, kind: Kind) -> None:
    for state in ("42000", "HY000"):
        text = mssql(state, "Told in any language.", number)
        assert diagnose(pyodbc.Error(state, text)) == Diagnosis(kind, str(number))


@pytest.mark.parametrize("number", OF_THE_NETWORK)
def test_the_networks_numbers_count_where_the_driver_tells_them(number: int) -> None:
    text = mssql("HY000", "TCP Provider: told in any language", number, server=False)
    assert diagnose(pyodbc.Error("HY000", text)) == Diagnosis(Kind.CONNECTION, str(number))


@pytest.mark.parametrize("state", ["IMC01", "IMC02", "IMC03", "IMC04", "IMC05", "IMC06", "HY117"])
def test_a_connection_that_the_driver_gave_up_is_lost(state: str) -> None:
    text = mssql(state, "The connection cannot be recovered.", 0, server=False)
    assert diagnose(pyodbc.Error(state, text)) == Diagnosis(Kind.CONNECTION, state)


@pytest.mark.parametrize("error", DOCUMENTED["babelfish"], ids=name_of)
def test_babelfishs_errors(error: dict[str, Any]) -> None:
    text = mssql("42000", error["text"], error["number"])
    assert diagnose(pyodbc.Error("42000", text)) == meaning(error)


@pytest.mark.parametrize("error", DOCUMENTED["dying_postgresql"], ids=name_of)
def test_every_way_to_say_that_the_connection_is_lost(error: dict[str, Any]) -> None:
    found = diagnose(pyodbc.Error(error["state"], error["text"]))
    assert found == Diagnosis(Kind.CONNECTION, error["state"])


@pytest.mark.parametrize(
    "args", [(), ("HY000",), (None, None), (1, 2), ("", ""), ("odd\ntext (1205) (SQLX)",)]
)
def test_an_unknown_error_is_other(args: tuple[object, ...]) -> None:
    assert diagnose(pyodbc.Error(*args)).kind is Kind.OTHER
