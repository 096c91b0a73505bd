"""Conditions that ask for a secret, and what is left of them when the secret is gone.

A condition is read as it comes out today, where the secret is set. A term that then changes nothing (``and secret``,
``or not secret``, an element of ``all([...])``) is taken out; a check of the secret alone that merely refuses to start
is deleted. So the branch that is taken where the secret is set today stays the one that is taken. What happens where it
is not set today must be plain too: another way to sign in, an ``elif``, a value that is handed on are not understood,
and a site whose secret is asked for in such a place stays as it is.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from codemods.engine.branches import Refusal, is_caught, kind_of, may_sign_in, other_branch
from codemods.engine.conditions import Condition, Secrets, secrets_of
from codemods.engine.cutting import Uncuttable, cut
from codemods.engine.flow import block_of, whole_lines
from codemods.engine.sites import Occurrence
from codemods.engine.source import Source
from codemods.engine.splice import Edit
from codemods.engine.unwrap import unwrap
from codemods.names import Module

_Owner = ast.If | ast.IfExp | ast.Assert
_Borders = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | ast.ClassDef


@dataclass(frozen=True, slots=True, kw_only=True)
class Guards:
    """What becomes of the conditions of a file: nodes that disappear, edits of what stays, and a word on each.

    Of those ``unwrapped`` the body stays and the condition goes.
    """

    nodes: frozenset[ast.AST] = frozenset()
    edits: tuple[Edit, ...] = ()
    unwrapped: tuple[ast.If, ...] = ()
    notes: Mapping[Occurrence, tuple[str, ...]] = field(default_factory=dict)


def understand(
    source: Source, module: Module, occurrences: Sequence[Occurrence], statements: Sequence[ast.stmt]
) -> Guards:
    """Find the conditions that can lose the secrets of some sites; ``statements`` are deleted with the sites."""
    secrets = {occurrence: secrets_of(module, occurrence) for occurrence in occurrences}
    joined = Secrets.join(secrets.values())
    if not joined:
        return Guards()
    nodes: set[ast.AST] = set()
    edits: list[Edit] = []
    notes: dict[Occurrence, tuple[str, ...]] = {}
    unwrapped: list[ast.If] = []
    for owner in _owners(module, joined):
        sites = [item for item in occurrences if secrets[item].occur_in(module, owner.test)]
        gone: set[ast.AST]
        try:
            condition = Condition.read(module, owner.test, joined)
            if condition.outcome is None:
                gone, changes = _shortened(source, module, owner, condition, sites)
                note = f"the condition on line {owner.lineno} no longer asks for the secret"
            elif isinstance(owner, ast.If) and (owner.orelse or (condition.outcome and _behind(module, owner))):
                gone, changes = _unwrapped(source, module, owner, condition, sites, deleted=statements)
                note = f"the condition on line {owner.lineno} is gone, its statements are always executed"
                unwrapped.append(owner)
            else:
                _require_check(source, module, owner, condition, {*statements, *nodes})
                gone, changes, note = {owner}, [], f"the check of the secret on line {owner.lineno} is gone"
        except (Uncuttable, RecursionError):
            continue
        nodes |= gone
        edits += changes
        notes |= {item: (*notes.get(item, ()), note) for item in sites}
    return Guards(nodes=frozenset(nodes), edits=tuple(edits), unwrapped=tuple(unwrapped), notes=notes)


def _owners(module: Module, secrets: Secrets) -> Iterator[_Owner]:
    """Yield, from the outside in, whatever has a condition that one of the secrets occurs in."""
    owners = [node for node in module.parents if isinstance(node, _Owner)]
    for owner in sorted(owners, key=lambda node: (node.lineno, node.col_offset)):
        if secrets.occur_in(module, owner.test):
            yield owner


def _shortened(
    source: Source, module: Module, owner: _Owner, condition: Condition, sites: Sequence[Occurrence]
) -> tuple[set[ast.AST], list[Edit]]:
    """Say what a condition loses that asks for other things as well; raise Uncuttable where that is not certain."""
    if _is_elif(module, owner) or is_caught(module, owner):
        raise Uncuttable
    if not _is_check(owner, condition):
        _require_plain_branches(module, owner, sites)
    gone = {child for dropped in condition.cuts.values() for child in dropped}
    return set(gone), [
        edit for container, dropped in condition.cuts.items() for edit in cut(source, container, dropped)
    ]


def _unwrapped(
    source: Source,
    module: Module,
    owner: ast.If,
    condition: Condition,
    sites: Sequence[Occurrence],
    *,
    deleted: Sequence[ast.stmt],
) -> tuple[set[ast.AST], list[Edit]]:
    """Leave what is done where the secret alone is set, when nothing but a refusal is done otherwise."""
    behind = _behind(module, owner)
    refuses = kind_of(owner.orelse or behind) is Refusal.ENDS and not is_caught(module, owner)
    if condition.has_others or not condition.outcome or not refuses or _is_elif(module, owner):
        raise Uncuttable
    if _branch_of(module, owner, sites) != "body" or all(item in deleted for item in owner.body):
        raise Uncuttable
    if any(whole_lines(source, statement) is None for statement in behind):
        raise Uncuttable
    inside = (node for statement in owner.orelse for node in ast.walk(statement) if isinstance(node, ast.expr))
    return {owner.test, *inside, *behind}, unwrap(source, owner, deleted, behind)


def _behind(module: Module, owner: ast.If) -> list[ast.stmt]:
    """List what is reached only where the condition is false: what follows statements that end in ``return``."""
    block = block_of(module, owner)
    leaves = isinstance(owner.body[-1], ast.Return | ast.Raise)
    return block[block.index(owner) + 1 :] if leaves and not owner.orelse else []


def _is_elif(module: Module, owner: _Owner) -> bool:
    parent = module.parents[owner]
    return isinstance(owner, ast.If) and isinstance(parent, ast.If) and owner in parent.orelse


def _is_check(owner: _Owner, condition: Condition) -> bool:
    """Tell whether a condition only decides on a refusal, whatever else it asks for."""
    if isinstance(owner, ast.Assert):
        return True
    checks = isinstance(owner, ast.If) and not owner.orelse and condition.is_negative
    return checks and isinstance(owner, ast.If) and kind_of(owner.body) is not Refusal.NONE


def _require_check(
    source: Source, module: Module, owner: _Owner, condition: Condition, statements: set[ast.AST]
) -> None:
    """Accept a statement that does nothing but refuse when the secret alone is missing."""
    if isinstance(owner, ast.IfExp) or condition.has_others or _is_elif(module, owner):
        raise Uncuttable
    refuses = isinstance(owner, ast.Assert) or (not owner.orelse and kind_of(owner.body) is not Refusal.NONE)
    never = condition.outcome is isinstance(owner, ast.Assert)
    alone = all(sibling is owner or sibling in statements for sibling in block_of(module, owner))
    if not refuses or not never or alone or is_caught(module, owner) or whole_lines(source, owner) is None:
        raise Uncuttable


def _require_plain_branches(module: Module, owner: _Owner, sites: Sequence[Occurrence]) -> None:
    """Accept a condition whose one branch holds the sites and whose other one signs in to nothing."""
    if isinstance(owner, ast.Assert):
        raise Uncuttable
    own = _branch_of(module, owner, sites)
    other = other_branch(module, owner, own)
    if other is Refusal.NONE or (other is not Refusal.ENDS and may_sign_in(module, {item.node for item in sites})):
        raise Uncuttable


def _branch_of(module: Module, owner: ast.If | ast.IfExp, sites: Sequence[Occurrence]) -> str:
    """Name the branch that holds every site, inside the same function."""
    found: set[str] = set()
    for site in sites:
        child: ast.AST = site.node
        for parent in module.ancestors(site.node):
            if parent is owner or isinstance(parent, _Borders):
                break
            child = parent
        if module.parents.get(child) is not owner:
            raise Uncuttable
        inside = child is owner.body if isinstance(owner, ast.IfExp) else child in owner.body
        found.add("body" if inside else "orelse")
    if len(found) != 1:
        raise Uncuttable
    return found.pop()
