"""The imports a rewrite may change or add."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Sequence

from codemods.engine.claims.places import Expected, same
from codemods.names import Module

REPLACED = {
    "ClientSecretCredential": "ClientAssertionCredential",
    "CertificateCredential": "ClientAssertionCredential",
    "EnvironmentCredential": "ClientAssertionCredential",
}
"""Classes that take a secret, and the class of the same package that takes an assertion."""
_LIBRARY = "azure.identity"
_INLINE = frozenset({"ManagedIdentityCredential", "get_bearer_token_provider"})


class Imports:
    """Judges import statements by what the sites of a claim need."""

    def __init__(self, expected: Iterable[Expected]) -> None:
        items = list(expected)
        self.helpers = {item.helper for item in items if not item.inline}
        self.names = {name for item in items if not item.inline for name in (item.function, item.credential)}
        self.inline = any(item.inline for item in items)
        self.inserted: set[str] = set()

    def is_inserted(self, old: ast.stmt | None, rest: Sequence[ast.stmt]) -> bool:
        """Tell whether the first statement of the rest is new, and not what became of an old one."""
        new = rest[0]
        if not isinstance(new, ast.Import | ast.ImportFrom) or same(old, new):
            return False
        if isinstance(old, ast.ImportFrom) and _is_replaceable(old):
            stays = any(isinstance(item, ast.ImportFrom) and _same_module(old, item) for item in rest)
            if not stays:
                return False
        return self._is_needed(new)

    def _is_needed(self, node: ast.stmt) -> bool:
        match node:
            case ast.ImportFrom(names=names) if _module(node) in self.helpers:
                needed = {alias.name for alias in names} <= self.names
            case ast.ImportFrom(module="azure.identity", level=0, names=names):
                needed = {alias.name for alias in names} <= _INLINE and self.inline
            case ast.Import(names=[ast.alias(name="os", asname=None)]):
                needed = True
            case _:
                return False
        plain = all(alias.asname is None for alias in names) if isinstance(node, ast.ImportFrom) else True
        if needed and plain:
            self.inserted |= {alias.name for alias in node.names} if isinstance(node, ast.ImportFrom) else {"os"}
        return needed and plain

    def may_become(self, old: ast.ImportFrom, new: ast.ImportFrom) -> bool:
        """Tell whether an import lost only classes that take a secret, and gained only what takes their place."""
        before = {(alias.name, alias.asname) for alias in old.names}
        after = {(alias.name, alias.asname) for alias in new.names}
        if not _same_module(old, new):
            return _is_replaceable(old) and self._is_needed(new)
        gained = {name for name, _ in after - before}
        return all(name in REPLACED for name, _ in before - after) and gained <= set(REPLACED.values())

    def renames(self, old: Module, new: Module, one: ast.AST, other: ast.AST) -> bool:
        """Tell whether an annotation names the class that a site is made of now."""
        if not isinstance(one, ast.Name) or not isinstance(other, ast.Name):
            return False
        before, after = old.qualified(one) or "", new.qualified(other) or ""
        package, _, name = before.rpartition(".")
        if not package.startswith(_LIBRARY) or name not in REPLACED:
            return False
        return after == f"{package}.{REPLACED[name]}" or after in self._known()

    def is_known(self, qualified: str) -> bool:
        """Tell whether a name means what a new import of it would mean."""
        return qualified in self._known() | {"os"} | {f"{_LIBRARY}.{name}" for name in _INLINE}

    def _known(self) -> set[str]:
        return {f"{helper}.{name}" for helper in self.helpers for name in self.names}


def _module(node: ast.ImportFrom) -> str:
    return "." * node.level + (node.module or "")


def _same_module(old: ast.ImportFrom, new: ast.ImportFrom) -> bool:
    return _module(old) == _module(new)


def _is_replaceable(old: ast.ImportFrom) -> bool:
    return _module(old).startswith(_LIBRARY) and all(alias.name in REPLACED for alias in old.names)
