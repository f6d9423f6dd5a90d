"""Where drivers are looked for, and what is said where there is none."""

import shutil
from pathlib import Path

import pytest

from bms.errors import ConfigurationError
from bms.sql.odbc import drivers, packages


@pytest.fixture
def wheel(tmp_path: Path) -> Path:
    """The files of every wheel of mssql-python-odbc at once, empty, and one of a newer driver."""
    package = tmp_path / "[1] mssql_python_odbc"
    made = [
        *(
            f"linux/{family}/{machine}/lib/libmsodbcsql-18.6.so.2.1"
            for family, machine in (
                ("alpine", "x86_64"),
                ("alpine", "arm64"),
                ("debian_ubuntu", "x86_64"),
                ("debian_ubuntu", "arm64"),
                ("rhel", "x86_64"),
                ("rhel", "arm64"),
                ("suse", "x86_64"),
            )
        ),
        "linux/rhel/x86_64/lib/libmsodbcsql-18.10.so.1.1",
        "linux/rhel/x86_64/lib/libodbcinst.so.2",
        "macos/arm64/lib/libmsodbcsql.18.dylib",
        "macos/x86_64/lib/libmsodbcsql.18.dylib",
    ]
    for name in made:
        (package / "libs" / name).parent.mkdir(parents=True, exist_ok=True)
        (package / "libs" / name).touch()
    return package


@pytest.mark.parametrize(
    ("system", "machine", "distributions", "file"),
    [
        ("Linux", "x86_64", ["debian"], "linux/debian_ubuntu/x86_64/lib/libmsodbcsql-18.6.so.2.1"),
        ("Linux", "aarch64", ["ubuntu", "debian"], "linux/debian_ubuntu/arm64/lib/libmsodbcsql-18.6.so.2.1"),
        ("Linux", "x86_64", [], "linux/debian_ubuntu/x86_64/lib/libmsodbcsql-18.6.so.2.1"),
        ("Linux", "x86_64", ["rocky", "rhel", "fedora"], "linux/rhel/x86_64/lib/libmsodbcsql-18.10.so.1.1"),
        ("Linux", "x86_64", ["opensuse-leap", "suse"], "linux/suse/x86_64/lib/libmsodbcsql-18.6.so.2.1"),
        ("Linux", "aarch64", ["sles", "suse"], "linux/debian_ubuntu/arm64/lib/libmsodbcsql-18.6.so.2.1"),
        ("Linux", "AMD64", ["alpine"], "linux/alpine/x86_64/lib/libmsodbcsql-18.6.so.2.1"),
        ("Darwin", "arm64", [], "macos/arm64/lib/libmsodbcsql.18.dylib"),
        ("Darwin", "x86_64", [], "macos/x86_64/lib/libmsodbcsql.18.dylib"),
        ("Linux", "riscv64", ["debian"], None),
    ],
)
def test_of_the_wheels_drivers_the_one_that_fits_is_chosen(
    wheel: Path, system: str, machine: str, distributions: list[str], file: str | None
) -> None:
    found = drivers.driver_of_wheel(wheel, system=system, machine=machine, distributions=distributions)
    assert found == (None if file is None else str(wheel / "libs" / file))


def test_alpine_takes_no_driver_that_is_linked_against_glibc(wheel: Path) -> None:
    shutil.rmtree(wheel / "libs" / "linux" / "alpine")
    assert drivers.driver_of_wheel(wheel, system="Linux", machine="x86_64", distributions=["alpine"]) is None


def test_the_systems_driver_comes_first_and_of_two_the_newer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for version in ("18.2.so.1.1", "18.10.so.1.1", "18.9.so.2.1"):
        (tmp_path / f"libmsodbcsql-{version}").touch()
    monkeypatch.setattr(drivers, "_MSODBCSQL", ("/nowhere/*", f"{tmp_path}/libmsodbcsql-18*.so*"))
    assert drivers.msodbcsql() == str(tmp_path / "libmsodbcsql-18.10.so.1.1")


def test_where_there_is_none_it_is_said_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drivers, "_PSQLODBC", ())
    monkeypatch.setattr(drivers, "_MSODBCSQL", ())
    monkeypatch.setattr(drivers, "_WHEEL", "no_such_package")
    monkeypatch.setattr(packages.shutil, "which", {"dnf": "/usr/bin/dnf"}.get)
    with pytest.raises(ConfigurationError, match=r"psqlODBC.*: dnf install postgresql-odbc, or"):
        drivers.psqlodbc()
    with pytest.raises(ConfigurationError, match=r"ODBC Driver 18.*: pip install 'bms-tickets\[mssql\]', or"):
        drivers.msodbcsql()


def test_a_package_is_named_for_the_manager_that_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packages.shutil, "which", {"apk": "/sbin/apk"}.get)
    assert packages.how_to_install(packages.UNIXODBC) == "apk add unixodbc"
    assert packages.how_to_install_library("libkrb5.so.3") == "apk add krb5-libs"
    monkeypatch.setattr(packages.shutil, "which", {}.get)
    assert packages.how_to_install(packages.UNIXODBC).startswith(
        "apt-get install unixodbc or dnf install unixODBC"
    )
    assert packages.how_to_install_library("libx.so.1") == "install the system package that holds libx.so.1"
