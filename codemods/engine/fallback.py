"""What a program does where the variable of a secret is not set: with the read gone, it would never do so again.

try: secret = os.environ["SECRET"]; except KeyError: use_another_way()
"""

from __future__ import annotations

import ast
from typing import Final

from codemods.engine.branches import Refusal, kind_of
from codemods.engine.indirect import last_name
from codemods.engine.sites import Occurrence
from codemods.names import Module

_MISSING: Final = frozenset({"KeyError", "LookupError", "UndefinedValueError", "ImproperlyConfigured", "EnvError"})
"""What a read of a variable that is not set raises, also through the libraries of ``readers``."""
_FUNCTIONS: Final = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda


def fallback(module: Module, occurrence: Occurrence) -> int | None:
    """Find the line that catches that the secret of a site is not set, and goes on in another way."""
    given = (module.given(read.binding) for read in occurrence.trace.names)
    values = (*getattr(occurrence.verdict, "secrets", ()), *(value for value in given if value is not None))
    reads = (node for value in values for node in ast.walk(value) if isinstance(node, ast.Subscript | ast.Call))
    return next((line for node in reads if (line := _goes_on(module, node)) is not None), None)


def _goes_on(module: Module, node: ast.AST) -> int | None:
    for parent in module.ancestors(node):
        if isinstance(parent, ast.Try) and node in parent.body:
            for handler in parent.handlers:
                if _is_for_missing(handler) and kind_of(handler.body, may_bind=True) is Refusal.NONE:
                    return handler.lineno
        elif isinstance(parent, _FUNCTIONS):
            return None
        node = parent
    return None


def _is_for_missing(handler: ast.ExceptHandler) -> bool:
    caught = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return any(item is not None and last_name(item) in _MISSING for item in caught)
