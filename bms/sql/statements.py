"""Named T-SQL statements and the types of their parameters.

A declaration follows T-SQL's own ``sp_executesql``: the parameters with their types, then the text.
A statement that answers with rows names their type::

    class Reserved(NamedTuple):
        available: int
        price: Decimal

    RESERVE = Statement(
        "ticket_types.reserve",
        "@id BIGINT, @quantity INT",
        '''
        UPDATE ticket_types WITH (ROWLOCK, UPDLOCK)
        SET    available = available - @quantity
        OUTPUT inserted.available, inserted.price
        WHERE  id = @id AND available >= @quantity
        ''',
        Reserved,
    )

The declared types let PostgreSQL resolve ``@city IS NULL`` and let SQL Server use its indexes.
``@ids BIGINT LIST`` is a list parameter, used as ``IN (@ids)``.
"""

import datetime as dt
import inspect
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any, Generic

import orjson
import pyodbc
from typing_extensions import TypeVar

R = TypeVar("R", default=Any)

# Of rows as JSON in one statement. SQL Server locks the whole table when a statement has locked 5,000 rows.
MAX_ROWS = 1000
MAX_BYTES = 256 * 1024

_DECLARATION = re.compile(
    r"@(?P<name>[a-z_][a-z0-9_]*)\s+"
    r"(?P<type>(?P<base>[A-Z][A-Z0-9]*)(?:\([0-9A-Z, ]+\))?)"
    r"(?P<list>\s+LIST)?$"
)
_NAME = re.compile(r"[a-z][a-z_0-9]*(\.[a-z][a-z_0-9]*)+$")
_CHANGE = re.compile(r"\s*(?:INSERT\s+INTO|UPDATE|DELETE\s+FROM)\s+(?P<table>\w+)")
_NAMES_OF_EVENTS = ("event_id", "event_ids")
_BETWEEN_DECLARATIONS = re.compile(r",\s*(?=@)")

# The Python types that a parameter of each T-SQL type accepts. ``adapt`` refuses a bool, which is an int, for
# any type but BIT.
_ACCEPTS: Mapping[str, tuple[type, ...]] = {
    "BIGINT": (int,),
    "INT": (int,),
    "SMALLINT": (int,),
    "BIT": (bool, int),
    "NVARCHAR": (str,),
    "DECIMAL": (Decimal, int),
    "FLOAT": (float, int),
    "DATETIME2": (dt.datetime,),
    "DATE": (dt.date,),
    "VARBINARY": (bytes,),
}

# Of these types the driver gets a value as it is, None too. Most values are of one of them. A bool is an int,
# but its type is not.
_AS_IT_IS: Mapping[str, frozenset[type]] = {
    base: frozenset({type(None)} if base in ("BIT", "NVARCHAR", "DATETIME2") else {type(None), *accepted})
    for base, accepted in _ACCEPTS.items()
}

# The ODBC type of each T-SQL type, then the length or precision and the scale where none is declared.
_ODBC: Mapping[str, tuple[int, int, int]] = {
    "BIGINT": (pyodbc.SQL_BIGINT, 19, 0),
    "INT": (pyodbc.SQL_INTEGER, 10, 0),
    "SMALLINT": (pyodbc.SQL_SMALLINT, 5, 0),
    "BIT": (pyodbc.SQL_BIT, 1, 0),
    "NVARCHAR": (pyodbc.SQL_WVARCHAR, 0, 0),  # 0 is MAX
    "DECIMAL": (pyodbc.SQL_DECIMAL, 18, 0),
    "FLOAT": (pyodbc.SQL_DOUBLE, 53, 0),
    "DATETIME2": (pyodbc.SQL_TYPE_TIMESTAMP, 27, 7),
    "DATE": (pyodbc.SQL_TYPE_DATE, 10, 0),
    "VARBINARY": (pyodbc.SQL_VARBINARY, 0, 0),
}
_SIZE = re.compile(r"\d+")


class StatementError(Exception):
    """A statement is declared, called or translated wrongly: a programming error, found at start-up."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """A declared parameter. ``type`` is its T-SQL type; ``base`` is that type without length or scale."""

    name: str
    type: str
    base: str
    is_list: bool = False

    @property
    def odbc_type(self) -> tuple[int, int, int]:
        """The declared type as pyodbc's ``setinputsizes`` takes it: ODBC type, size, scale."""
        code, size, scale = _ODBC[self.base]
        declared = [int(number) for number in _SIZE.findall(self.type.partition("(")[2])]
        if self.base == "DATETIME2":
            # The size counts characters: 19 for yyyy-mm-dd hh:mm:ss, then a point and the fraction.
            scale = declared[0] if declared else scale
            return code, 20 + scale if scale else 19, scale
        if declared:
            size, scale = declared[0], declared[1] if len(declared) > 1 else 0
        return code, size, scale

    def adapt(self, value: Any) -> Any:
        """Return ``value`` for the driver: a time as naive UTC to the millisecond, a bool as 0 or 1.

        Raises StatementError if the declared type does not accept the value, or if a text contains NUL:
        PostgreSQL's ODBC driver silently cuts the text there.
        """
        if type(value) in _AS_IT_IS[self.base]:
            return value
        accepted = _ACCEPTS[self.base]
        if not isinstance(value, accepted) or (isinstance(value, bool) and self.base != "BIT"):
            raise StatementError(f"@{self.name} is {self.type}, not {type(value).__name__}")
        if self.base == "BIT":
            return 1 if value else 0
        if isinstance(value, str):
            if "\x00" in value:
                raise StatementError(f"@{self.name} holds a NUL character")
            return value
        if isinstance(value, dt.datetime):
            if value.tzinfo is not None:
                value = value.astimezone(dt.UTC).replace(tzinfo=None)
            # SQL Server's driver refuses a fraction finer than the parameter's scale.
            return value.replace(microsecond=value.microsecond // 1000 * 1000)
        return value

    def adapt_list(self, values: Sequence[Any]) -> list[Any]:
        """Return a value for each placeholder of a list parameter. Raises as ``adapt``.

        The last value repeats in those that are too many; ``IN`` ignores that.
        """
        plain = _AS_IT_IS[self.base].issuperset(map(type, values))
        adapted = list(values) if plain else [self.adapt(value) for value in values]
        adapted += adapted[-1:] * (list_size(values) - len(adapted))
        return adapted or [None]


@dataclass(frozen=True, slots=True)
class Statement(Generic[R]):
    """A named T-SQL statement. In tests, ``postgres`` may hold a hand-written PostgreSQL text for it.

    ``row`` is the NamedTuple of the columns it answers with; a test compares the two.
    ``declared_at`` is the file and line of the declaration: ``bms/queries/venues.py:20``.
    ``changes`` is the table that the statement writes to, None for a read. None if ``quiet``: the write
    invalidates no cached read. Examples are an UPDATE only for its lock and a row that no read looks for.
    A change that names its events, by ``@event_id`` or the list ``@event_ids``, changes no others.
    """

    name: str
    declaration: str
    text: str
    row: type[R] | None = None
    postgres: str | None = field(default=None, kw_only=True)
    quiet: bool = field(default=False, kw_only=True)
    parameters: Mapping[str, Parameter] = field(init=False, repr=False, compare=False)
    make: Callable[[Iterable[Any]], R] | None = field(init=False, repr=False, compare=False)
    changes: str | None = field(init=False, repr=False, compare=False)
    naming: tuple[Parameter, ...] = field(init=False, repr=False, compare=False)
    lists: tuple[str, ...] = field(init=False, repr=False, compare=False)
    declared_at: str = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if not _NAME.match(self.name):
            raise StatementError(f"{self.name!r} is not a name of the form resource.verb")
        object.__setattr__(self, "parameters", _parse_declaration(self.name, self.declaration))
        change = None if self.quiet else _CHANGE.match(self.text)
        object.__setattr__(self, "changes", change and change["table"])
        naming = (p for p in self.parameters.values() if p.name in _NAMES_OF_EVENTS and p.base == "BIGINT")
        object.__setattr__(self, "naming", tuple(naming))
        object.__setattr__(self, "lists", tuple(p.name for p in self.parameters.values() if p.is_list))
        # What ``_make`` does, without a call of Python for each row. It would count the columns, too.
        object.__setattr__(self, "make", None if self.row is None else partial(tuple.__new__, self.row))
        object.__setattr__(self, "declared_at", _declared_at())
        if self.name in _REGISTRY:
            raise StatementError(f"there are two statements named {self.name}")
        _REGISTRY[self.name] = self

    def bind(self, compiled: "Compiled", values: Mapping[str, Any]) -> list[Any]:
        """Return ``values`` in the order of the placeholders of ``compiled``.

        Raises StatementError if a parameter is missing, unknown or of the wrong type.
        """
        if values.keys() != self.parameters.keys():
            odd = ", ".join(sorted(values.keys() ^ self.parameters.keys()))
            raise StatementError(f"{self.name}: missing or unknown parameters: {odd}")
        parameters = self.parameters
        if not self.lists:
            return [parameters[name].adapt(values[name]) for name, _ in compiled.order]
        adapted = {
            name: parameter.adapt_list(values[name]) if parameter.is_list else parameter.adapt(values[name])
            for name, parameter in parameters.items()
        }
        return [adapted[name] if index is None else adapted[name][index] for name, index in compiled.order]

    def named_events(self, values: Mapping[str, Any]) -> Collection[int] | None:
        """Return the ids of the events that ``values`` names, or None: any event's rows may change."""
        ids: list[int] = []
        for parameter in self.naming:
            value = values[parameter.name]
            if value is None:
                return None
            ids += value if parameter.is_list else (value,)
        return ids if self.naming else None

    def lengths(self, values: Mapping[str, Any]) -> tuple[tuple[str, int], ...]:
        """Return the number of placeholders that each list parameter needs for ``values``."""
        return tuple([(name, list_size(values[name])) for name in self.lists]) if self.lists else ()


def json_rows(rows: Iterable[Mapping[str, Any]]) -> str:
    """Return ``rows`` as the text that OPENJSON reads. Raises TypeError for a value that JSON cannot hold."""
    return orjson.dumps(list(rows)).decode()


def json_batches(
    rows: Iterable[Mapping[str, Any]], *, most: int = MAX_ROWS, most_bytes: int = MAX_BYTES
) -> Iterator[tuple[str, int]]:
    """Yield ``rows`` in texts that OPENJSON reads, each with how many rows it has.

    None has more than ``most`` rows, nor more than ``most_bytes`` unless one row alone has.
    """
    rows = list(rows)
    if 0 < len(rows) <= most:
        whole = orjson.dumps(rows)
        if len(whole) <= most_bytes:  # Nearly always: one call, where each row would take one.
            yield whole.decode(), len(rows)
            return
    batch: list[bytes] = []
    size = 0
    for row in rows:
        text = orjson.dumps(row)
        if batch and (len(batch) == most or size + len(text) + 2 > most_bytes):
            yield f"[{b','.join(batch).decode()}]", len(batch)
            batch, size = [], 0
        batch.append(text)
        size += len(text) + 1
    if batch:
        yield f"[{b','.join(batch).decode()}]", len(batch)


def cut(text: str, units: int) -> str:
    """Return as much of ``text`` as fits into NVARCHAR(units), which counts UTF-16 units."""
    return text.encode("utf-16-le", "replace")[: 2 * units].decode("utf-16-le", "ignore")


_REGISTRY: dict[str, Statement] = {}
_ROOT = Path(__file__).parents[2]


def registered() -> Iterator[Statement]:
    """Yield every statement declared so far, by name. Import the declaring modules first."""
    yield from (_REGISTRY[name] for name in sorted(_REGISTRY))


def _declared_at() -> str:
    """Return the file and line of the module-level code being run: a helper's caller, not the helper."""
    frame = inspect.currentframe()
    while frame is not None and frame.f_back is not None and frame.f_code.co_flags & inspect.CO_OPTIMIZED:
        frame = frame.f_back
    if frame is None:  # an interpreter without frames
        return ""
    path = Path(frame.f_code.co_filename)
    if path.is_relative_to(_ROOT):
        path = path.relative_to(_ROOT)
    return f"{path.as_posix()}:{frame.f_lineno}"


def _parse_declaration(statement: str, declaration: str) -> dict[str, Parameter]:
    parameters: dict[str, Parameter] = {}
    for part in filter(None, _BETWEEN_DECLARATIONS.split(declaration.strip())):
        match = _DECLARATION.match(part.strip())
        if match is None or match["base"] not in _ACCEPTS:
            raise StatementError(f"{statement}: cannot read the declaration {part.strip()!r}")
        if match["name"] in parameters:
            raise StatementError(f"{statement}: @{match['name']} is declared twice")
        parameters[match["name"]] = Parameter(
            match["name"], match["type"], match["base"], bool(match["list"])
        )
    return parameters


@dataclass(frozen=True, slots=True)
class Compiled:
    """A statement as a driver gets it: text with ``?``, and the parameter behind each ``?``.

    ``order`` holds (parameter name, index); the index is None unless the parameter is a list. ``types``
    holds the ODBC type of each placeholder; it is empty if the driver does not need the types. ``by_handle``
    runs the statement again, where ``sql`` answers with a handle after everything else; it takes the handle
    before the parameters.
    """

    sql: str
    order: tuple[tuple[str, int | None], ...]
    types: tuple[tuple[int, int, int], ...] = ()
    by_handle: str = ""


def list_size(values: Sequence[Any]) -> int:
    """Return the number of placeholders for ``values``: the next power of two.

    So a statement is prepared in few lengths. An empty list takes one placeholder: NULL, which matches
    nothing.
    """
    return 1 << max(0, len(values) - 1).bit_length()


# Literals, comments and quoted names may contain an @ that is no parameter. They come first, so that each is
# skipped whole.
_TOKEN = re.compile(
    r"""'(?:[^']|'')*'|"(?:[^"]|"")*"|--[^\n]*|/\*(?:(?!/\*).)*?\*/|\[[^\]@]*\]|@@\w+"""
    r"""|@(?P<name>[A-Za-z_][A-Za-z0-9_]*)|(?P<open>['"]|/\*)""",
    re.DOTALL,
)


def place_parameters(
    statement: Statement,
    text: str,
    lengths: tuple[tuple[str, int], ...],
    placeholder: Callable[[Parameter], str],
) -> Compiled:
    """Return ``text`` with each ``@name`` replaced by ``placeholder``, and the order of the parameters.

    Raises StatementError for a parameter that is used but not declared, or declared but not used; for a
    list without a length; for an unclosed literal or comment; for a comment inside a comment.
    """
    order: list[tuple[str, int | None]] = []
    sizes = dict(lengths)

    def place(match: re.Match[str]) -> str:
        name = match["name"]
        if match["open"] is not None:
            raise StatementError(f"{statement.name}: {match[0]} is not closed, or a comment holds another")
        if name is None:
            return match[0]
        parameter = statement.parameters.get(name)
        if parameter is None:
            raise StatementError(f"{statement.name}: @{name} is not declared")
        if not parameter.is_list:
            order.append((name, None))
            return placeholder(parameter)
        size = sizes.get(name, 0)
        if size < 1:
            raise StatementError(f"{statement.name}: the list @{name} has no length")
        order.extend((name, index) for index in range(size))
        return ", ".join(placeholder(parameter) for _ in range(size))

    sql = _TOKEN.sub(place, text).strip()
    unused = statement.parameters.keys() - {name for name, _ in order}
    if unused:
        raise StatementError(f"{statement.name}: declared but not used: {', '.join(sorted(unused))}")
    return Compiled(sql, tuple(order))


def compile_mssql(statement: Statement, lengths: tuple[tuple[str, int], ...] = ()) -> Compiled:
    """Return ``statement`` for SQL Server's driver: the text as written, with ``?`` for parameters.

    The result includes the parameters' types. Without them, the driver derives each type from the value: the
    length of a text, the digits of a time or an amount. The server would then make a plan for each length.
    """
    compiled = place_parameters(statement, statement.text, lengths, lambda _: "?")
    types = tuple(statement.parameters[name].odbc_type for name, _ in compiled.order)
    return replace(compiled, types=types)
