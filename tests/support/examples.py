"""How many examples a property is tried with: fewer by default, each time others, and many with the slow tests.

A property that sets no number of its own is tried with ``FEW`` by default and with ``ALL`` among the slow tests, which
all properties belong to beside the default run.
"""

from __future__ import annotations

import pytest
from hypothesis import settings

FEW, ALL = 25, 100


def share(many: int) -> int:
    """Give the part of so many examples that this run tries a property with."""
    assert settings.default is not None
    return max(5, many * settings.default.max_examples // ALL)


def examples(few: int, many: int) -> pytest.MarkDecorator:
    """Give a test the number of examples as ``examples``."""
    return pytest.mark.parametrize("examples", [few, pytest.param(many, marks=pytest.mark.slow)])
