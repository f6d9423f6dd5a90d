"""What the modules of commands share."""

import argparse
import json
from typing import Any, TypeAlias

# What add_subparsers returns has a private name in argparse.
Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"


def add_json(command: argparse.ArgumentParser, when: str = "") -> None:
    """Let a command print JSON. ``when`` begins the help."""
    command.add_argument("--json", action="store_true", help=f"{when}print JSON, for programs")


def print_json(value: Any) -> None:
    """Print ``value`` for a program. What JSON does not know is a text."""
    print(json.dumps(value, indent=2, default=str))
