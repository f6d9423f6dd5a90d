"""Files that the processes of one machine map into their memory."""

import contextlib
import os
from pathlib import Path


def open_whole(path: Path, size: int) -> int:
    """Open the file at ``path``, created with mode 0600 and at least ``size`` bytes; return its descriptor.

    All of it is on the disk before it is mapped. A write to a hole in a mapped file ends the process by a
    signal when the disk is full. Raises OSError.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        found = os.fstat(descriptor)
        # Never shrink it: another process may have it mapped.
        if found.st_size < size:
            if hasattr(os, "posix_fallocate"):
                os.posix_fallocate(descriptor, 0, size)
            else:
                os.ftruncate(descriptor, size)
        elif hasattr(os, "posix_fallocate") and found.st_blocks * 512 < size:
            # Made with holes, by an older version. On a full disk it is used as it is.
            with contextlib.suppress(OSError):
                os.posix_fallocate(descriptor, 0, size)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor
