"""Compare the old and the new source of a file, node by node.

Every difference must be one of these: a site that was claimed, the import of its class, a
statement that was claimed to go and that only held or checked the secret, a condition that comes out the same where the
secret is set, the import of what sends the assertion. Anything else refuses the file. Names must have the meaning they
had, and no name may be read that nothing gives a meaning to any more.
"""

from __future__ import annotations

import ast
import builtins
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeGuard

from codemods.engine.claims.conditions import always, equivalent
from codemods.engine.claims.imports import Imports
from codemods.engine.claims.places import Expected, Place, place_of, same
from codemods.engine.claims.sites import SiteCheck
from codemods.errors import ClaimError
from codemods.model import Compared
from codemods.names import Module

_Guarded = ast.If | ast.IfExp | ast.Assert
_ANNOTATIONS = frozenset({"annotation", "returns"})
_TOKENS = frozenset({
    "get_token", "get_token_info", "get_bearer_token_provider", "acquire_token_for_client",
    "acquire_token_on_behalf_of", "acquire_token_silent",
})  # fmt: skip
Claims = Mapping[Place, tuple[Compared, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """What a rewrite says it does: its sites, each with what it is to send, and the statements that go.

    Of the ``unwrapped`` conditions the body stays; the ``shortened`` statements lose some of the names they bind.
    """

    name: str
    sites: Mapping[Place, Expected]
    deleted: Collection[Place]
    unwrapped: Collection[Place] = ()
    shortened: Mapping[Place, Collection[int]] = field(default_factory=dict)


def check(claim: Claim, old: Module, new: Module) -> Claims:
    """Verify a claim and say what was compared at each site; raise ClaimError when it does not hold."""
    try:
        return _Check(claim, old, new).run()
    except RecursionError as error:
        raise ClaimError(f"{claim.name}: both sources cannot be compared, they are nested too deeply") from error


class _Check:
    def __init__(self, claim: Claim, old: Module, new: Module) -> None:
        self.claim = claim
        self.old = old
        self.new = new
        self.imports = Imports(claim.sites.values())
        self.sites = SiteCheck(old, new, self.fail)
        self.compared: dict[Place, tuple[Compared, ...]] = {}
        self.pending: list[tuple[ast.AST, ast.AST, bool]] = []
        self.conditions: list[tuple[ast.expr, ast.expr]] = []
        self.checks: list[ast.stmt] = []
        self.bare: list[ast.expr] = []

    def fail(self, node: ast.AST, what: str) -> ClaimError:
        line = getattr(node, "lineno", 1)
        return ClaimError(
            f"{self.claim.name}:{line}: the rewrite would change {what}; nothing was done, rewrite this file by hand",
            line=line,
        )

    def run(self) -> Claims:
        self.block(self.old.tree, self.old.tree.body, self.new.tree.body)
        while self.pending:
            old, new, annotation = self.pending.pop()
            self.node(old, new, annotation=annotation)
        if missing := set(self.claim.sites) - set(self.compared):
            raise self.fail(self.old.tree, f"less than it says (line {min(missing).line})")
        self._verify_conditions()
        self._verify_names()
        scopes = self._verify_scopes()
        return {place: (*compared, scopes) for place, compared in self.compared.items()}

    # ------------------------------------------------------------------ the walk

    def node(self, old: ast.AST, new: ast.AST, *, annotation: bool) -> None:
        expected = self.claim.sites.get(place_of(old))
        if expected is not None and place_of(old) not in self.compared:
            self.compared[place_of(old)] = self.sites.check(old, new, expected)
            return
        if annotation and self.imports.renames(self.old, self.new, old, new):
            return
        if type(old) is not type(new):
            raise self.fail(old, "the form of something else")
        for name in old._fields:
            one, other = getattr(old, name, None), getattr(new, name, None)
            if isinstance(old, _Guarded) and isinstance(new, _Guarded) and self._is_changed(name, old.test, new.test):
                self.conditions.append((old.test, new.test))
            else:
                self.value(old, one, other, annotation=annotation or name in _ANNOTATIONS)

    def _is_changed(self, field: str, old: ast.expr, new: ast.expr) -> bool:
        """Tell whether a condition differs, other than by a site inside it."""
        return (
            field == "test"
            and not same(old, new)
            and not any(place_of(node) in self.claim.sites for node in ast.walk(old))
        )

    def value(self, owner: ast.AST, old: object, new: object, *, annotation: bool) -> None:
        if isinstance(old, ast.AST) and isinstance(new, ast.AST):
            self.pending.append((old, new, annotation))
        elif isinstance(old, list) and isinstance(new, list):
            if old and isinstance(old[0], ast.stmt):
                self.block(owner, old, new)
            elif len(old) != len(new):
                raise self.fail(owner, "how many parts something has")
            else:
                for one, other in zip(old, new, strict=True):
                    self.value(owner, one, other, annotation=annotation)
        elif type(old) is not type(new) or old != new:
            raise self.fail(owner, "a name or a value")

    def block(self, owner: ast.AST, old: Sequence[ast.stmt], new: Sequence[ast.stmt]) -> None:
        """Pair the statements of a block: some go, imports come, the others stay in their order."""
        at = 0
        for statement in self.unwrapped(old):
            if place_of(statement) in self.claim.deleted:
                self.deleted(statement)
                continue
            while at < len(new) and self.imports.is_inserted(statement, new[at:]):
                at += 1
            if at == len(new):
                raise self.fail(statement, "a statement that should stay")
            self.statement(statement, new[at])
            at += 1
        if not all(self.imports.is_inserted(None, [statement]) for statement in new[at:]):
            raise self.fail(owner, "statements that are new")

    def unwrapped(self, block: Sequence[ast.stmt]) -> Iterator[ast.stmt]:
        """Put the body of a condition that went in its place; the other branch must only have refused."""
        for at, statement in enumerate(block):
            if not isinstance(statement, ast.If) or place_of(statement) not in self.claim.unwrapped:
                yield statement
                continue
            other = statement.orelse or self.unreached(statement, block[at + 1 :])
            if not other or not isinstance(other[-1], ast.Raise | ast.Expr):
                raise self.fail(statement, "what happens where the secret is not set")
            self.bare.append(statement.test)
            yield from statement.body
            if not statement.orelse:
                return

    def unreached(self, owner: ast.If, behind: Sequence[ast.stmt]) -> Sequence[ast.stmt]:
        """Give the statements behind a condition whose body always leaves, if all of them are claimed to go."""
        leaves = isinstance(owner.body[-1], ast.Return | ast.Raise)
        gone = all(place_of(statement) in self.claim.deleted for statement in behind)
        plain = all(isinstance(statement, ast.Raise | ast.Expr | ast.Pass) for statement in behind)
        return behind if leaves and gone and plain else []

    def statement(self, old: ast.stmt, new: ast.stmt) -> None:
        if isinstance(old, ast.ImportFrom) and isinstance(new, ast.ImportFrom) and not same(old, new):
            if not self.imports.may_become(old, new):
                raise self.fail(old, "an import of something else")
        elif isinstance(old, ast.Assign) and (gone := self.claim.shortened.get(place_of(old))) is not None:
            self.shortened(old, new, gone)
        else:
            self.pending.append((old, new, False))

    def shortened(self, old: ast.Assign, new: ast.stmt, gone: Collection[int]) -> None:
        """Pair the places that stay of a statement that binds several names."""
        pairs = list(_pairs(old))
        kept = [pair for at, pair in enumerate(pairs) if at not in gone]
        found = list(_pairs(new)) if len(kept) > 1 else [(new.targets[0], new.value)] if _is_plain(new) else []
        if len(kept) != len(found) or not kept or type(new) is not type(old):
            raise self.fail(old, "what several names are bound to")
        self.sites.secrets.add(*(part for at, pair in enumerate(pairs) if at in gone for part in pair))
        for one, other in zip(kept, found, strict=True):
            self.pending += [(one[0], other[0], False), (one[1], other[1], False)]

    def deleted(self, statement: ast.stmt) -> None:
        match statement:
            case ast.Assign(targets=[ast.Name() as target], value=value):
                self.sites.secrets.add(target, value)
            case ast.AnnAssign(target=ast.Name() as target, value=ast.expr() as value):
                self.sites.secrets.add(target, value)
            case ast.With(
                items=[ast.withitem(context_expr=ast.Call(), optional_vars=ast.Name())], body=[ast.stmt() as inner]
            ):
                self.deleted(inner)
            case ast.Assign() if pairs := list(_pairs(statement)):
                self.sites.secrets.add(*(part for pair in pairs for part in pair))
            case ast.If() | ast.Assert():
                self.checks.append(statement)
            case _:
                raise self.fail(statement, "a statement that does more than hold a secret")

    # ------------------------------------------------------------------ afterwards

    def _verify_conditions(self) -> None:
        secrets = self.sites.secrets
        for old, new in self.conditions:
            if not equivalent(old, new, secrets):
                raise self.fail(old, "which branch is taken where the secret is set")
        for test in self.bare:
            if not always(test, True, secrets):  # noqa: FBT003 - the outcome is the question
                raise self.fail(test, "which branch is taken where the secret is set")
        for statement in self.checks:
            asked = statement.test if isinstance(statement, ast.If | ast.Assert) else None
            plain = not (isinstance(statement, ast.If) and statement.orelse)
            if asked is None or not plain or not always(asked, isinstance(statement, ast.Assert), secrets):
                raise self.fail(statement, "what happens where the secret is set")

    def _verify_names(self) -> None:
        """Refuse a name that lost its meaning, or that a new import would give another one."""
        if lost := _unbound(self.new) - _unbound(self.old):
            raise self.fail(self.old.tree, f"the meaning of {min(lost)}")
        for name in self.imports.inserted:
            bound = self.old.top.bindings.get(name, [])
            if bound and not all(self.imports.is_known(binding.qualified) for binding in bound):
                raise self.fail(bound[0].node, f"the meaning of {name}")

    def _verify_scopes(self) -> Compared:
        """Count the requests for tokens: they stand outside of the sites and were compared with the rest."""
        counts = [
            sum(isinstance(call.func, ast.Attribute | ast.Name) and _last(call.func) in _TOKENS for call in calls)
            for calls in (self.old.calls, [item for item in self.new.calls if not self.sites.is_new(item)])
        ]
        if counts[0] != counts[1]:
            raise self.fail(self.old.tree, "a request for a token")
        return Compared(what="scopes", expression=f"{counts[0]} requests for a token, unchanged")


def _pairs(node: ast.stmt) -> Iterator[tuple[ast.expr, ast.expr]]:
    """Yield the names and the values of ``a, b = x, y``."""
    match node:
        case ast.Assign(
            targets=[ast.Tuple(elts=names) | ast.List(elts=names)], value=ast.Tuple(elts=values) | ast.List(elts=values)
        ) if len(names) == len(values):
            yield from zip(names, values, strict=True)
        case _:
            return


def _is_plain(node: ast.stmt) -> TypeGuard[ast.Assign]:
    return isinstance(node, ast.Assign) and len(node.targets) == 1


def _last(func: ast.expr) -> str:
    return func.attr if isinstance(func, ast.Attribute) else func.id if isinstance(func, ast.Name) else ""


def _unbound(module: Module) -> set[str]:
    known = vars(builtins)
    names = (node for node in module.references if isinstance(node, ast.Name) and node.id not in known)
    return {node.id for node in names if (found := module.lookup(node)) is None or not found[1]}
