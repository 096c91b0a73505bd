"""The cyclic garbage collector, paused where millions of values are made that have no cycles.

Every full collection looks at all of them again: a third of the time of a plan for 100,000 applications went there.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

_SELDOM = 200_000
"""Objects made since the last look; Python's own number is 700."""


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


@contextmanager
def eased() -> Iterator[None]:
    """Let it look seldom, where syntax trees are made: they have cycles, so that it must go on looking."""
    before = gc.get_threshold()
    gc.set_threshold(_SELDOM, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)
