"""The statements of one booking, taken down by PostgreSQL itself while BMS makes one.

So the limit is measured with what BMS really sends, whatever way its code goes about it.
"""

import hashlib
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from bench.serving import bms_server
from bench.world import World, post, query

ROUNDS = 20  # on a connection's first ones the driver asks for the columns of each table, too
_ENTRY = re.compile(r"^\d{4}-\S+ \S+ \S+ \[(?P<pid>\d+)\] (?P<level>[A-Z]+):  (?P<text>.*)$")
_STATEMENT = re.compile(r"(?:statement|execute [^:]*): (?P<sql>.*)", re.DOTALL)
_PARAMETER = re.compile(r"\$(\d+) = (NULL|'(?:[^']|'')*')")
_PLACEHOLDER = re.compile(r"\$(\d+)\b")
_MAKES_BOOKING = re.compile(r"\bINSERT INTO bookings\b.*\bRETURNING\s+id\b", re.DOTALL)
# What pgbench would take for a variable of its own; two colons are a cast.
_COLON = re.compile(r"(?<!:):[A-Za-z_0-9]")


class NotTaped(Exception):
    """The log does not hold a booking that can be played again."""


@dataclass(frozen=True)
class Sent:
    """A statement as the server got it, with ``$1`` for parameters, and the values of those."""

    sql: str
    values: tuple[str | None, ...] = ()


@dataclass(frozen=True)
class Script:
    """A transaction for pgbench: its text and the values that stay the same, by their names."""

    text: str
    constants: Mapping[str, str]
    round_trips: int


def tape_booking(world: World) -> Script:
    """Let a server make a booking and return its transaction, to be played for other users and ticket types.

    Raises NotTaped.
    """
    user_id, token = world.buyers[-1]
    target = world.events[-1]
    body = {
        "event": target.event_id,
        "tickets": [{"ticket_type": target.ticket_type_id, "quantity": 1}],
    }
    try:
        query(world.postgres, "ALTER DATABASE bms SET log_statement = 'all'")
        query(world.postgres, "ALTER DATABASE bms SET log_error_verbosity = 'default'")
        with bms_server(world.data_dir) as server:
            for number in range(ROUNDS):
                key = f"tape-{number}"
                booking = post(server, "/bookings", token, body, {"Idempotency-Key": key})
    finally:
        query(world.postgres, "ALTER DATABASE bms RESET ALL")
    known = {
        str(user_id): "user_id",
        str(target.event_id): "event_id",
        str(target.ticket_type_id): "ticket_type_id",
        str(booking["id"]): "booking_id",
        booking["reference"]: "reference",
        key: "key",
        hashlib.sha256(key.encode()).hexdigest(): "key",
    }
    if len(known) != 7:
        raise NotTaped(f"Two ids of the taped booking are the same number: {known}")
    log = (world.postgres.directory / "log").read_text(errors="replace")
    found = [unit for unit in transactions(read_log(log)) if _makes(unit, booking["reference"])]
    if not found:
        raise NotTaped("PostgreSQL's log holds no transaction of the booking")
    script = make_script(found[-1], known)
    for name in ("user_id", "ticket_type_id", "reference"):
        if f":{name}" not in script.text:
            raise NotTaped(f"{name} of the booking is no parameter of its own in what BMS sends")
    return script


def _makes(unit: Sequence[Sent], reference: str) -> bool:
    return any(
        _MAKES_BOOKING.search(statement.sql) and reference in str(statement.values) for statement in unit
    )


def read_log(log: str) -> dict[int, list[Sent]]:
    """Return the statements of a server's log by connection, without the driver's own questions."""
    entries: list[list[str]] = []
    for line in log.splitlines():
        match = _ENTRY.match(line)
        if match:
            entries.append([match["pid"], match["level"], match["text"]])
        elif entries:
            entries[-1][2] += "\n" + line.removeprefix("\t")
    sent: dict[int, list[Sent]] = defaultdict(list)
    for pid, level, text in entries:
        statement = _STATEMENT.match(text)
        if level == "LOG" and statement:
            sent[int(pid)].append(Sent(statement["sql"].strip().rstrip(";")))
        elif level == "DETAIL" and text.lower().startswith("parameters: ") and sent[int(pid)]:
            values = tuple(_value(literal) for _, literal in _PARAMETER.findall(text))
            sent[int(pid)][-1] = Sent(sent[int(pid)][-1].sql, values)
    return {pid: [s for s in statements if "pg_catalog." not in s.sql] for pid, statements in sent.items()}


def _value(literal: str) -> str | None:
    return None if literal == "NULL" else literal[1:-1].replace("''", "'")


def transactions(sent: Mapping[int, Sequence[Sent]]) -> list[list[Sent]]:
    """Return what was sent from each BEGIN to its COMMIT, with those; other statements are one each."""
    units: list[list[Sent]] = []
    for statements in sent.values():
        unit: list[Sent] | None = None
        for statement in statements:
            word = statement.sql.upper()
            if word == "BEGIN":
                unit = [statement]
            elif unit is None:
                units.append([statement])
            elif word == "ROLLBACK":
                unit = None
            else:
                unit.append(statement)
                if word == "COMMIT":
                    units.append(unit)
                    unit = None
    return units


def make_script(unit: Iterable[Sent], known: Mapping[str, str]) -> Script:
    """Return ``unit`` for pgbench: values that are ``known`` become the variables of those names, in JSON
    too; others stay as they are. Raises NotTaped for text that pgbench would misread.
    """
    constants: dict[str, str] = {}
    lines = []

    def constant(value: str) -> str:
        return f":{constants.setdefault(value, f'constant_{len(constants)}')}"

    for statement in unit:
        if _COLON.search(statement.sql):
            raise NotTaped(f"pgbench would misread the colon in: {statement.sql[:200]}")

        def place(match: re.Match[str], values: Sequence[str | None] = statement.values) -> str:
            value = values[int(match[1]) - 1]
            if value is None:
                return "NULL"
            if value in known:
                return f":{known[value]}"
            parts = _split_json(value, known) if value[:1] in ("[", "{") else [value]
            if len(parts) == 1:
                return constant(value)
            texts = [f":{known[part]}" if number % 2 else constant(part) for number, part in enumerate(parts)]
            return f"CONCAT({', '.join(f'CAST({text} AS text)' for text in texts)})"

        sql = " ".join(_PLACEHOLDER.sub(place, statement.sql).split())
        lines.append(f"{sql} \\gset booking_" if _MAKES_BOOKING.search(sql) else f"{sql};")
    return Script("\n".join(lines) + "\n", {name: value for value, name in constants.items()}, len(lines))


def _split_json(text: str, known: Mapping[str, str]) -> list[str]:
    """Return ``text`` cut at the members that are known: what they are stands at the odd places."""
    members = "|".join(map(re.escape, known))
    return re.split(rf'(?<=[:\[,"])({members})(?=[,\]}}"])', text)
