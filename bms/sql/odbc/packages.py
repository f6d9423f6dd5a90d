"""Names the system packages that ODBC needs, for each package manager."""

import shutil
from collections.abc import Mapping

UNIXODBC = {
    "apt-get": "unixodbc",
    "dnf": "unixODBC",
    "zypper": "unixODBC",
    "apk": "unixodbc",
    "brew": "unixodbc",
}
PSQLODBC = {
    "apt-get": "odbc-postgresql",
    "dnf": "postgresql-odbc",
    "zypper": "psqlODBC",
    "apk": "psqlodbc",
    "brew": "psqlodbc",
}
OPENSSL = {
    "apt-get": "openssl",
    "dnf": "openssl-libs",
    "zypper": "openssl",
    "apk": "openssl",
    "brew": "openssl@3",
}
_KERBEROS = {
    "apt-get": "libgssapi-krb5-2",
    "dnf": "krb5-libs",
    "zypper": "krb5",
    "apk": "krb5-libs",
    "brew": "krb5",
}
_LIBPQ = {"apt-get": "libpq5", "dnf": "libpq", "zypper": "libpq5", "apk": "libpq", "brew": "libpq"}
_LIBSTDCXX = {"apt-get": "libstdc++6", "dnf": "libstdc++", "zypper": "libstdc++6", "apk": "libstdc++"}
_ODBCINST = {**UNIXODBC, "apt-get": "libodbcinst2"}

# The libraries that the drivers are linked against, by the beginning of their names.
_HOLDERS = {
    "libodbcinst": _ODBCINST,
    "libodbc": UNIXODBC,
    "libkrb5": _KERBEROS,
    "libgssapi": _KERBEROS,
    "libpq": _LIBPQ,
    "libstdc++": _LIBSTDCXX,
    "libgcc_s": _LIBSTDCXX,
    "libssl": OPENSSL,
    "libcrypto": OPENSSL,
}


def how_to_install(packages: Mapping[str, str]) -> str:
    """Return the command that installs ``packages`` here, or one for each manager if none is found."""
    here = next(filter(shutil.which, packages), None)
    chosen = packages if here is None else {here: packages[here]}
    return " or ".join(
        f"{manager} {'add' if manager == 'apk' else 'install'} {name}" for manager, name in chosen.items()
    )


def how_to_install_library(library: str) -> str:
    """Return the command that installs a shared library such as ``libkrb5.so.3``.

    For an unknown library it is a sentence instead of a command.
    """
    for beginning, packages in _HOLDERS.items():
        if library.startswith(beginning):
            return how_to_install(packages)
    return f"install the system package that holds {library}"
