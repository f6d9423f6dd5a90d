"""The types of the accepted subset, on PostgreSQL."""

import re

_PLAIN_TYPES = {
    "BIGINT": "bigint",
    "INT": "integer",
    "SMALLINT": "smallint",
    # 0 and 1, so that `active = 1` works on both databases.
    "BIT": "smallint",
    "FLOAT": "double precision",
    "DATE": "date",
}
_TYPE = re.compile(r"(?P<base>[A-Z0-9]+)(\((?P<size>[^)]*)\))?$")


def column_type(tsql: str) -> str | None:
    """Return the PostgreSQL type of a column or CAST of the T-SQL type ``tsql``, or None if it is refused."""
    match = _TYPE.match(tsql)
    if match is None:
        return None
    base, size = match["base"], (match["size"] or "").replace(" ", "")
    if base in _PLAIN_TYPES and not size:
        return _PLAIN_TYPES[base]
    if base == "NVARCHAR" and size == "MAX":
        return "text"
    if base == "NVARCHAR" and size.isdecimal() and 1 <= int(size) <= 4000:
        return f"varchar({size})"
    if base == "VARBINARY" and size == "MAX":
        return "bytea"
    if base == "DECIMAL" and re.fullmatch(r"\d+,\d+", size):
        return f"numeric({size.replace(',', ', ')})"
    if base == "DATETIME2" and size in tuple("0123456"):
        return f"timestamp({size})"
    return None


def parameter_type(tsql: str) -> str | None:
    """Return the type to which a parameter declared as ``tsql`` is cast, or None if it is refused.

    The type has no length or scale. With them, the cast would silently cut a text or round an amount.
    """
    column = column_type("NVARCHAR(MAX)" if tsql == "NVARCHAR" else tsql)
    if column is None:
        return None
    if column.startswith("varchar"):
        return "varchar"
    return "numeric" if column.startswith("numeric") else column
