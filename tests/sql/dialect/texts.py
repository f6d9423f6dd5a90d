"""T-SQL of the tests of the translator, and what it becomes on one line."""

import re

from bms.sql.dialect.compiling import compile_postgres
from bms.sql.statements import Statement

NOW = "CAST(timezone('utc', statement_timestamp()) AS timestamp(3))"
DECLARATION = (
    "@id BIGINT, @n INT, @small SMALLINT, @flag BIT, @city NVARCHAR(100), @body NVARCHAR(MAX),"
    " @price DECIMAL(12,2), @ratio FLOAT, @at DATETIME2(3), @day DATE, @ids BIGINT LIST,"
    " @data VARBINARY(MAX)"
)
TYPES = {match[1]: match[0] for match in re.finditer(r"@(\w+) [^@]+?(?=, @|$)", DECLARATION)}


def declare(text, **more):
    used = dict.fromkeys(re.findall(r"(?<!@)@(\w+)", text))
    return Statement("test.one", ", ".join(TYPES[name] for name in used if name in TYPES), text, **more)


def flat(sql):
    """Return ``sql`` on one line, as its layout is of no interest here."""
    return re.sub(r"\( | (?=\))", lambda m: m[0].strip(), " ".join(sql.split()))


def translate(text):
    statement = declare(text)
    return flat(compile_postgres(statement, statement.lengths({"ids": [1, 2]})).sql)
