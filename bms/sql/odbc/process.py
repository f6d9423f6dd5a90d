"""What of ODBC is set up for a whole process, before its first connection."""

import os
from pathlib import Path

from bms.errors import ConfigurationError
from bms.sql.odbc.packages import UNIXODBC, how_to_install

try:
    import pyodbc
except ImportError as error:  # pyodbc is there; what it is linked against is the system's
    raise ConfigurationError(
        f"pyodbc cannot be loaded ({error}). It needs unixODBC: {how_to_install(UNIXODBC)}"
    ) from None

_DRIVERS = Path(__file__).with_name("odbcinst.ini")


def prepare() -> None:
    """Leave pooling to our pools, and keep psqlODBC from leaving a log file in /tmp.

    The driver manager's own pooling would lend sessions behind the back of ours. And psqlODBC writes
    a line for each connection that it closes, whatever its log settings say, unless the directory for
    logs that odbcinst.ini gives it is none. Drivers are found by their files, so no other entry is
    missed; an ODBCINSTINI of the operator's own is left as it is.
    """
    pyodbc.pooling = False
    os.environ.setdefault("ODBCINSTINI", str(_DRIVERS))
