"""Finds the files of the ODBC drivers. A driver of the system comes before one from a wheel.

Connection strings name a driver by its file, so no driver has to be registered.
"""

import platform
import re
from collections.abc import Iterable
from glob import escape, glob
from importlib.util import find_spec
from pathlib import Path

from bms.errors import ConfigurationError
from bms.sql.odbc.packages import PSQLODBC, how_to_install

_PSQLODBC = (
    "/usr/lib/*/odbc/psqlodbcw.so",
    "/usr/lib/psqlodbcw.so",
    "/usr/lib64/psqlodbcw.so",
    "/usr/lib/odbc/psqlodbcw.so",
    "/usr/local/lib/psqlodbcw.so",
    "/opt/homebrew/lib/psqlodbcw.so",
)
# Only version 18: 17 knows neither Encrypt=strict nor HostnameInCertificate, and no wheel carries it. To use
# 17 all the same, name its file with ?driver=.
_MSODBCSQL = (
    "/opt/microsoft/msodbcsql18/lib64/libmsodbcsql-18*.so*",
    "/opt/microsoft/msodbcsql18/lib/libmsodbcsql-18*.so*",
    "/opt/homebrew/lib/libmsodbcsql.18.dylib",
    "/usr/local/lib/libmsodbcsql.18.dylib",
)
_WHEEL = "mssql_python_odbc"
_MACHINES = {"x86_64": "x86_64", "amd64": "x86_64", "aarch64": "arm64", "arm64": "arm64"}


def psqlodbc() -> str:
    """Return the file of psqlODBC.

    Raises ConfigurationError, which says what to install, if there is none.
    """
    found = _newest(_PSQLODBC)
    if found is None:
        raise ConfigurationError(
            f"psqlODBC, PostgreSQL's ODBC driver, is not installed: {how_to_install(PSQLODBC)}, "
            "or name its file with ?driver= in the database URL"
        )
    return found


def msodbcsql() -> str:
    """Return the file of Microsoft's ODBC Driver 18.

    Raises ConfigurationError, which says what to install, if there is none.
    """
    found = _newest(_MSODBCSQL)
    if found is None:
        spec = find_spec(_WHEEL)
        for directory in (spec and spec.submodule_search_locations) or ():
            found = found or driver_of_wheel(Path(directory))
    if found is None:
        raise ConfigurationError(
            "ODBC Driver 18 for SQL Server is not installed: pip install 'bms-tickets[mssql]', or name its "
            "file with ?driver= in the database URL"
        )
    return found


def driver_of_wheel(
    package: Path,
    *,
    system: str | None = None,
    machine: str | None = None,
    distributions: Iterable[str] | None = None,
) -> str | None:
    """Return the file of the driver in the wheel's ``package`` that fits a machine, or None.

    The machine is this one by default. The wheel holds a driver for each family of distributions and each
    processor. ``distributions`` are the ID and the ID_LIKE of a distribution, as in os-release(5).
    """
    processor = _MACHINES.get((machine or platform.machine()).lower(), "")
    libraries = escape(str(package / "libs"))
    if (system or platform.system()) == "Darwin":
        return _newest([f"{libraries}/macos/{processor}/lib/libmsodbcsql*.dylib"])
    names = set(_this_distribution() if distributions is None else distributions)
    if "alpine" in names:
        families = ["alpine"]
    else:
        # These three are linked against glibc and differ little. Where the wheel lacks the right driver, such
        # as SUSE's for ARM, another works. Alpine's is linked against musl and never works here.
        families = ["debian_ubuntu", "rhel", "suse"]
        families.sort(key=lambda family: family != _family(names))
    return _newest(f"{libraries}/linux/{family}/{processor}/lib/libmsodbcsql*.so*" for family in families)


def _family(names: set[str]) -> str:
    if names & {"rhel", "fedora", "centos", "amzn"}:
        return "rhel"
    if any("suse" in name or name == "sles" for name in names):
        return "suse"
    return "debian_ubuntu"


def _this_distribution() -> list[str]:
    try:
        release = platform.freedesktop_os_release()
    except OSError:
        return []
    return [release.get("ID", ""), *release.get("ID_LIKE", "").split()]


def _newest(patterns: Iterable[str]) -> str | None:
    """Return the newest file that matches the first pattern with any match, or None."""
    for pattern in patterns:
        found = glob(pattern)
        if found:
            return max(found, key=_version)
    return None


def _version(path: str) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", Path(path).name)]
