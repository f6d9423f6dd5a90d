"""What is wrong with a plan: a list of faults, each with the place it is at."""

from collections.abc import Iterator
from typing import NamedTuple

MAX_FAULTS = 1000  # listed of one plan


class Fault(NamedTuple):
    """One fault. ``pointer`` is a JSON Pointer (RFC 6901) into the layout, "" for all of it."""

    pointer: str
    message: str


class PlanRefused(Exception):
    """What was sent makes no layout at all, so there is nothing to check. ``faults`` says why."""

    def __init__(self, *faults: Fault) -> None:
        super().__init__("; ".join(f"{fault.pointer} {fault.message}".strip() for fault in faults))
        self.faults = list(faults)

    def __reduce__(self) -> tuple[type["PlanRefused"], tuple[Fault, ...]]:
        return type(self), tuple(self.faults)  # it comes back from another process


class TooMany(Exception):
    """MAX_FAULTS faults have been found; whoever looks for more may stop."""


class Faults:
    """Collects faults, each pointer and message once, and raises TooMany after MAX_FAULTS of them."""

    def __init__(self) -> None:
        self._found: dict[Fault, None] = {}

    def add(self, pointer: str, message: str) -> None:
        """Add a fault. Raises TooMany."""
        if len(self._found) >= MAX_FAULTS:
            raise TooMany
        self._found[Fault(pointer, message)] = None

    def __iter__(self) -> Iterator[Fault]:
        return iter(self._found)

    def __len__(self) -> int:
        return len(self._found)


def step(pointer: str, name: str | int) -> str:
    """Return the pointer to the member ``name`` of what ``pointer`` points to."""
    return f"{pointer}/{str(name).replace('~', '~0').replace('/', '~1')}"
