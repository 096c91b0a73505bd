"""Words that the whole project will be searched for because of a site, told early so that one pass finds them all.

A word that is not foreseen here is found all the same, by a pass of its own.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from codemods.engine.injected import function_of, provider_of
from codemods.engine.sites import Occurrence, is_rewrite
from codemods.engine.spelled import spellings
from codemods.engine.traced import Origin
from codemods.engine.wholes import texts_of_wholes
from codemods.leftover import variable_of
from codemods.model import ReasonCode
from codemods.names import Module
from codemods.scope import Kind
from codemods.transform import ReplaceEntry, Rewrite


def words_of(module: Module, occurrence: Occurrence) -> Iterator[str]:
    """Yield the names by which others may need what a site signs in with, or use what it stands in."""
    trace = occurrence.trace
    for item in trace.items:
        variable = variable_of(item.key.rpartition("/")[2]) if item.holder else item.key
        yield from () if variable is None else spellings(variable)
    for variable in (*trace.reached, *trace.inside):
        yield from spellings(variable)
    if is_rewrite(occurrence):
        yield occurrence.site.construct.rpartition(".")[2]
        yield from (word for origin in trace.origins for word in _words_of_origin(module, origin))
    yield from _offered(occurrence)


def _words_of_origin(module: Module, origin: Origin) -> Iterator[str]:
    """Yield the names by which others may know what holds a secret, and whoever hands it on."""
    name = name_elsewhere(module, origin) if origin.attributes else None
    yield from (*origin.attributes[-1:], *(() if name is None else texts_of_wholes(name, origin.attributes[:-1])))
    yield from [origin.binding.name] if isinstance(origin.binding.node, ast.ClassDef) else []
    function = None if provider_of(module, origin.binding) is None else function_of(module, origin.binding)
    yield from () if function is None else (function.name,)


def name_elsewhere(module: Module, origin: Origin) -> str | None:
    """Give the name by which other files know what holds a secret; None where it is of one function."""
    binding = origin.binding
    if binding.kind is Kind.IMPORT:
        return binding.name if binding.alias is None else binding.alias.name.rpartition(".")[2]
    return binding.name if binding in module.top.bindings.get(binding.name, ()) else None


def name_of_body(module: Module, occurrence: Occurrence) -> str | None:
    """Give the name under which others may take the body of a request that a site makes."""
    statements = (node for node in module.ancestors(occurrence.node) if isinstance(node, ast.stmt))
    edits = occurrence.verdict.edits if isinstance(occurrence.verdict, Rewrite) else ()
    match next(statements, None) if any(isinstance(edit, ReplaceEntry) for edit in edits) else None:
        case ast.Assign(targets=[ast.Name() as target]) | ast.AnnAssign(target=ast.Name() as target):
            outer = module.lookup(target)
            return target.id if outer is not None and outer[0] is module.top else None
        case _:
            return None


def _offered(occurrence: Occurrence) -> Iterator[str]:
    """Yield the names under which others may take a class from a file."""
    node, reason = occurrence.node, getattr(occurrence.verdict, "reason", None)
    if isinstance(node, ast.ImportFrom) and reason is ReasonCode.RE_EXPORTED:
        yield from (alias.asname or alias.name for alias in node.names if alias.name == occurrence.site.construct)
