"""The command line: ``bms serve``, ``worker``, ``migrate`` and the others that ``bms --help`` lists.

Each module here has some of the commands: ``add`` tells argparse of them, and a function runs each. It gets
the settings and the arguments and returns the exit status.
"""

import argparse
import logging
import sys
from collections.abc import Sequence

from bms import __version__, environment, logs
from bms import settings as settings_module
from bms.cli import accounts, completion, configuration, data, diagnosis, migrations, serving, statements
from bms.errors import BMSError, ConfigurationError, DatabaseUnavailable

__all__ = ["main"]


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return the exit status."""
    known = parser()
    if environment.is_completing():
        completion.answer(known)
    arguments = known.parse_args(argv)
    try:
        return _run(arguments)
    except (ConfigurationError, BMSError) as error:
        if arguments.run is diagnosis.doctor:
            return diagnosis.cannot_examine(error, arguments)
        more = ". 'bms doctor' says why" if isinstance(error, DatabaseUnavailable) else ""
        print(f"bms: {error}{more}", file=sys.stderr)
        return 2
    except BrokenPipeError:
        return 1
    except KeyboardInterrupt:
        return 130


def _run(arguments: argparse.Namespace) -> int:
    for name in arguments.chooses:
        if getattr(arguments, name) is not None:
            environment.choose(name, getattr(arguments, name))
    settings = settings_module.load(secret=arguments.needs_secret)
    logs.set_up(settings.log_level, settings.log_format)
    logging.getLogger("yoyo").setLevel(logging.WARNING)
    # Imported here, where main catches errors: on a machine without unixODBC the import fails and says so.
    from bms.sql.database import StatementFailed

    try:
        return int(arguments.run(settings, arguments))
    except StatementFailed as error:
        raise ConfigurationError(str(error)) from None


def parser() -> argparse.ArgumentParser:
    """Return the parser of all commands."""
    made = argparse.ArgumentParser(prog="bms", description="The BMS ticket-booking service.")
    made.add_argument("--version", action="version", version=f"bms {__version__}")
    made.set_defaults(needs_secret=True, chooses=())
    commands = made.add_subparsers(required=True, metavar="COMMAND")
    for module in (serving, migrations, accounts, data, diagnosis, configuration, statements, completion):
        module.add(commands)
    return made
