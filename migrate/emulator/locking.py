"""Locks that tell whether the process that holds a file is alive."""

import sys
from typing import TextIO

if sys.platform != "win32":
    import fcntl


def lock(file: TextIO) -> bool:
    """Lock a file until it is closed; False where another holder, which is alive then, has it locked.

    A lock tells what a process id cannot: ids are given to other programs. Where there are no such locks, every file
    counts as held.
    """
    if sys.platform == "win32":
        return False
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
