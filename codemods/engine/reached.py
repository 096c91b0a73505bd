"""Variables that a secret may come from where it is not followed for certain: by their names it is found who sets them.

``tenant, client, secret = (os.environ[name] for name in NAMES)``, ``map(os.getenv, NAMES)``, ``Credential(**options)``,
the default of a parameter, what a function of the file returns. Nothing is rewritten by what is found here.
"""

from __future__ import annotations

import ast
import functools
import re
from collections.abc import Iterable, Iterator
from typing import Final

from codemods.engine.arguments import given_by
from codemods.engine.attributes import default_of
from codemods.engine.readers import environment_variable, is_environment, library_read, means
from codemods.names import Module
from codemods.scope import Binding, Kind

_DEEP: Final = 6
_TELLING: Final = re.compile(
    r"secret|passw|pwd|(?<!public.)key(?!.?vault)|cert(?!.?thumb)|\bpem|pfx|credential", re.IGNORECASE
)
_PLACE: Final = re.compile(
    r"_(?:url|uri|host|endpoint|address|server|region|vault)$|config|tenant|client_?id$", re.IGNORECASE
)
"""Variables that say where something is, and hold no secret themselves."""
_KEYS: Final = frozenset({"client_secret", "client_credential", "secret", "certificate_path", "password"})
_GETTERS: Final = frozenset({"os.getenv", "os.environ.get", "os.environ.__getitem__"})
_FUNCTIONS: Final = (ast.FunctionDef, ast.AsyncFunctionDef)


def reached(module: Module, nodes: Iterable[ast.expr]) -> tuple[str, ...]:
    """Name the variables that some expressions may come from; of several, those that sound like a secret."""
    walker = _Walker(module)
    found = list(dict.fromkeys(name for node in nodes for name in walker.variables(node, 0)))
    telling = [name for name in found if _TELLING.search(name) and not _PLACE.search(name)]
    others = [name for name in found if not _PLACE.search(name)]
    return tuple(telling or (others if len(found) == 1 else ()))


def given_with(module: Module, node: ast.AST) -> Iterator[ast.expr]:
    """Yield what a site that shows no secret is given: unpacked arguments, those of ``partial`` or of a subclass."""
    parent = module.parents.get(node)
    match node, parent:
        case ast.Call(), _:
            yield from (item for item in node.args if isinstance(item, ast.Starred))
            yield from (item.value for item in node.keywords if item.arg is None)
        case ast.expr(), ast.Call():
            yield as_dict(parent)
        case ast.expr(), ast.ClassDef(name=name):
            yield from (as_dict(call) for call in module.calls if getattr(call.func, "id", "") == name)
        case ast.JoinedStr() | ast.BinOp(), _:
            yield node
        case ast.Constant(), ast.JoinedStr() | ast.BinOp():
            yield parent
        case ast.Constant(), ast.Attribute(attr="format") if isinstance(call := module.parents[parent], ast.Call):
            yield as_dict(call)
        case _:
            return


def as_dict(call: ast.Call) -> ast.expr:
    """Write the arguments of a call as a dictionary, so that the one that is called a secret counts."""
    keys: list[ast.expr | None] = [ast.Constant(value=str(at)) for at in range(len(call.args))]
    keys += [None if item.arg is None else ast.Constant(value=item.arg) for item in call.keywords]
    return ast.Dict(keys=keys, values=[*call.args, *(item.value for item in call.keywords)])


class _Walker:
    """Follows expressions back through names, attributes, parameters and functions of one file."""

    def __init__(self, module: Module) -> None:
        self.module = module
        self._seen: set[ast.AST] = set()

    def variables(self, node: ast.AST, depth: int) -> Iterator[str]:
        if depth > _DEEP or node in self._seen:
            return
        self._seen.add(node)
        if isinstance(node, ast.Dict | ast.Call) and (named := _called_secret(node)):
            for value in named:
                yield from self.variables(value, depth + 1)
            return
        yield from self._read(node)
        match node:
            case ast.Name(ctx=ast.Load()) if node in self.module.scopes:
                yield from self._name(node, depth)
            case ast.Attribute(value=ast.Name(id="self" | "cls"), attr=attribute):
                for value in self._filled.get(attribute, ()):
                    yield from self.variables(value, depth + 1)
                yield from self._attribute(node, attribute, depth)
            case ast.Attribute(attr=attribute):
                yield from self._provided(attribute)
            case ast.Call(func=ast.Name() as func):
                yield from self._function(func, depth)
            case _:
                pass
        for child in ast.iter_child_nodes(node):
            yield from self.variables(child, depth)

    def _read(self, node: ast.AST) -> Iterator[str]:
        """Name what an expression reads by itself: one variable, or one for each name of a list."""
        if not isinstance(node, ast.Subscript | ast.Call):
            return
        library = library_read(self.module, node)
        variable = environment_variable(self.module, node) if library is None else library.variable
        if variable is not None:
            yield variable
            return
        match node:
            case ast.Subscript(value=holder, slice=ast.Name() as key) if is_environment(self.module, holder):
                yield from self._each(key)
            case ast.Call(func=func, args=[ast.Name() as key, *_]) if means(self.module, func) in _GETTERS:
                yield from self._each(key)
            case ast.Call(func=ast.Name(id="map"), args=[func, names]) if means(self.module, func) in _GETTERS:
                yield from self._texts(names)
            case ast.Call(func=ast.Call(func=maker, args=names), args=[holder]) if is_environment(self.module, holder):
                if self.module.qualified(maker) == "operator.itemgetter":
                    yield from (text for name in names if (text := self.module.constant(name)) is not None)
            case _:
                return

    def _each(self, key: ast.Name) -> Iterator[str]:
        """Name the texts that a name of a loop or a comprehension stands for."""
        for parent in self.module.ancestors(key):
            loops = getattr(parent, "generators", [parent] if isinstance(parent, ast.For) else [])
            for loop in loops:
                if isinstance(loop.target, ast.Name) and loop.target.id == key.id:
                    yield from self._texts(loop.iter)
                    return

    def _texts(self, node: ast.expr) -> Iterator[str]:
        if isinstance(node, ast.Name):
            node = self.module.value_once(node) or node
        match node:
            case ast.Tuple(elts=items) | ast.List(elts=items) | ast.Set(elts=items):
                yield from (text for item in items if (text := self.module.constant(item)) is not None)
            case ast.Call(func=ast.Attribute(value=ast.Constant(value=str(text)), attr="split"), args=[]):
                yield from text.split()
            case _:
                return

    def _name(self, node: ast.Name, depth: int) -> Iterator[str]:
        found, filled = self.module.lookup(node), self._filled.get(node.id, ())
        for binding in () if found is None else found[1]:
            for value in self._values(node, binding):
                if not filled or (isinstance(value, ast.Dict | ast.Call) and _called_secret(value)):
                    yield from self.variables(value, depth + 1)
        for value in filled:
            yield from self.variables(value, depth + 1)

    @functools.cached_property
    def _filled(self) -> dict[str, list[ast.expr]]:
        """What is put under a key that is called a secret, by the dictionary's last name: ``o["password"] = x``."""
        found: dict[str, list[ast.expr]] = {}
        for text in self.module.strings:
            entry = self.module.parents[text] if text.value in _KEYS else None
            match entry, entry and self.module.parents[entry]:
                case (
                    ast.Subscript(value=ast.Name(id=name) | ast.Attribute(attr=name), ctx=ast.Store()),
                    ast.Assign(value=value),
                ):
                    found.setdefault(name, []).append(value)
                case _:
                    continue
        return found

    def _values(self, node: ast.Name, binding: Binding) -> Iterator[ast.AST]:
        if binding.kind is Kind.PARAMETER:
            function = next(
                (item for item in self.module.ancestors(binding.node) if isinstance(item, _FUNCTIONS)), None
            )
            if function is not None:
                yield from default_of(function, node.id)
                yield from given_by(self.module.calls, function, self.module.parents.get(function), node.id)
        elif isinstance(binding.node, ast.MatchAs):
            yield from self._matched(binding.node)
        elif binding.value is not None:
            yield binding.value
        elif isinstance(binding.node, ast.NamedExpr):
            yield binding.node.value
        elif isinstance(binding.node, ast.Tuple | ast.List):
            at = [getattr(item, "id", "") for item in binding.node.elts].index(node.id)
            yield from self._element(binding.node, at)

    def _element(self, target: ast.Tuple | ast.List, at: int) -> Iterator[ast.AST]:
        """Yield what goes into one place of a tuple, or all that goes into it."""
        statement = self.module.parents[target]
        if isinstance(statement, ast.Tuple | ast.List):
            for inner in self._element(statement, statement.elts.index(target)):
                whole = isinstance(inner, ast.Tuple | ast.List) and len(inner.elts) == len(target.elts)
                yield inner.elts[at] if whole and isinstance(inner, ast.Tuple | ast.List) else inner
            return
        value = statement.value if isinstance(statement, ast.Assign) else None
        if isinstance(value, ast.Tuple | ast.List) and len(value.elts) == len(target.elts):
            yield value.elts[at]
        elif value is not None:
            yield self._one_of(value, at, len(target.elts)) or value

    def _matched(self, pattern: ast.MatchAs) -> Iterator[ast.AST]:
        """Yield what a pattern takes its value from: the variable of its key, or all that is matched."""
        around = self.module.parents[pattern]
        match = next((item for item in self.module.ancestors(pattern) if isinstance(item, ast.Match)), None)
        subject = [] if match is None else [match.subject]
        if isinstance(around, ast.MatchMapping) and any(is_environment(self.module, item) for item in subject):
            key = around.keys[around.patterns.index(pattern)]
            if (text := self.module.constant(key)) is not None:
                yield self.module.implied(f"os.environ[{text!r}]", "os")
            return
        yield from subject

    def _one_of(self, value: ast.expr, at: int, size: int) -> ast.expr | None:
        """Give the read of one variable that stands at a place of a list of names."""
        match value:
            case ast.GeneratorExp(generators=[loop]) | ast.ListComp(generators=[loop]):
                names = loop.iter
            case ast.Call(func=ast.Name(id="map"), args=[_, names]):
                pass
            case _:
                return None
        texts = list(self._texts(names))
        if len(texts) != size or not list(self.variables(value, 0)):
            return None
        return self.module.implied(f"os.environ[{texts[at]!r}]", "os")

    def _attribute(self, node: ast.Attribute, name: str, depth: int) -> Iterator[str]:
        owner = next((item for item in self.module.ancestors(node) if isinstance(item, ast.ClassDef)), None)
        for item in () if owner is None else ast.walk(owner):
            match item:
                case ast.Attribute(attr=attr, ctx=ast.Store()) if attr == name:
                    yield from self._stored(item, depth)
                case ast.FunctionDef() if item.name == name and item.decorator_list:
                    yield from self._returned(item, depth)
                case _:
                    pass

    def _stored(self, node: ast.Attribute, depth: int) -> Iterator[str]:
        parent = self.module.parents[node]
        if isinstance(parent, ast.Assign | ast.AnnAssign) and parent.value is not None:
            yield from self.variables(parent.value, depth + 1)
        elif isinstance(parent, ast.Tuple | ast.List):
            for value in self._element(parent, parent.elts.index(node)):
                yield from self.variables(value, depth + 1)

    def _provided(self, name: str) -> Iterator[str]:
        """Name the variables that fill an entry: ``config.client_secret.from_env("SECRET")``.

        https://python-dependency-injector.ets-labs.org/providers/configuration.html#loading-from-an-environment-variable
        """
        for call in self.module.calls:
            match call:
                case ast.Call(func=ast.Attribute(attr="from_env", value=ast.Attribute(attr=entry)), args=[first, *_]):
                    if entry == name and (text := self.module.constant(first)) is not None:
                        yield text
                case _:
                    continue

    def _function(self, func: ast.Name, depth: int) -> Iterator[str]:
        found = self.module.lookup(func) if func in self.module.scopes else None
        for binding in () if found is None else found[1]:
            if isinstance(binding.node, _FUNCTIONS):
                yield from self._returned(binding.node, depth)

    def _returned(self, function: ast.FunctionDef | ast.AsyncFunctionDef, depth: int) -> Iterator[str]:
        for item in ast.walk(function):
            if isinstance(item, ast.Return) and item.value is not None:
                yield from self.variables(item.value, depth + 1)


def _called_secret(node: ast.Dict | ast.Call) -> list[ast.expr]:
    """List the entries of a dictionary, or the keywords of a call, that are called a secret."""
    if isinstance(node, ast.Dict):
        named = zip(node.keys, node.values, strict=True)
        return [value for key, value in named if isinstance(key, ast.Constant) and key.value in _KEYS]
    return [item.value for item in node.keywords if item.arg in _KEYS]
