"""Who else needs the secret: a site may be rewritten only if the program then runs with the secret gone.

The secret's names and reads must have no use beside the sites that are rewritten together; the statements that bind
them are deleted with the sites. Everything else is a reason to leave the site alone: a rewritten call beside a hard
``os.environ["AZURE_CLIENT_SECRET"]`` would stop the program on the day the secret is removed.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from itertools import chain

from codemods.engine.composed import composed_reads
from codemods.engine.cutting import Uncuttable
from codemods.engine.items import item_of
from codemods.engine.needs import is_listed
from codemods.engine.optional import is_definition, is_variable
from codemods.engine.source import Source
from codemods.engine.told import use_in_words
from codemods.engine.traced import ItemRead, NameRead, Trace
from codemods.engine.unpacking import elements_of, without
from codemods.model import ReasonCode
from codemods.names import Module

_REST_OF_LINE = re.compile(r"[ \t\f]*(#[^\r\n]*)?(\r\n|\r|\n|$)")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Dropped:
    """The nodes that disappear when a set of sites is rewritten."""

    nodes: frozenset[ast.AST]

    @property
    def statements(self) -> tuple[ast.stmt, ...]:
        """List the statements that are deleted as a whole."""
        return tuple(node for node in self.nodes if isinstance(node, ast.stmt))

    def places(self, statement: ast.Assign) -> frozenset[int]:
        """List the places that a statement which binds several names loses."""
        return frozenset(at for at, value in enumerate(elements_of(statement.value)) if value in self.nodes)

    def and_also(self, nodes: Collection[ast.AST]) -> Dropped:
        """Add what disappears for another reason."""
        return Dropped(nodes=self.nodes | frozenset(nodes))

    def holds(self, module: Module, node: ast.AST) -> bool:
        """Tell whether a node disappears, by itself or inside something."""
        return node in self.nodes or any(parent in self.nodes for parent in module.ancestors(node))


Blocked = tuple[ReasonCode, str]


def keys_of(node: ast.AST, secrets: Collection[ast.expr]) -> set[ast.AST]:
    """Give the keys of a body under which secrets stand: they go with them."""
    pairs = zip(node.keys, node.values, strict=True) if isinstance(node, ast.Dict) else ()
    return {key for key, value in pairs if key is not None and value in secrets}


def dropped_with(secrets: Collection[ast.expr], traces: Collection[Trace]) -> Dropped:
    """Collect what disappears with some sites: their secret arguments and the statements that bind them."""
    reads = [read for item in traces for read in item.names]
    statements = (read.statement for read in reads)
    nodes = {*secrets, *(node for node in statements if node is not None)}
    places = {read.place for read in reads if read.place is not None}
    nodes |= {elements_of(statement.value)[at] for statement, at in places}
    whole = {statement for statement, _ in places if nodes.issuperset(elements_of(statement.value))}
    return Dropped(nodes=frozenset(nodes | whole))


def obstacle(
    source: Source, module: Module, item: Trace, dropped: Dropped, used_elsewhere: Callable[[NameRead], str | None]
) -> Blocked | None:
    """Say why a site cannot lose its secret, or None."""
    for read in item.names:
        for use in module.uses(read.scope, read.name):
            if not dropped.holds(module, use):
                return _other_use(module, use, read.name)
        if read.condition is not None and not dropped.holds(module, read.condition):
            return _other_use(module, read.condition, read.name)
        if (kept := why_kept(source, module, read, dropped, used_elsewhere)) is not None:
            return ReasonCode.LEFTOVER, kept
    for wanted in item.items:
        composed = () if wanted.holder else composed_reads(module, wanted.key)
        for node in chain(_reads(module, wanted), composed):
            if not dropped.holds(module, node):
                return _other_use(module, node, wanted.key)
    return None


def whole_lines(source: Source, statement: ast.stmt) -> tuple[int, int] | None:
    """Give the span of the lines a statement has to itself, or None when it shares them."""
    start, end = source.span(statement)
    first = source.line_start(statement.lineno)
    rest = _REST_OF_LINE.match(source.text, end)
    if source.text[first:start].strip(" \t\f") or rest is None:
        return None
    return first, rest.end()


def _other_use(module: Module, node: ast.AST, name: str) -> Blocked:
    line = getattr(node, "lineno", 1)
    guard = _is_tested(module, node)
    reason = ReasonCode.GUARDED_BY_SECRET if guard else ReasonCode.SECRET_USED_ELSEWHERE
    words = "" if guard else use_in_words(module, node)
    return reason, f"{name} on line {line}, {words}" if words else f"{name} on line {line}"


def _is_tested(module: Module, node: ast.AST) -> bool:
    """Tell whether a node stands in the condition of something."""
    for parent in module.ancestors(node):
        if isinstance(parent, ast.If | ast.While | ast.IfExp | ast.Assert) and node is parent.test:
            return True
        if isinstance(parent, ast.BoolOp) and isinstance(parent.op, ast.And) and node is not parent.values[-1]:
            return True
        if isinstance(parent, ast.stmt):
            return isinstance(parent, ast.Match)
        node = parent
    return False


def why_kept(
    source: Source,
    module: Module,
    read: NameRead,
    dropped: Dropped,
    used_elsewhere: Callable[[NameRead], str | None],
) -> str | None:
    """Say why the statement that binds a name has to stay."""
    node = read.node
    if node is None:
        return None
    where = f"{read.name} on line {node.lineno}"
    if isinstance(node, ast.stmt) and (shape := _why_whole(source, module, node, dropped)):
        return f"{where} {shape}"
    if (line := _looked_up(module)) is not None:
        return f"{where} may be looked up by name on line {line}"
    seen = _seen_outside(module, read, dropped, used_elsewhere) if read.scope.is_class or not read.scope.parent else ""
    return f"{where} {seen}" if seen else None


def _why_whole(source: Source, module: Module, statement: ast.stmt, dropped: Dropped) -> str:
    """Say why a statement, or what it binds a secret with, cannot be taken out of the text."""
    if statement not in dropped.nodes and isinstance(statement, ast.Assign):
        try:
            without(source, statement, dropped.places(statement))
        except Uncuttable:
            return "cannot be taken out from among the others"
        return ""
    if whole_lines(source, statement) is None:
        return "shares its line with something else"
    alone = all(sibling in dropped.nodes for sibling in block_of(module, statement))
    return "is the only statement of its block" if alone else ""


def _seen_outside(
    module: Module, read: NameRead, dropped: Dropped, used_elsewhere: Callable[[NameRead], str | None]
) -> str:
    """Say who uses a name of the module, or of a class, other than by its bare name."""
    if (line := _attribute(module, read.name, dropped)) is not None:
        return f"is read as an attribute on line {line}"
    if not read.scope.is_class and _is_exported(module, read.name):
        return "is used by other modules"
    place = used_elsewhere(read)
    return "" if place is None else f"is used by {place}"


def _looked_up(module: Module) -> int | None:
    """Find a call that can see names as texts, which no search for the name can follow."""
    for call in module.calls:
        name = call.func.id if isinstance(call.func, ast.Name) else ""
        if name in {"eval", "exec"} or (name in {"globals", "locals", "vars"} and not call.args):
            return call.lineno
    return None


def _attribute(module: Module, name: str, dropped: Dropped) -> int | None:
    """Find a read of a name as an attribute: of its class, or of this module under some name."""
    for node in module.parents:
        found = item_of(node) if isinstance(node, ast.Attribute | ast.Call) else None
        if found is not None and found[1] == name and not dropped.holds(module, node):
            return getattr(node, "lineno", 1)
    return None


def block_of(module: Module, statement: ast.stmt) -> list[ast.stmt]:
    """Give the statements a statement stands among."""
    parent = module.parents[statement]
    for name in ("body", "orelse", "finalbody"):
        block = getattr(parent, name, [])
        if isinstance(block, list) and statement in block:
            return list(block)
    return [statement]


def _is_exported(module: Module, name: str) -> bool:
    for text in module.strings:
        if text.value == name:
            owner = next((node for node in module.ancestors(text) if isinstance(node, ast.stmt)), None)
            targets = ast.walk(owner) if owner is not None else iter(())
            if any(isinstance(node, ast.Name) and node.id == "__all__" for node in targets):
                return True
    return False


def _reads(module: Module, wanted: ItemRead) -> Iterator[ast.AST]:
    """Yield everything in the file that touches the same item, or one of that name under another holder.

    A variable that an item is named after is sought where the item is defined.
    """
    key = wanted.key.rpartition("/")[2]
    for text in module.strings:
        if text.value != key or isinstance(module.parents[text], ast.Expr):
            continue
        if is_definition(module, text) and (wanted.holder or not is_listed(module, text)):
            continue
        if not wanted.holder or not is_variable(module, text):
            yield text
    for node in module.parents if wanted.holder else ():
        found = item_of(node)
        if found is None or found[1] not in {key, wanted.key} or is_definition(module, node):
            continue
        if not is_variable(module, node):
            yield node
