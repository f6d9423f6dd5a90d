"""Stretches of a list by the names of their ends, as people say which rows and seats they mean."""

from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")


def between(found: Sequence[T], names: Sequence[str], first: str, last: str) -> Sequence[T]:
    """Return what stands from the name ``first`` to ``last``, in either order.

    An empty name is the end of the list. Nothing is there if a name is not.
    """
    if (first and first not in names) or (last and last not in names):
        return found[:0]
    start = names.index(first) if first else 0
    end = len(names) - 1 - names[::-1].index(last) if last else len(names) - 1
    return found[min(start, end) : max(start, end) + 1]
