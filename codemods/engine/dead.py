"""Statements that do nothing but read one variable: an assignment, a settings field, a check at start-up.

They are dead when the variable's secret is gone and nothing uses what they bind. Whether that is so is decided when
the rest of the project is rewritten; here only their form is judged.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from codemods.engine.indirect import last_name
from codemods.engine.readers import environment_variable, is_environment
from codemods.engine.traced import NameRead
from codemods.names import Module
from codemods.scope import Binding, Kind

_SETTINGS = frozenset({"pydantic_settings.BaseSettings", "pydantic.BaseSettings"})
FILES_OF_SETTINGS = frozenset({"_env_file", "_secrets_dir"})
"""Arguments by which any file of a project can make settings read files."""
_READS_OTHERWISE = frozenset({"env_file", "secrets_dir", "settings_customise_sources", "env_prefix", "alias_generator"})
_ENDS = frozenset({"sys.exit", "os._exit"})
_SAYS = frozenset({"print", "debug", "info", "warning", "error", "critical", "exception"})


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Dead:
    """A statement, and the name it binds; a check binds none."""

    statement: ast.stmt
    read: NameRead | None = None


def dead_reads(module: Module, variable: str, *, fields: bool = True) -> tuple[Dead, ...]:
    """List the statements that only read a variable, by line; ``fields`` of settings where no file fills them."""
    bound = [*_assignments(module, variable), *(_fields(module, variable) if fields else ())]
    names = {each.read.binding for each in bound if each.read is not None}
    checks = [Dead(statement=node) for node in module.parents if _is_check(module, node, variable, names)]  # type: ignore[arg-type]
    return tuple(sorted((*bound, *checks), key=lambda each: each.statement.lineno))


def _assignments(module: Module, variable: str) -> Iterator[Dead]:
    for text in module.strings:
        node = module.parents[text]
        if text.value != variable or not _is_read(module, node, variable):
            continue
        statement = module.parents[node]
        target = _target(statement)
        found = module.lookup(target) if target is not None else None
        if found is not None and len(found[1]) == 1 and found[1][0].node is statement and _value(statement) is node:
            yield Dead(
                statement=found[1][0].node,  # type: ignore[arg-type]
                read=NameRead(name=found[1][0].name, scope=found[0], binding=found[1][0]),
            )


def _target(statement: ast.AST) -> ast.Name | None:
    match statement:
        case ast.Assign(targets=[ast.Name() as name]) | ast.AnnAssign(target=ast.Name() as name):
            return name
        case _:
            return None


def _value(statement: ast.AST) -> ast.expr | None:
    return statement.value if isinstance(statement, ast.Assign | ast.AnnAssign) else None


def _is_read(module: Module, node: ast.AST, variable: str) -> bool:
    """Tell whether an expression reads a variable and nothing else happens."""
    if not isinstance(node, ast.Subscript | ast.Call) or environment_variable(module, node) != variable:
        return False
    rest = [*node.args[1:], *(keyword.value for keyword in node.keywords)] if isinstance(node, ast.Call) else []
    return all(isinstance(item, ast.Constant) for item in rest)


def _fields(module: Module, variable: str) -> Iterator[Dead]:
    """Find fields of pydantic's settings; one of a class that reads files, too, may be wanted there.

    An entry of an environment file without a field is an error by default (``extra="forbid"``):
    https://docs.pydantic.dev/latest/concepts/pydantic_settings/#dotenv-env-support
    """
    if _reads_otherwise(module):
        return
    for node in module.parents:
        owner = module.parents[node]
        if not isinstance(node, ast.AnnAssign) or not isinstance(owner, ast.ClassDef) or _target(node) is None:
            continue
        name = str(getattr(node.target, "id", ""))
        plain = node.value is None or isinstance(node.value, ast.Constant)
        if plain and name.upper() == variable and any(module.qualified(base) in _SETTINGS for base in owner.bases):
            scope = module.scopes.get(node.target)
            if scope is not None and len(scope.bindings.get(name, ())) == 1:
                binding = Binding(name=name, kind=Kind.ASSIGNMENT, node=node, value=node.value)
                yield Dead(statement=node, read=NameRead(name=name, scope=scope, binding=binding))


def _reads_otherwise(module: Module) -> bool:
    named = {node.arg for node in module.parents if isinstance(node, ast.keyword)}
    named |= {node.id for node in module.parents if isinstance(node, ast.Name)}
    named |= {node.name for node in module.parents if isinstance(node, ast.FunctionDef)}
    named |= {str(text.value) for text in module.strings}
    return bool(named & _READS_OTHERWISE)


def _is_check(module: Module, node: ast.AST, variable: str, names: set[Binding]) -> bool:
    """Tell whether a statement ends the program when the variable is missing, and does nothing else."""
    match node:
        case ast.If(test=test, body=body, orelse=[]):
            return _is_missing(module, test, variable, names) and _only_ends(module, body)
        case ast.Assert(test=test, msg=None | ast.Constant()):
            return _is_there(module, test, variable, names)
        case _:
            return False


def _is_missing(module: Module, test: ast.expr, variable: str, names: set[Binding]) -> bool:
    match test:
        case ast.UnaryOp(op=ast.Not(), operand=inner):
            return _is_there(module, inner, variable, names)
        case ast.Compare(left=left, ops=[ast.Is()], comparators=[ast.Constant(value=None)]):
            return _gives(module, left, variable, names)
        case ast.Compare(left=ast.Constant(value=name), ops=[ast.NotIn()], comparators=[holder]):
            return name == variable and is_environment(module, holder)
        case _:
            return False


def _is_there(module: Module, test: ast.expr, variable: str, names: set[Binding]) -> bool:
    match test:
        case ast.Compare(left=left, ops=[ast.IsNot()], comparators=[ast.Constant(value=None)]):
            return _gives(module, left, variable, names)
        case ast.Compare(left=ast.Constant(value=name), ops=[ast.In()], comparators=[holder]):
            return name == variable and is_environment(module, holder)
        case _:
            return _gives(module, test, variable, names)


def _gives(module: Module, node: ast.expr, variable: str, names: set[Binding]) -> bool:
    if isinstance(node, ast.Name):
        found = module.lookup(node)
        return found is not None and len(found[1]) == 1 and found[1][0] in names
    return _is_read(module, node, variable)


def _only_ends(module: Module, body: list[ast.stmt]) -> bool:
    *before, last = body
    says = all(_calls(each) is not None and last_name(_calls(each).func) in _SAYS for each in before)  # type: ignore[union-attr]
    call = _calls(last)
    builtin = call is not None and isinstance(call.func, ast.Name) and call.func.id in {"exit", "quit"}
    ends = call is not None and (builtin or module.qualified(call.func) in _ENDS)
    return says and (ends or isinstance(last, ast.Raise))


def _calls(statement: ast.stmt) -> ast.Call | None:
    value = statement.value if isinstance(statement, ast.Expr) else None
    return value if isinstance(value, ast.Call) else None
