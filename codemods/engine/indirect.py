"""Classes that a file may use without importing them from their library.

A module of the project can hand a class on, a package can be loaded by its name, a class can be looked up in a text. A
site that is missed is worse than one that is reported for nothing: its secret would be removed while it is in use. So
a known name counts unless it is shown to be somebody else's.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator

from codemods.engine.knowledge import Knowledge
from codemods.model import ReasonCode
from codemods.names import Module, root_name
from codemods.scope import Binding, Kind
from codemods.transform import Report

_LOOKUPS = frozenset({"getattr", "import_module", "__import__", "globals", "vars", "locals", "import_string"})
_EXECUTES = frozenset({"exec", "eval", "compile"})
_TYPE_TESTS = frozenset({"isinstance", "issubclass", "type"})
_PATCHES = frozenset({"patch", "object", "dict", "multiple"})
PATCH = "unittest.mock.patch"
"""The construct of a string that names a class for a test to replace."""
_Found = tuple[str, Report]


class Indirect:
    """The questions about one file; ``is_own`` tells whether a name may be a module of the same project."""

    def __init__(self, module: Module, known: Knowledge, is_own: Callable[[str], bool]) -> None:
        self.module = module
        self.known = known
        self.is_own = is_own
        self._packages = {name.rpartition(".")[0] for name in known.classes}
        self._looks_up = any(last_name(call.func) in _LOOKUPS for call in module.calls)

    def is_unproven(self, node: ast.expr) -> bool:
        """Tell whether an expression has the name of a known class and is not shown to be another one."""
        if not isinstance(node, ast.Name | ast.Attribute) or last_name(node) not in self.known.class_names:
            return False
        if isinstance(node, ast.Name):
            found = self.module.lookup(node)
            return found is None or not found[1] or any(self._may_be_known(binding) for binding in found[1])
        if not isinstance(node.ctx, ast.Load) or self._is_constant(node) or self._is_member(node):
            return False
        meanings = self.module.meanings(node)
        return not meanings or any(not meaning or not self._is_foreign(meaning) for meaning in meanings)

    def is_dynamic(self, node: ast.expr) -> bool:
        """Tell whether the root of an expression is the result of a call."""
        while isinstance(node, ast.Attribute | ast.Subscript):
            node = node.value
        if isinstance(node, ast.Name) and (binding := self.module.assigned_once(node)) is not None:
            return isinstance(binding.value, ast.Call)
        return isinstance(node, ast.Call)

    def unused(self) -> Iterator[tuple[ast.stmt, str]]:
        """Yield the imports of known classes that this file itself does not use."""
        for binding in self.module.imports:
            alias, node = binding.alias, binding.node
            if alias is None or binding.checked_only or not isinstance(node, ast.Import | ast.ImportFrom):
                continue
            if self._may_hand_on(binding) and not self._is_named(binding.name):
                yield node, alias.name

    def _is_named(self, name: str) -> bool:
        """Tell whether a name is read in this file, or stands in the text of an annotation."""
        if name in self.module.reads:
            return True
        texts = (text for text in self.module.strings if name in str(text.value))
        return any(is_annotation(self.module, text) for text in texts)

    def text(self, node: ast.Constant) -> _Found | None:
        """Judge a text that names a known class."""
        value = str(node.value)
        head, _, last = value.rpartition(".")
        calls = [parent for parent in self.module.ancestors(node) if isinstance(parent, ast.Call)]
        if any(last_name(call.func) in _EXECUTES for call in calls) and self._names_class(value):
            return "code in a text", Report(reason=ReasonCode.DYNAMIC_IMPORT)
        if last not in self.known.class_names:
            return None
        parent = self.module.parents[node]
        if isinstance(parent, ast.Call) and head and _is_patch(parent.func):
            return PATCH, Report(reason=ReasonCode.TEST_CODE)
        dotted = value in self.known.classes or (isinstance(parent, ast.Call) and head.replace(".", "").isidentifier())
        if dotted or (not head and self._looks_up and not self._is_export(node)):
            return last, Report(reason=ReasonCode.DYNAMIC_IMPORT)
        return None

    def _names_class(self, text: str) -> bool:
        return any(re.search(rf"\b{name}\b", text) for name in self.known.class_names)

    def _may_be_known(self, binding: Binding) -> bool:
        if binding.kind is Kind.IMPORT:
            return not self._is_foreign(binding.qualified)
        return binding.kind is not Kind.DEFINITION

    def _is_foreign(self, qualified: str) -> bool:
        """Tell whether a name comes from a library that has nothing to do with the known ones."""
        top = qualified.partition(".")[0]
        if not top or self.is_own(top):
            return False
        return not any(qualified.startswith(f"{package}.") for package in self._packages)

    def _may_hand_on(self, binding: Binding) -> bool:
        if binding.alias is None or binding.alias.name not in self.known.class_names:
            return False
        inside = any(isinstance(parent, ast.FunctionDef | ast.AsyncFunctionDef) for parent in self._around(binding))
        return not inside and not self._is_foreign(binding.qualified)

    def _around(self, binding: Binding) -> Iterator[ast.AST]:
        return self.module.ancestors(binding.node)

    def _is_constant(self, node: ast.Attribute) -> bool:
        """Tell whether an attribute is a constant of a class of this file, such as a member of an enumeration."""
        root = root_name(node)
        found = self.module.lookup(root) if root is not None and root is node.value else None
        classes = [] if found is None else [binding.node for binding in found[1]]
        return bool(classes) and all(
            isinstance(item, ast.ClassDef) and any(_sets(line, node.attr) for line in item.body) for item in classes
        )

    def _is_member(self, node: ast.Attribute) -> bool:
        """Tell whether an attribute is taken from a class, by its name, and only handed on: a member of an enumeration.

        A class that holds another one as its attribute gets it somewhere, and is told of there.
        """
        parent, holder = self.module.parents[node], last_name(node.value)
        called = isinstance(parent, ast.Call) and parent.func is node
        if called or isinstance(parent, ast.Attribute | ast.ClassDef) or _asks_for_type(self.module, node):
            return False
        return holder[:1].isupper() and any(letter.islower() for letter in holder)

    def is_exported(self, name: str) -> bool:
        """Tell whether a name stands in ``__all__``."""
        return any(text.value == name and self._is_export(text) for text in self.module.strings)

    def _is_export(self, node: ast.Constant) -> bool:
        owner = next((item for item in self.module.ancestors(node) if isinstance(item, ast.stmt)), None)
        return is_annotation(self.module, node) or (
            isinstance(owner, ast.Assign | ast.AugAssign | ast.AnnAssign)
            and any(isinstance(item, ast.Name) and item.id == "__all__" for item in ast.walk(owner))
        )


def last_name(node: ast.expr) -> str:
    """Give the last name of an expression, or nothing."""
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""


def is_annotation(module: Module, node: ast.AST) -> bool:
    """Tell whether a node stands in an annotation."""
    for parent in module.ancestors(node):
        match parent:
            case ast.arg():
                return True
            case ast.AnnAssign(annotation=annotation) if annotation is node:
                return True
            case ast.FunctionDef(returns=returns) | ast.AsyncFunctionDef(returns=returns) if returns is node:
                return True
            case ast.stmt():
                return False
            case _:
                node = parent
    return False


def is_type_test(module: Module, node: ast.AST) -> bool:
    """Tell whether a class is compared with something, or asked for by ``isinstance`` or a pattern."""
    for parent in module.ancestors(node):
        if isinstance(parent, ast.Compare | ast.MatchClass):
            return True
        if isinstance(parent, ast.Call):
            return isinstance(parent.func, ast.Name) and parent.func.id in _TYPE_TESTS
        if isinstance(parent, ast.stmt):
            return False
    return False


def is_presence_test(module: Module, node: ast.expr) -> bool:
    """Tell whether it is asked whether an optional class is there at all: ``X is None``, ``if not X``."""
    parent = module.parents[node]
    match parent:
        case ast.Compare(left=left, ops=[ast.Is() | ast.IsNot()], comparators=[ast.Constant(value=None)]):
            return left is node
        case ast.If(test=test) | ast.IfExp(test=test) | ast.While(test=test) | ast.Assert(test=test):
            return test is node
        case ast.UnaryOp(op=ast.Not()):
            return True
        case _:
            return False


def _asks_for_type(module: Module, node: ast.AST) -> bool:
    """Tell whether a type is asked for: members of enumerations are compared with values, classes with types."""
    around = next((item for item in module.ancestors(node) if isinstance(item, ast.Compare | ast.stmt)), None)
    if not isinstance(around, ast.Compare):
        return is_type_test(module, node)
    sides = (around.left, *around.comparators)
    return any(last_name(side.func if isinstance(side, ast.Call) else side) in {"type", "__class__"} for side in sides)


def _is_patch(func: ast.expr) -> bool:
    """Tell whether a call replaces something for a test: patch(...), mocker.patch(...), monkeypatch.setattr(...)."""
    last = last_name(func)
    if last == "setattr":
        return isinstance(func, ast.Attribute)
    if last == "patch":
        return True
    return last in _PATCHES and isinstance(func, ast.Attribute) and last_name(func.value) == "patch"


def _sets(line: ast.stmt, name: str) -> bool:
    return (
        isinstance(line, ast.Assign)
        and isinstance(line.value, ast.Constant)
        and any(isinstance(target, ast.Name) and target.id == name for target in line.targets)
    )
