"""How many examples a property is tried with: fewer by default, each time others, and many with the slow tests."""

from __future__ import annotations

import pytest


def examples(few: int, many: int) -> pytest.MarkDecorator:
    """Give a test the number of examples as ``examples``."""
    return pytest.mark.parametrize("examples", [few, pytest.param(many, marks=pytest.mark.slow)])
