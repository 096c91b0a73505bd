"""Where code reads, requires or sets a name that will be gone, beside the sites themselves.

pydantic: https://docs.pydantic.dev/latest/concepts/pydantic_settings/; argparse:
https://docs.python.org/3/library/argparse.html; click: https://click.palletsprojects.com/en/stable/options/
"""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Iterator, Mapping

from codemods.engine.attributes import default_of
from codemods.engine.flow import Dropped
from codemods.engine.indirect import last_name
from codemods.engine.leftover_programs import started
from codemods.engine.needs import decides
from codemods.engine.optional import is_field_needed
from codemods.engine.readers import environment_variable, is_environment, library_read, means
from codemods.leftover import LeftoverKind
from codemods.names import Module

Met = tuple[int, str, LeftoverKind, bool]
_OPTIONS = frozenset({"add_argument", "option", "Option", "argument", "Argument"})
_READS = frozenset({"get_secret", "env", "str", "config", "from_env"})
_MERE_READS = frozenset({LeftoverKind.OTHER_USE, LeftoverKind.CODE_SETS})
_HELPS = frozenset({"help", "description", "epilog", "reason", "msg", "message"})
_SAYS = frozenset({
    "print", "debug", "info", "warning", "warn", "error", "critical", "exception", "log", "echo", "secho", "exit",
})  # fmt: skip
_VARIABLE = re.compile(r"[A-Z][A-Z0-9_]{2,}")
_GETTERS = frozenset({"os.getenv", "os.environ.get"})
_SETS = frozenset({"setenv", "setdefault", "putenv"})
_DATA = frozenset({"dataclass", "define", "frozen", "attrs", "s", "mutable"})


def in_code(
    module: Module,
    names: Collection[str],
    dropped: Dropped | None,
    *,
    is_test: bool,
    read_at: Mapping[tuple[int, int], bool] | None = None,
) -> Iterator[Met]:
    """List the places of one file; ``dropped`` belongs to its sites, which are told by themselves.

    ``read_at`` are line and column of expressions that read the secret for a site and for nothing else, and whether
    that site is rewritten; one that stays is told by itself.
    """
    written = _written(names)
    for text in module.strings:
        name = _named(str(text.value), names)
        if dropped is not None and dropped.holds(module, text):
            continue
        if name is None:
            for inner, what in _said(module, text, written):
                yield text.lineno, inner, LeftoverKind.TEST if is_test else what, False
            continue
        kind = _kind(module, text, exact=text.value == name)
        if kind in _MERE_READS and (gone := _read_for_a_site(module, text, read_at or {})) is not None:
            kind = LeftoverKind.SOFT_READ if gone and kind is LeftoverKind.OTHER_USE else None
        if kind is not None:
            yield text.lineno, name, LeftoverKind.TEST if is_test else kind, False
    for line, name in started(module, names):
        yield line, name, LeftoverKind.TEST if is_test else LeftoverKind.OTHER_USE, False
    for field, name in _fields(module, names):
        if dropped is None or not dropped.holds(module, field):
            yield field.lineno, name, LeftoverKind.TEST if is_test else LeftoverKind.REQUIRED_SETTING, False


def _written(names: Collection[str]) -> re.Pattern[str] | None:
    """Make the pattern of variables in a text for a shell or a process manager: ``NAME=value``, ``$NAME``."""
    listed = "|".join(re.escape(name) for name in sorted(names, key=len, reverse=True) if _VARIABLE.fullmatch(name))
    pattern = rf"\$\{{?(?P<read>{listed})(?!\w)|(?<![\w$])(?P<set>{listed})=(?!=)"
    return re.compile(pattern) if listed else None


def _said(module: Module, text: ast.Constant, written: re.Pattern[str] | None) -> Iterator[tuple[str, LeftoverKind]]:
    """Name what a text sets or reads where it is a command, or a setting of one; what is said to people is neither."""
    found = {} if written is None else {item[item.lastgroup or 0]: item.lastgroup for item in _finds(written, text)}
    for name, group in found.items() if found and not is_said(module, text) else ():
        yield name, LeftoverKind.CODE_SETS if group == "set" else LeftoverKind.OTHER_USE


def _finds(written: re.Pattern[str], text: ast.Constant) -> Iterator[re.Match[str]]:
    return written.finditer(str(text.value))


def is_said(module: Module, text: ast.Constant) -> bool:
    """Tell whether people read a text: a docstring, a help, a message, the words of an error."""
    if isinstance(module.parents[text], ast.Expr):
        return True
    for parent in module.ancestors(text):
        if isinstance(parent, ast.Raise) or (isinstance(parent, ast.keyword) and parent.arg in _HELPS):
            return True
        if isinstance(parent, ast.Call) and last_name(parent.func) in _SAYS:
            return True
        if isinstance(parent, ast.stmt):
            return False
    return False


def _read_for_a_site(module: Module, text: ast.Constant, read_at: Mapping[tuple[int, int], bool]) -> bool | None:
    """Tell whether a site is rewritten that reads an expression in which a text stands, or its key; None: no site."""
    parent = module.parents[text]
    pairs = zip(parent.keys, parent.values, strict=True) if isinstance(parent, ast.Dict) else ()
    kept = [value for key, value in pairs if key is text]
    around = (node for node in (*kept, *module.ancestors(text)) if isinstance(node, ast.expr))
    found = (read_at.get((node.lineno, node.col_offset)) for node in around)
    return next((gone for gone in found if gone is not None), None)


def _named(text: str, names: Collection[str]) -> str | None:
    """Match a variable by its text, and an option by the variable it is called after."""
    if text in names:
        return text
    option = text.lstrip("-").replace("-", "_").upper()
    return option if text.startswith("--") and option in names else None


def _kind(module: Module, text: ast.Constant, *, exact: bool) -> LeftoverKind | None:
    parent = module.parents[text]
    given = module.parents[parent] if isinstance(parent, ast.List | ast.Tuple) else parent
    if isinstance(given, ast.keyword) and given.arg == "envvar":
        parent = module.parents[given]
    if isinstance(parent, ast.Call) and last_name(parent.func) in _OPTIONS:
        return LeftoverKind.REQUIRED_OPTION if _is_required(module, parent) else None
    return _use(module, text, parent) if exact else None


def _use(module: Module, text: ast.Constant, parent: ast.AST) -> LeftoverKind | None:
    """Tell what is done with the name of a variable."""
    kind: LeftoverKind | None = None
    read = library_read(module, parent)
    match parent:
        case ast.Subscript(ctx=ast.Store() | ast.Del()) | ast.Dict():
            kind = None if _is_kept(module, text, parent) else LeftoverKind.CODE_SETS
        case ast.Subscript() if environment_variable(module, parent) is not None:
            kind = LeftoverKind.HARD_READ
        case ast.Call() if read is not None and read.default is None:
            kind = LeftoverKind.HARD_READ
        case ast.Call() if (environment_variable(module, parent) or read) is not None:
            check = decides(module, parent) and not _is_last_resort(module, parent)
            kind = LeftoverKind.START_UP_CHECK if check else LeftoverKind.OTHER_USE
        case ast.Call() if last_name(parent.func) in _SETS:
            kind = LeftoverKind.CODE_SETS
        case ast.List() | ast.Tuple() | ast.Set() if (hard := _is_read_each(module, parent)) is not None:
            kind = LeftoverKind.HARD_READ if hard else LeftoverKind.OTHER_USE
        case ast.Compare() | ast.List() | ast.Tuple() | ast.Set() | ast.MatchMapping():
            kind = LeftoverKind.START_UP_CHECK
        case ast.Call() if text in parent.args and last_name(parent.func) in _READS:
            kind = LeftoverKind.OTHER_USE
        case _:
            pass
    return kind


def _is_last_resort(module: Module, node: ast.expr) -> bool:
    """Tell whether a read is what is taken where nothing else is given: ``secret or os.getenv("SECRET")``."""
    parent = module.parents[node]
    return isinstance(parent, ast.BoolOp) and isinstance(parent.op, ast.Or) and parent.values[-1] is node


def _is_kept(module: Module, text: ast.Constant, parent: ast.AST) -> bool:
    """Tell whether something else than the environment keeps a variable under its name: that read is told."""
    statement = module.parents[parent]
    if not isinstance(parent, ast.Subscript) or is_environment(module, parent.value):
        return False
    value = statement.value if isinstance(statement, ast.Assign) else None
    return any(isinstance(node, ast.Constant) and node.value == text.value for node in ast.walk(value or parent.value))


def _is_read_each(module: Module, names: ast.expr) -> bool | None:
    """Tell whether each variable of a list is read, there or under its name, and has to be there; None: it is not."""
    statement = module.parents[names]
    uses: list[ast.expr] = [names]
    if isinstance(statement, ast.Assign) and isinstance(target := statement.targets[0], ast.Name):
        found = module.lookup(target)
        uses = [] if found is None else list(module.uses(found[0], target.id))
    kinds = [_read_of_each(module, use) for use in uses]
    return None if not kinds or None in kinds else True in kinds


def _read_of_each(module: Module, names: ast.expr) -> bool | None:
    loop = module.parents[names]
    if isinstance(loop, ast.Call):
        mapped = isinstance(loop.func, ast.Name) and loop.func.id == "map" and names in loop.args[1:]
        soft = means(module, loop.args[0]) in _GETTERS if mapped else False
        return (True if _is_getitem(module, loop.args[0]) else False if soft else None) if mapped else None
    made = module.parents[loop] if isinstance(loop, ast.comprehension) and not loop.ifs else None
    element = getattr(made, "elt", getattr(made, "value", None))
    if isinstance(element, ast.Subscript) and is_environment(module, element.value):
        return True
    soft = isinstance(element, ast.Call) and means(module, element.func) in _GETTERS
    return False if soft else None


def _is_getitem(module: Module, func: ast.expr) -> bool:
    return isinstance(func, ast.Attribute) and func.attr == "__getitem__" and is_environment(module, func.value)


def _is_required(module: Module, call: ast.Call) -> bool:
    named = {keyword.arg: keyword.value for keyword in call.keywords}
    required = named.get("required")
    dots = bool(call.args) and isinstance(call.args[0], ast.Constant) and call.args[0].value is Ellipsis
    return dots or (isinstance(required, ast.Constant) and required.value is True) or _lacks_default(module, call)


def _lacks_default(module: Module, call: ast.Call) -> bool:
    """Tell whether an option of typer is in the type of a parameter that has no default: it has to be given.

    https://typer.tiangolo.com/tutorial/options/required/
    """
    parameter = next((item for item in module.ancestors(call) if isinstance(item, ast.arg | ast.stmt)), None)
    function = module.parents[parameter] if isinstance(parameter, ast.arg) else None
    known = isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef) and isinstance(parameter, ast.arg)
    return known and not default_of(function, parameter.arg)  # type: ignore[arg-type, union-attr]


def _fields(module: Module, names: Collection[str]) -> Iterator[tuple[ast.AnnAssign, str]]:
    """Find fields without a default of settings classes and data classes, by the variable of the same name."""
    for node in module.parents:
        owner = module.parents[node]
        if not isinstance(node, ast.AnnAssign) or not isinstance(owner, ast.ClassDef):
            continue
        if not isinstance(node.target, ast.Name) or node.target.id.upper() not in names or not _is_filled(owner):
            continue
        if is_field_needed(module, owner, node):
            yield node, node.target.id.upper()


def _is_filled(owner: ast.ClassDef) -> bool:
    decorators = (item.func if isinstance(item, ast.Call) else item for item in owner.decorator_list)
    return any(last_name(base).endswith(("Settings", "BaseModel")) for base in owner.bases) or any(
        last_name(item) in _DATA for item in decorators
    )
