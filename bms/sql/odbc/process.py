"""Sets up ODBC for the whole process, before its first connection."""

import os
from pathlib import Path

from bms.errors import ConfigurationError
from bms.sql.odbc.packages import UNIXODBC, how_to_install

try:
    import pyodbc
except ImportError as error:  # pyodbc is installed, but not the system's library that it is linked against
    raise ConfigurationError(
        f"pyodbc cannot be loaded ({error}). It needs unixODBC: {how_to_install(UNIXODBC)}"
    ) from None

_DRIVERS = Path(__file__).with_name("odbcinst.ini")


def prepare() -> None:
    """Turn the driver manager's pooling off, and keep psqlODBC from writing a log file to /tmp.

    The driver manager would reuse sessions that our own pools have closed. psqlODBC, whatever its log
    settings, writes a line for each connection that it closes, unless odbcinst.ini gives it a log directory
    that does not exist. No other entry of the system's odbcinst.ini is missed, because connection strings
    name a driver's file. If the operator has set ODBCINSTINI, it stays as it is.
    """
    pyodbc.pooling = False
    os.environ.setdefault("ODBCINSTINI", str(_DRIVERS))
