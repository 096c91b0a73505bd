"""Who else in the project uses a name of a file: by an import, as an attribute, or as a text.

To keep a name that nobody needs costs nothing; to delete one that is imported elsewhere stops a program. So a file that
mentions the name counts unless its syntax shows that it means something else.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Mapping
from functools import cached_property
from pathlib import Path

from codemods.engine.project import Project
from codemods.engine.secrets import item_of
from codemods.names import Kind, Module, root_name

_SETTINGS = re.compile(r"settings|config|conf$", re.IGNORECASE)


class References:
    """The mentions of the names that would be deleted or renamed."""

    def __init__(self, project: Project, names: Collection[str]) -> None:
        self.project = project
        self.names = frozenset(names)

    @cached_property
    def _mentions(self) -> Mapping[str, tuple[Path, ...]]:
        return self.project.mentioning(self.names)

    def used_elsewhere(self, path: Path, name: str, owner: str | None = None) -> str | None:
        """Name a file that seems to use a name of another file; ``owner`` is the class the name belongs to."""
        mentions = self._mentions if name in self.names else self.project.mentioning({name})
        for other in mentions.get(name, ()):
            if other != path and self._refers(other, path, name, owner):
                return self.project.name(other)
        return None

    def _refers(self, other: Path, path: Path, name: str, owner: str | None) -> bool:
        module = self.project.module(other)
        if module is None:
            return True
        if any(_is_setting(module, node, name) for node in module.parents):
            return True
        word = _stem(path) if owner is None else owner
        if owner is not None and owner.encode("utf-8", "surrogateescape") not in self.project.data(other):
            return False
        if owner is None and self._imports(other, module, path, name):
            return True
        for node in module.parents:
            found = item_of(node) if isinstance(node, ast.Attribute | ast.Call) else None
            if found is not None and found[1] == name and self._may_be(other, module, found[0], word):
                return True
        return any(str(text.value).endswith(f"{word}.{name}") for text in module.strings)

    def _imports(self, other: Path, module: Module, path: Path, name: str) -> bool:
        for node in self.project.imports(other):
            if not isinstance(node, ast.ImportFrom):
                continue
            taken = {alias.name for alias in node.names}
            if "*" in taken and self._is_unbound(module, name):
                taken.add(name)
            if name in taken and self._may_come_from(other, node, path, name):
                return True
        return False

    def _is_unbound(self, module: Module, name: str) -> bool:
        return any(
            isinstance(node, ast.Name) and node.id == name and module.lookup(node) is None for node in module.references
        )

    def _may_come_from(self, other: Path, node: ast.ImportFrom, path: Path, name: str) -> bool:
        dotted = node.module or ""
        targets = self.project.targets(other, node.level, dotted)
        if path in targets or dotted.rpartition(".")[2] == _stem(path):
            return True
        if not targets:
            return node.level > 0 or self.project.may_hold(dotted.partition(".")[0])
        return not all(self._defines(target, name) for target in targets)

    def _defines(self, path: Path, name: str) -> bool:
        """Tell whether a file gives a name its meaning by itself, without an import."""
        module = self.project.module(path)
        bindings = [] if module is None else module.top.bindings.get(name, [])
        return bool(bindings) and all(binding.kind is not Kind.IMPORT for binding in bindings)

    def _may_be(self, other: Path, module: Module, holder: ast.expr, word: str) -> bool:
        """Tell whether the holder of an attribute may be the file, or the class, the name belongs to."""
        root = root_name(holder)
        found = None if root is None else module.lookup(root)
        bindings = () if found is None else found[1]
        if bindings and all(binding.kind is Kind.IMPORT for binding in bindings):
            return any(
                binding.qualified.startswith(".") or self.project.may_hold(binding.qualified.partition(".")[0])
                for binding in bindings
            )
        return word.encode("utf-8", "surrogateescape") in self.project.data(other)


def _is_setting(module: Module, node: ast.AST, name: str) -> bool:
    """Tell whether a framework may read a name for its user: Django's ``settings.NAME``, Flask's ``app.config[NAME]``.

    It hands on what it took from a module or a class that only a setting of its own names.
    """
    found = item_of(node)
    holder = None if found is None or found[1] != name else found[0]
    while isinstance(holder, ast.Attribute) and not _SETTINGS.search(holder.attr):
        holder = holder.value
    written = holder.attr if isinstance(holder, ast.Attribute) else getattr(holder, "id", "")
    meanings = module.meanings(holder) if holder is not None else ()
    return any(_SETTINGS.search(text) for text in (written, *meanings))


def _stem(path: Path) -> str:
    return path.parent.name if path.stem == "__init__" else path.stem
