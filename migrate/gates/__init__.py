"""The gates of a removal. Each file of this package holds one; all must be open, and are asked again at the removal."""

from __future__ import annotations

import functools
import importlib
import pkgutil

from migrate.gate import Answer, Closed, Gate, Question
from migrate.model import Road


@functools.cache
def gates() -> tuple[Gate, ...]:
    """Return every gate of this package by name; a module without one, or a second one of a name, is an error."""
    names = sorted(module.name for module in pkgutil.iter_modules(__path__))
    found = [importlib.import_module(f"{__name__}.{name}").GATE for name in names]
    if len({gate.name for gate in found}) != len(found):
        raise ValueError(f"two gates have the same name: {sorted(gate.name for gate in found)}")
    return tuple(found)


def names(road: Road) -> tuple[str, ...]:
    """Return the names of the gates that are asked for something."""
    return tuple(gate.name for gate in gates() if road in gate.roads)


def ask(question: Question) -> tuple[tuple[str, Answer], ...]:
    """Ask every gate of the question's road; none is skipped, so that all reasons are told at once."""
    return tuple((gate.name, gate.ask(question)) for gate in gates() if question.road in gate.roads)


def closed(answers: tuple[tuple[str, Answer], ...]) -> tuple[tuple[str, Closed], ...]:
    """Return the gates that hold."""
    return tuple((name, answer) for name, answer in answers if isinstance(answer, Closed))
