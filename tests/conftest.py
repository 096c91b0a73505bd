"""What holds for every test."""

from __future__ import annotations

import logging

import pytest
from hypothesis import settings

# Shared machines are slow at times: a property is about values, never about time.
settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")

ALONE = frozenset({"az", "bench", "browser", "packaging"})
"""Markers of tests that measure, or whose set-up is too dear to be done twice."""


LEVELS = {each: each.level for each in (logging.getLogger(), logging.getLogger("unsecret"))}


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """Run the default tests in two processes, chosen ones in this one: ``-n auto`` asks here, even for ``--help``."""
    return 0 if config.option.markexpr in ALONE or getattr(config.option, "file_or_dir", None) else 2


@pytest.fixture(autouse=True)
def _logging_as_it_was() -> None:
    """Undo what ``-v`` did: a command run in this process, by a fixture of a whole module too, makes logging loud."""
    for logger, level in LEVELS.items():
        logger.setLevel(level)
