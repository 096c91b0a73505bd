"""Where the secret of a call comes from, followed back through names to what is read.

A trace says what would have to disappear together with the call's argument: the names that hold the secret, and the
reads (an environment variable, an item of a configuration) they come from. It never holds the text of a secret.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable
from dataclasses import replace

from codemods.engine.attributes import binding_of_kept, given_to, is_given, values_of, variables_of_option
from codemods.engine.items import item_of, plain_text, shown_key
from codemods.engine.opened import opened_for, opening_of, opens
from codemods.engine.reached import reached
from codemods.engine.readers import environment_variable, library_read, variables_inside
from codemods.engine.traced import ItemRead, NameRead, Origin, Trace
from codemods.model import ReasonCode
from codemods.names import Module
from codemods.scope import Binding, Kind

_PASS_THROUGH = frozenset({
    "decode", "encode", "get_secret_value", "read_bytes", "read_text", "strip", "lstrip", "rstrip",
})  # fmt: skip
_READS = frozenset({"read", "readline"})
_CASTS = frozenset({"typing.cast", "typing_extensions.cast"})
_PLAIN_CALLS = frozenset({"open", "str", "bytes", "Path"})
_DEEP = 4
_PLAIN_QUALIFIED = frozenset({"pathlib.Path", "builtins.str", "builtins.bytes"})
_VAULT_CALLS = frozenset({"get_secret"})
_PUBLIC_KEYS = frozenset({"thumbprint", "public_certificate"})
_FILE_KEYS = frozenset({"private_key_pfx_path"})
_MAKES_PATHS = frozenset({
    "os.path.join", "os.path.abspath", "os.path.dirname", "os.path.expanduser", "os.path.expandvars",
    "os.path.realpath", "os.fspath", "os.fsdecode",
})  # fmt: skip
_DECODES = frozenset({"base64.b64decode", "base64.standard_b64decode", "base64.urlsafe_b64decode"})
_PATH_METHODS = frozenset({"absolute", "as_posix", "expanduser", "joinpath", "resolve", "with_name", "with_suffix"})


def trace(module: Module, secrets: tuple[ast.expr, ...], files: tuple[ast.expr, ...] = ()) -> Trace:
    """Follow the expressions that a rewrite would take out of a call; ``files`` name a file that holds the secret."""
    tracer = _Tracer(module)
    for secret in secrets:
        tracer.follow_file(secret) if secret in files else tracer.follow(secret, direct=True)
    if tracer.trace.problem is not None and all(item.holder for item in tracer.trace.items):
        tracer.trace.reach(reached(module, secrets))
    return tracer.trace


def parameter_of(module: Module, name: ast.Name) -> ast.AST | None:
    """Give the function a name is a parameter of, if it is that and nothing else."""
    found = module.lookup(name)
    if found is None or len(found[1]) != 1 or found[1][0].kind is not Kind.PARAMETER:
        return None
    return found[0].node if found[0] is module.scopes.get(name) else None


class _Tracer:
    """Follows one secret; ``direct`` says that the value itself is the secret, not something it is made from."""

    def __init__(self, module: Module) -> None:
        self.module = module
        self.trace = Trace()
        self._seen: set[ast.AST] = set()
        self._open: set[ast.AST] = set()
        self._deleting = False
        self._is_file = False

    def follow_file(self, node: ast.expr) -> None:
        """Follow what names a file: texts in it are no secrets."""
        before, self._is_file = self._is_file, True
        self.follow(node, direct=True)
        self._is_file = before

    def follow(self, node: ast.expr, *, direct: bool) -> None:
        match node:
            case ast.Constant():
                self._literal(node, direct=direct)
            case ast.Name():
                self._name(node, direct=direct)
            case ast.Dict():
                self._dict(node)
            case ast.JoinedStr():
                self._joined(node, direct=direct)
            case ast.BinOp(op=ast.Div(), left=left, right=right):
                self._parts([left, right], direct=False)  # of a path
            case ast.BinOp(left=left, right=right):
                self._parts([left, right], direct=direct)
            case ast.BoolOp(values=parts) | ast.Tuple(elts=parts) | ast.List(elts=parts):
                self._parts(parts, direct=direct)
            case ast.Await(value=inner) | ast.Starred(value=inner):
                self.follow(inner, direct=direct)
            case ast.Subscript() | ast.Attribute() | ast.Call():
                self._read(node, direct=direct)
            case _:
                self._refuse(ReasonCode.DYNAMIC_SECRET, "it is computed in the call")

    def _parts(self, parts: list[ast.expr], *, direct: bool) -> None:
        for part in parts:
            self.follow(part, direct=direct)

    def _joined(self, node: ast.JoinedStr, *, direct: bool) -> None:
        """Follow the parts of an f-string; before Python 3.12 only the whole of it has a place in the source."""
        before = len(self.trace.literals)
        self._parts([part.value for part in node.values if isinstance(part, ast.FormattedValue)], direct=direct)
        literal = len(self.trace.literals) > before or any(isinstance(part, ast.Constant) for part in node.values)
        del self.trace.literals[before:]
        self._literal(node, direct=direct and literal)

    def _dict(self, node: ast.Dict) -> None:
        self.trace.sources.append("certificate dictionary")
        for key, value in zip(node.keys, node.values, strict=True):
            name = key.value if isinstance(key, ast.Constant) else None
            if name in _FILE_KEYS:
                self.follow_file(value)
            else:
                self.follow(value, direct=name not in _PUBLIC_KEYS)

    def _literal(self, node: ast.Constant | ast.JoinedStr, *, direct: bool) -> None:
        empty = isinstance(node, ast.Constant) and (not node.value or not isinstance(node.value, str | bytes))
        if direct and not empty and self._is_file:
            self.trace.sources.append("file")
        elif direct and not empty:
            self.trace.literals.append(node)
            self.trace.sources.append("literal")

    def _name(self, node: ast.Name, *, direct: bool) -> None:
        found = self.module.lookup(node)
        kinds = {binding.kind for binding in found[1]} if found is not None else set()
        certain = kinds == {Kind.IMPORT} or self.module.given_once(node) is not None
        if found is not None and len(found[1]) == 1 and certain and self._may_go(found[1][0]):
            self._bound(NameRead(name=node.id, scope=found[0], binding=found[1][0]), direct=direct)
        elif not direct:
            return
        elif Kind.PARAMETER in kinds:
            self.trace.sources.append(f"parameter {node.id}")
            function = parameter_of(self.module, node)
            variables = () if function is None else variables_of_option(self.module, function, node.id)
            self.trace.items += [ItemRead(holder="", key=variable) for variable in variables]
            self._refuse(ReasonCode.CALLER_SUPPLIED_SECRET, f"parameter {node.id}")
        else:
            self.trace.sources.append(f"name {node.id}")
            self._variables_of(given_to(self.module, binding) for binding in (() if found is None else found[1]))
            self._refuse(ReasonCode.DYNAMIC_SECRET, self._bound_otherwise(node.id, () if found is None else found[1]))

    def _bound_otherwise(self, name: str, bindings: tuple[Binding, ...]) -> str:
        """Say what keeps a name from being followed."""
        around = self.module.parents.get(bindings[0].node) if len(bindings) == 1 else None
        call = around.value if isinstance(around, ast.Assign) else None
        func = call.func if isinstance(call, ast.Call) else None
        called = getattr(func, "attr", getattr(func, "id", ""))
        if called and called != "map":
            return f"{name} is one of several things that {called}() gives"
        return f"{name} is not bound by exactly one plain assignment"

    def _may_go(self, binding: Binding) -> bool:
        """Tell whether what binds a name can go alone: what stands among others may do nothing but read."""
        value = self.module.given(binding)
        plain = isinstance(value, ast.Constant) or plain_text(self.module, value) is not None
        return binding.kind is not Kind.OTHER or plain

    def _bound(self, read: NameRead, *, direct: bool) -> None:
        value = self.module.given(read.binding)
        if value is None:
            if direct:
                self.trace.sources.append(f"name {read.name}")
                self.trace.names.append(read)
                self.trace.origins.append(Origin(binding=read.binding, attributes=()))
            return
        if value in self._open:  # ``S = S`` in a class means another one
            self._refuse(ReasonCode.DYNAMIC_SECRET, f"{read.name} is made of itself")
        if value in self._seen:
            return
        if not direct and environment_variable(self.module, value) is None:
            self._needed_by(value, 0)
            return
        self._seen.add(value)
        around, place = opening_of(self.module, read.binding.node), self.module.unpacked(read.binding)
        self.trace.names.append(replace(read, around=around, place=place))
        self.trace.reads += [value] if read.condition is not None else []
        before, self._deleting = self._deleting, True
        self._open.add(value)
        self.follow(value, direct=direct)
        self._open.discard(value)
        self._deleting = before

    def _needed_by(self, value: ast.expr, depth: int) -> None:
        """Note the variables without which something that stays cannot be made: the folder of a certificate."""
        for node in ast.walk(value):
            if isinstance(node, ast.Subscript) and (variable := environment_variable(self.module, node)) is not None:
                self.trace.items.append(ItemRead(holder="", key=variable))
                continue
            known = isinstance(node, ast.Name) and depth < _DEEP and node in self.module.scopes
            if known and isinstance(node, ast.Name) and (given := self.module.value_once(node)) is not None:
                self._needed_by(given, depth + 1)

    def _read(self, node: ast.Subscript | ast.Attribute | ast.Call, *, direct: bool) -> None:
        if (variable := environment_variable(self.module, node)) is not None:
            self.trace.sources.append(f"os.environ[{variable!r}]")
            self.trace.items.append(ItemRead(holder="", key=variable))
            self._parts(node.args[1:] if isinstance(node, ast.Call) else [], direct=direct)
        elif (read := library_read(self.module, node)) is not None:
            self.trace.sources.append(read.written)
            self.trace.items.append(ItemRead(holder="", key=read.variable))
            self._parts([] if read.default is None else [read.default], direct=direct)
        elif isinstance(node, ast.Call) and item_of(node) is None:
            self._call(node, direct=direct)
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Call) and item_of(node.value) is None:
            self._call(node.value, direct=direct)
        elif direct:
            self._item(node)

    def _call(self, node: ast.Call, *, direct: bool) -> None:
        """Follow a call that only reads; any other may do more than give a value, and would be missed."""
        func = node.func
        name = func.attr if isinstance(func, ast.Attribute) else func.id if isinstance(func, ast.Name) else "a function"
        if isinstance(func, ast.Attribute) and name in _READS and (opened := opened_for(self.module, func)) is not None:
            self.follow(opened, direct=direct)
            return
        if isinstance(func, ast.Attribute) and (name in _PASS_THROUGH or (name in _READS and opens(func.value))):
            self.follow(func.value, direct=direct)
            self._parts(node.args, direct=False)
            return
        if self.module.qualified(func) in _CASTS:
            self._parts(node.args[1:], direct=direct)
            return
        if self.module.qualified(func) in _DECODES:
            self._parts(node.args, direct=direct)
            return
        if self.module.qualified(func) in _MAKES_PATHS or (isinstance(func, ast.Attribute) and name in _PATH_METHODS):
            self.trace.sources.append("file")
            inside = [func.value] if name in _PATH_METHODS and isinstance(func, ast.Attribute) else []
            self._parts([*inside, *node.args], direct=False)
            return
        self.trace.sources.append(f"result of {name}()")
        plain = isinstance(func, ast.Name) or opens(node) or (self.module.qualified(func) or "") in _PLAIN_QUALIFIED
        if name not in _PLAIN_CALLS or not plain:
            if self._deleting or name not in _VAULT_CALLS or not isinstance(func, ast.Attribute):
                self._refuse(ReasonCode.DYNAMIC_SECRET, f"it is the result of {name}(), which may do more")
            self.trace.notes.append(f"the call of {name}() that gave the secret is gone")
        self._parts([*node.args, *(keyword.value for keyword in node.keywords)], direct=plain and name == "str")

    def _item(self, node: ast.Subscript | ast.Attribute | ast.Call) -> None:
        item = item_of(node)
        holder = plain_text(self.module, item[0]) if item is not None else None
        if item is not None and (variables := variables_inside(self.module, item[0])):
            self.trace.sources += [f"os.environ[{variable!r}], in it {shown_key(item[1])!r}" for variable in variables]
            self.trace.inside += variables
            return
        if item is None or holder is None:
            self.trace.sources.append("expression")
            self._refuse(ReasonCode.DYNAMIC_SECRET, "it is read out of a computed value")
            return
        self.trace.sources.append(
            f"{holder}.{item[1]}" if isinstance(node, ast.Attribute) else f"{holder}[{shown_key(item[1])!r}]"
        )
        self.trace.items.append(ItemRead(holder=holder, key=item[1]))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "pop":
            self._refuse(ReasonCode.DYNAMIC_SECRET, "pop() takes it out of something that is used again")
        if isinstance(node, ast.Call) and "/" not in item[1]:
            self._parts(node.args[2 if isinstance(node.func, ast.Name) else 1 :], direct=True)
        self._holder(item[0], item[1])

    def _holder(self, holder: ast.expr, key: str) -> None:
        """Note the object the secret is an item of: it must come into being without the secret."""
        owner = next((node for node in self.module.ancestors(holder) if isinstance(node, ast.ClassDef)), None)
        if isinstance(holder, ast.Name) and holder.id in {"self", "cls"} and owner is not None:
            outside = is_given(self.module, owner, key)
            if not outside and (binding := binding_of_kept(self.module, owner, key)) is not None:
                self.trace.sources += self._read_by(values_of(self.module, owner, key))
                self.trace.origins.append(Origin(binding=binding, attributes=(key,)))
                return
            reason = ReasonCode.LIBRARY_API if outside else ReasonCode.LEFTOVER
            self._variables_of(values_of(self.module, owner, key))
            self._refuse(reason, f"attribute {key} of class {owner.name}")
            return
        names = [key]
        while not isinstance(holder, ast.Name) and (item := item_of(holder)) is not None:
            holder, name = item
            names.insert(0, name)
        own = isinstance(holder, ast.Name) and holder.id in {"self", "cls"}
        kept = binding_of_kept(self.module, owner, names[0]) if own and owner is not None else None
        if kept is not None:
            self.trace.origins.append(Origin(binding=kept, attributes=tuple(names)))
            return
        found = self.module.lookup(holder) if isinstance(holder, ast.Name) else None
        if found is None or len(found[1]) != 1:
            self._refuse(ReasonCode.LEFTOVER, f"where {self.trace.sources[-1]} is defined cannot be seen")
        else:
            self.trace.origins.append(Origin(binding=found[1][0], attributes=tuple(names)))

    def _read_by(self, values: Iterable[ast.expr]) -> list[str]:
        """Describe the variables that some expressions read."""
        parts = (node for value in values for node in ast.walk(value) if isinstance(node, ast.expr))
        found = (environment_variable(self.module, node) for node in parts)
        return [f"os.environ[{variable!r}]" for variable in found if variable is not None]

    def _variables_of(self, values: Iterable[ast.expr]) -> None:
        """Note the variables of what is not followed any further, so that whatever sets them can be told."""
        for node in (inner for value in values for inner in ast.walk(value)):
            variable = environment_variable(self.module, node) if isinstance(node, ast.expr) else None
            if variable is not None and isinstance(node, ast.expr):
                self.trace.sources.append(f"os.environ[{variable!r}]")
                self.trace.items.append(ItemRead(holder="", key=variable))
                self.trace.reads.append(node)

    def _refuse(self, reason: ReasonCode, detail: str) -> None:
        self.trace.problem = self.trace.problem or (reason, detail)
