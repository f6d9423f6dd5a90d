"""What a process asks of the allocator and of the garbage collector."""

import contextlib
import ctypes
import gc

ARENA_MAX = -8  # M_ARENA_MAX of glibc's malloc.h
ARENAS = 2
# What a request makes lives until its reply, beside what hundreds of others make. With the default of 700 the
# collector would look at all of it every few requests, which takes a tenth of a hold's time.
YOUNG_OBJECTS = 10_000


def share_arenas() -> None:
    """Have all threads take memory from two places, where glibc would give each thread one of its own.

    A process has dozens of threads that wait for the database, and each would keep what it once needed: some
    ten MB in all. Other libraries of C are asked nothing. Call it before there are threads.
    """
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).mallopt(ARENA_MAX, ARENAS)


def give_back() -> None:
    """Return freed memory to the system, which glibc would keep. It takes a few milliseconds."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)


def settle() -> None:
    """Have the collector pass over what there is now: it lives as long as the process."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG_OBJECTS)
