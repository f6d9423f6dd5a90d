"""Where settings come from: ``BMS_*`` variables, a ``.env`` file, and files that variables name.

``BMS_SECRET_KEY_FILE=/run/secrets/key`` gives ``BMS_SECRET_KEY`` the text of that file, as Docker and
Kubernetes hand out secrets. What Kubernetes writes by itself beside a Service named ``bms`` is no setting.
An option of the command line becomes a variable, so that a process that starts again has it too.

Listening sockets come by the environment too, as systemd hands them out.
"""

import os
import re
from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import NamedTuple, NoReturn

from dotenv import dotenv_values

from bms.errors import ConfigurationError

PREFIX, FILE = "BMS_", "_FILE"
MAX_FILE_BYTES = 65_536
# BMS_SERVICE_HOST, BMS_SERVICE_PORT_HTTP, BMS_PORT_8080_TCP_ADDR, and BMS_PORT=tcp://10.0.0.1:8080
_OF_KUBERNETES = re.compile(
    r"SERVICE_HOST|SERVICE_PORT(_[A-Z0-9_]+)?|PORT_[0-9]+_(TCP|UDP|SCTP)(_(ADDR|PORT|PROTO))?"
)
_PORT_OF_KUBERNETES = re.compile(r"(tcp|udp|sctp)://\S+")


class Given(NamedTuple):
    """The text of a setting, and where it stands: in the environment, in ``.env`` or in a file of its own."""

    text: str
    where: str


def read(environ: Mapping[str, str] | None, dotenv: Path, known: Iterable[str]) -> dict[str, Given]:
    """Return the settings that are given, by their names in lower case without the prefix.

    ``known`` are the names that exist. Raises ConfigurationError for a name that does not, for a setting that
    is given twice, and for a file that cannot be read.
    """
    names = set(known)
    given: dict[str, Given] = {}
    unknown: list[tuple[str, str]] = []
    # The environment comes last, as it counts more than the file.
    for where, variables in ((str(dotenv), _of_file(dotenv)), ("the environment", environ)):
        here = _of_kind(os.environ if variables is None else variables, names, where)
        unknown += [(name, where) for name in sorted(here.keys() - names)]
        given.update(here)
    _refuse(unknown, names)
    return given


def passed_over(environ: Mapping[str, str] | None = None) -> list[str]:
    """Return the variables that Kubernetes set beside a Service named bms, which are no settings."""
    variables = os.environ if environ is None else environ
    named = ((variable, variable.removeprefix(PREFIX), text) for variable, text in variables.items())
    return sorted(
        variable for variable, name, text in named if name != variable and _is_of_kubernetes(name, text)
    )


def choose(setting: str, text: str) -> None:
    """Have a setting come from the environment as ``text``, whatever else is given."""
    variable = f"{PREFIX}{setting.upper()}"
    os.environ.pop(f"{variable}{FILE}", None)
    os.environ[variable] = text


def is_completing() -> bool:
    """Return whether a shell asks how a command line may go on, instead of running it."""
    return "_ARGCOMPLETE" in os.environ


def _of_file(dotenv: Path) -> dict[str, str]:
    return {name: text for name, text in dotenv_values(dotenv).items() if text is not None}


def _of_kind(variables: Mapping[str, str], known: set[str], where: str) -> dict[str, Given]:
    given: dict[str, Given] = {}
    for variable, text in variables.items():
        name = variable.removeprefix(PREFIX)
        if name == variable or _is_of_kubernetes(name, text):
            continue
        setting = name.lower()
        if setting not in known and name.endswith(FILE) and setting.removesuffix(FILE.lower()) in known:
            setting = setting.removesuffix(FILE.lower())
            if not text.strip():  # set to nothing, as a Compose file does it
                continue
            if variables.get(PREFIX + setting.upper(), "").strip():
                raise ConfigurationError(f"{PREFIX}{setting.upper()} and {variable} are both set in {where}")
            given[setting] = Given(_text_of(Path(text), variable), f"the file that {variable} names")
        elif text.strip() or setting not in given:
            given[setting] = Given(text, where)
    return given


def _is_of_kubernetes(name: str, text: str) -> bool:
    is_port = name == "PORT" and _PORT_OF_KUBERNETES.fullmatch(text) is not None
    return is_port or _OF_KUBERNETES.fullmatch(name) is not None


def _text_of(path: Path, variable: str) -> str:
    try:
        with path.open("rb") as file:
            content = file.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        raise ConfigurationError(f"{variable}: {path} cannot be read: {error.strerror}") from None
    if len(content) > MAX_FILE_BYTES:
        raise ConfigurationError(f"{variable}: {path} has more than {MAX_FILE_BYTES} bytes")
    try:
        return content.decode().strip()
    except UnicodeDecodeError:
        raise ConfigurationError(f"{variable}: {path} is no UTF-8 text") from None


def _refuse(unknown: Sequence[tuple[str, str]], known: set[str]) -> None:
    """Raise ConfigurationError if a setting is ``unknown``; each comes with where it stands."""
    told = []
    for name, where in unknown:
        near = get_close_matches(name, known, n=1, cutoff=0.75)
        hint = f" (did you mean {PREFIX}{near[0].upper()}?)" if near else ""
        told.append(f"{PREFIX}{name.upper()} in {where}{hint}")
    if told:
        raise ConfigurationError(f"There is no setting {', nor '.join(told)}")


_FIRST_INHERITED = 3  # sd_listen_fds(3)


def inherited_listeners() -> list[int]:
    """Return the descriptors of listening sockets that this process was started with."""
    if os.environ.get("LISTEN_PID") != str(os.getpid()):
        return []
    count = os.environ.get("LISTEN_FDS", "")
    return list(range(_FIRST_INHERITED, _FIRST_INHERITED + int(count))) if count.isdigit() else []


def start_again(command: Sequence[str], listener: int | None = None) -> NoReturn:
    """Replace this process by ``command``, which inherits ``listener`` and finds it as above."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("LISTEN_")}
    if listener is not None:
        os.dup2(listener, _FIRST_INHERITED, inheritable=True)
        environment |= {"LISTEN_PID": str(os.getpid()), "LISTEN_FDS": "1"}
    os.execve(command[0], list(command), environment)  # noqa: S606 - our own command line, without a shell
