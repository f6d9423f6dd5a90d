"""Named statements: declaration, binding, placeholders."""

import datetime as dt
import re
from decimal import Decimal

import pyodbc
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bms.sql import statements
from bms.sql.statements import (
    Compiled,
    Parameter,
    Statement,
    StatementError,
    compile_mssql,
    list_size,
    place_parameters,
    registered,
)

pytestmark = pytest.mark.usefixtures("empty_registry")


def statement(declaration, text, name="test.one"):
    statements._REGISTRY.pop(name, None)
    return Statement(name, declaration, text)


def test_a_declaration_gives_each_parameter_its_type():
    parameters = statement(
        "@id BIGINT, @price DECIMAL(12,2), @ids BIGINT LIST, @text NVARCHAR(MAX)", ""
    ).parameters
    assert list(parameters) == ["id", "price", "ids", "text"]
    assert parameters["price"] == Parameter("price", "DECIMAL(12,2)", "DECIMAL")
    assert parameters["ids"] == Parameter("ids", "BIGINT", "BIGINT", is_list=True)
    assert parameters["text"] == Parameter("text", "NVARCHAR(MAX)", "NVARCHAR")


def test_no_declaration_is_no_parameters():
    assert statement("", "SELECT 1 AS one").parameters == {}


@pytest.mark.parametrize(
    "declaration", ["@id", "id BIGINT", "@id VARCHAR(10)", "@id bigint", "@Id BIGINT", "@id BIGINT; @b INT"]
)
def test_an_unreadable_declaration_is_refused_with_the_name(declaration):
    with pytest.raises(StatementError, match=r"test\.one: cannot read the declaration"):
        statement(declaration, "")


def test_a_parameter_declared_twice_is_refused():
    with pytest.raises(StatementError, match=r"test\.one: @id is declared twice"):
        statement("@id INT, @id INT", "")


@pytest.mark.parametrize("name", ["one", "Test.one", "test.", "test one.two", ".one"])
def test_a_name_is_resource_and_verb(name):
    with pytest.raises(StatementError, match="not a name"):
        Statement(name, "", "")


def test_a_name_is_given_once():
    Statement("test.one", "", "")
    with pytest.raises(StatementError, match=r"two statements named test\.one"):
        Statement("test.one", "", "")


def test_registered_is_in_the_order_of_names():
    Statement("test.two", "", "")
    Statement("test.one", "", "")
    assert [s.name for s in registered()] == ["test.one", "test.two"]


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        ("BIGINT", 7, 7),
        ("BIGINT", None, None),
        ("BIT", True, 1),
        ("BIT", False, 0),
        ("BIT", 2, 1),
        ("NVARCHAR", "naïve ☃", "naïve ☃"),
        ("DECIMAL", Decimal("1.50"), Decimal("1.50")),
        ("FLOAT", 1.5, 1.5),
        ("DATE", dt.date(2026, 1, 2), dt.date(2026, 1, 2)),
        ("VARBINARY", b"a\x00b", b"a\x00b"),
        ("DATETIME2", dt.datetime(2026, 1, 2, 3, tzinfo=dt.UTC), dt.datetime(2026, 1, 2, 3)),  # noqa: DTZ001
        (
            "DATETIME2",
            dt.datetime(2026, 1, 2, 3, tzinfo=dt.timezone(dt.timedelta(hours=2))),
            dt.datetime(2026, 1, 2, 1),  # noqa: DTZ001
        ),
        (
            "DATETIME2",
            dt.datetime(2026, 1, 2, 3, 4, 5, 678_999),  # noqa: DTZ001
            dt.datetime(2026, 1, 2, 3, 4, 5, 678_000),  # noqa: DTZ001
        ),
    ],
)
def test_a_value_is_adapted_to_its_declared_type(kind, value, expected):
    adapted = Parameter("x", kind, kind).adapt(value)
    assert adapted == expected
    assert type(adapted) is type(expected)


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("BIGINT", "7"),
        ("BIGINT", 7.0),
        ("BIGINT", True),
        ("NVARCHAR", 7),
        ("NVARCHAR", "a\x00b"),
        ("DECIMAL", 1.5),
        ("DATETIME2", dt.date(2026, 1, 2)),
        ("FLOAT", "1.5"),
        ("VARBINARY", "text"),
        ("VARBINARY", bytearray(b"a")),
        ("NVARCHAR", b"bytes"),
    ],
)
def test_a_value_of_another_type_is_refused(kind, value):
    with pytest.raises(StatementError, match="@x"):
        Parameter("x", kind, kind).adapt(value)


@pytest.mark.parametrize(
    ("declared", "expected"),
    [
        ("BIGINT", (pyodbc.SQL_BIGINT, 19, 0)),
        ("BIT", (pyodbc.SQL_BIT, 1, 0)),
        ("NVARCHAR(64)", (pyodbc.SQL_WVARCHAR, 64, 0)),
        ("NVARCHAR(MAX)", (pyodbc.SQL_WVARCHAR, 0, 0)),
        ("DECIMAL(12,2)", (pyodbc.SQL_DECIMAL, 12, 2)),
        ("DATETIME2(3)", (pyodbc.SQL_TYPE_TIMESTAMP, 23, 3)),
        ("DATETIME2(0)", (pyodbc.SQL_TYPE_TIMESTAMP, 19, 0)),
        ("DATE", (pyodbc.SQL_TYPE_DATE, 10, 0)),
        ("VARBINARY(MAX)", (pyodbc.SQL_VARBINARY, 0, 0)),
    ],
)
def test_a_parameter_is_sent_to_sql_server_as_the_type_it_is_declared(declared, expected):
    assert statement(f"@x {declared}", "SELECT @x").parameters["x"].odbc_type == expected


def test_values_are_bound_in_the_order_of_the_placeholders():
    one = statement("@a INT, @b INT", "SELECT x FROM t WHERE b = @b AND a = @a AND c > @b")
    compiled = compile_mssql(one)
    assert compiled == Compiled(
        "SELECT x FROM t WHERE b = ? AND a = ? AND c > ?",
        (("b", None), ("a", None), ("b", None)),
        ((pyodbc.SQL_INTEGER, 10, 0),) * 3,
    )
    assert one.bind(compiled, {"a": 1, "b": 2}) == [2, 1, 2]


@pytest.mark.parametrize("values", [{}, {"a": 1}, {"a": 1, "b": 2, "c": 3}])
def test_missing_and_unknown_values_are_refused(values):
    one = statement("@a INT, @b INT", "SELECT @a, @b")
    with pytest.raises(StatementError, match=r"test\.one: missing or unknown"):
        one.bind(compile_mssql(one), values)


@pytest.mark.parametrize(
    ("ids", "bound"),
    [
        ([], [None]),
        ([5], [5]),
        ([5, 6], [5, 6]),
        ([5, 6, 7], [5, 6, 7, 7]),
        ([1, 2, 3, 4, 5], [1, 2, 3, 4, 5, 5, 5, 5]),
    ],
)
def test_a_list_is_filled_up_to_a_power_of_two(ids, bound):
    one = statement("@ids BIGINT LIST", "SELECT x FROM t WHERE id IN (@ids)")
    values = {"ids": ids}
    compiled = compile_mssql(one, one.lengths(values))
    assert compiled.sql.count("?") == len(bound)
    assert one.bind(compiled, values) == bound


@given(st.lists(st.integers(), max_size=200))
def test_a_list_keeps_all_its_values_and_gains_none(values):
    size = list_size(values)
    assert size & (size - 1) == 0
    assert size < 2 * max(1, len(values))
    adapted = Parameter("ids", "BIGINT", "BIGINT", is_list=True).adapt_list(values)
    assert len(adapted) == size
    assert set(adapted) == (set(values) or {None})


def test_a_list_needs_a_length():
    with pytest.raises(StatementError, match=r"test\.one: the list @ids has no length"):
        compile_mssql(statement("@ids INT LIST", "SELECT x FROM t WHERE id IN (@ids)"))


def test_an_undeclared_parameter_is_refused():
    with pytest.raises(StatementError, match=r"test\.one: @b is not declared"):
        compile_mssql(statement("@a INT", "SELECT @a, @b"))


def test_an_unused_parameter_is_refused():
    with pytest.raises(StatementError, match=r"test\.one: declared but not used: b, c"):
        compile_mssql(statement("@a INT, @b INT, @c INT", "SELECT @a"))


@pytest.mark.parametrize(
    "whole", ["'@a'", "'it''s @a'", '"@a"', "-- @a\n", "/* @a\n@a */", "@@ROWCOUNT", "'-- ' + '@a'"]
)
def test_an_at_sign_that_is_no_parameter_is_passed_over(whole):
    compiled = compile_mssql(statement("@a INT", f"SELECT @a, {whole} x"))
    assert (compiled.sql, compiled.order) == (f"SELECT ?, {whole} x", (("a", None),))


def test_brackets_of_hand_written_postgres_hold_parameters():
    one = statement("@a INT", "")
    assert place_parameters(one, "SELECT ARRAY[@a]", (), lambda _: "?").sql == "SELECT ARRAY[?]"


@pytest.mark.parametrize("tail", ["'open @a", '"open', "/* open", "/* a /* b */ @a */"])
def test_what_is_not_closed_is_refused(tail):
    with pytest.raises(StatementError, match="not closed"):
        compile_mssql(statement("@a INT", f"SELECT @a, {tail}"))


LITERALS = st.text("@ab'? -/*[]\"", max_size=12).map(lambda text: "'" + text.replace("'", "''") + "'")
COMMENTS = st.text("@ab'? [", max_size=12).map(lambda text: f"/*{text}*/")
LINES = st.text("@ab'? [/*", max_size=12).map(lambda text: f"--{text}\n")
PARAMETERS = st.sampled_from(["@a", "@b"])


@given(st.lists(st.one_of(LITERALS, COMMENTS, LINES, PARAMETERS), max_size=12))
def test_only_parameters_are_replaced(pieces):
    statements._REGISTRY.clear()
    pieces = ["@a", "@b", *pieces, "end"]
    one = statement("@a INT, @b INT", " ".join(pieces))
    compiled = compile_mssql(one)
    assert compiled.sql == " ".join("?" if piece in ("@a", "@b") else piece for piece in pieces)
    assert [f"@{name}" for name, _ in compiled.order] == [p for p in pieces if re.fullmatch("@[ab]", p)]
