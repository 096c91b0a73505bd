"""What holds for every test."""

from __future__ import annotations

from hypothesis import settings

# Shared machines are slow at times: a property is about values, never about time.
settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")
