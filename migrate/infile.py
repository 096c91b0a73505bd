"""Files that people name as input: read whole, but only where they can be what they are said to be."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

MIB = 1 << 20


def read(path: Path, most: int) -> bytes:
    """Return the bytes of a file or a pipe; raises OSError, with ``strerror`` in words, for anything else.

    ``most`` is how many bytes it may have: a device such as ``/dev/zero`` has no end, and a file that was named by
    mistake may fill the memory before it is found to be none of ours.
    """
    with path.open("rb") as file:
        found = os.fstat(file.fileno())
        if not (stat.S_ISREG(found.st_mode) or stat.S_ISFIFO(found.st_mode)):
            raise OSError(errno.EINVAL, "it is neither a file nor a pipe")
        content = file.read(most + 1) if found.st_size <= most else None
    if content is None or len(content) > most:
        raise OSError(errno.EFBIG, f"it is larger than {most // MIB} MiB")
    return content
