"""``bms completion``, and what a shell is told when it asks how a command may go on."""

import argparse

from bms.cli.kinds import Commands
from bms.settings import Settings

SHELLS = ("bash", "zsh", "fish")


def add(commands: Commands) -> None:
    """Tell argparse of the command."""
    command = commands.add_parser(
        "completion", help='print what makes a shell complete commands: eval "$(bms completion bash)"'
    )
    command.add_argument("shell", choices=SHELLS)
    command.set_defaults(run=completion, needs_secret=False)


def completion(_: Settings, arguments: argparse.Namespace) -> int:
    from argcomplete.shell_integration import shellcode

    print(shellcode(["bms"], shell=arguments.shell))
    return 0


def answer(parser: argparse.ArgumentParser) -> None:
    """Tell the shell that asks how its command may go on, and end this process."""
    import argcomplete

    argcomplete.autocomplete(parser)
