"""The cyclic garbage collector, paused where millions of values are made that have no cycles.

Every full collection looks at all of them again: a third of the time of a plan for 100,000 applications went there.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def paused() -> Iterator[None]:
    """Pause it, and let it go on afterwards where it was on."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
