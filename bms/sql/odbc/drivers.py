"""Where the files of the ODBC drivers are: the system's first, then those that a wheel brought.

Drivers are named to the driver manager by their file, so that nothing has to be registered.
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
# 18 alone: 17 knows neither Encrypt=strict nor HostnameInCertificate, and is in no wheel. Who must use it
# names its file with ?driver=.
_MSODBCSQL = (
    "/opt/microsoft/msodbcsql18/lib64/libmsodbcsql-18*.so*",
    "/opt/microsoft/msodbcsql18/lib/libmsodbcsql-18*.so*",
    "/opt/homebrew/lib/libmsodbcsql.18.dylib",
    "/usr/local/lib/libmsodbcsql.18.dylib",
)
_WHEEL = "mssql_python_odbc"
_MACHINES = {"x86_64": "x86_64", "amd64": "x86_64", "aarch64": "arm64", "arm64": "arm64"}


def psqlodbc() -> str:
    """Return the file of psqlODBC. Raises ConfigurationError, saying what to install, where there is none."""
    found = _newest(_PSQLODBC)
    if found is None:
        raise ConfigurationError(
            f"psqlODBC, PostgreSQL's ODBC driver, is not installed: {how_to_install(PSQLODBC)}, "
            "or name its file with ?driver= in the database URL"
        )
    return found


def msodbcsql() -> str:
    """Return the file of Microsoft's ODBC Driver 18. Raises ConfigurationError where there is none."""
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
    """Return the driver in the wheel's ``package`` that fits a machine, by default this one, or None.

    The wheel holds one for each family of distributions and each processor. ``distributions`` are a
    distribution's ID and those that it is like, as in os-release(5).
    """
    processor = _MACHINES.get((machine or platform.machine()).lower(), "")
    libraries = escape(str(package / "libs"))
    if (system or platform.system()) == "Darwin":
        return _newest([f"{libraries}/macos/{processor}/lib/libmsodbcsql*.dylib"])
    names = set(_this_distribution() if distributions is None else distributions)
    if "alpine" in names:
        families = ["alpine"]
    else:
        # All of these are linked against glibc and differ in little: another one serves where the right one
        # is not in the wheel, as SUSE's for ARM. Alpine's, linked against musl, never does.
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
    """Return the newest file of the first pattern that any file fits."""
    for pattern in patterns:
        found = glob(pattern)
        if found:
            return max(found, key=_version)
    return None


def _version(path: str) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", Path(path).name)]
