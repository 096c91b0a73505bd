"""What a transform is: knowledge of one library family, registered by construction.

A transform says which library names matter and judges their calls. It sees a syntax tree with bound names and nothing
else: no file, no plan. Its verdict says what would have to change; whether that is allowed (whose application it is,
who else uses the secret) is decided by the engine.

A new family is one file in ``codemods/transforms``; nothing else is edited. Two transforms that claim the same name or
the same construct are refused at import.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from codemods.model import Cloud, ReasonCode
from codemods.names import Module
from codemods.signs import Sign

ASSERTION = "<assertion>"
"""Stands for the name of the helper's function in the text of a replaced argument."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Argument:
    """An argument of a call; ``index`` is its place in the source, ``unpacked`` marks ``*`` and ``**``."""

    index: int
    keyword: str | None
    value: ast.expr
    unpacked: bool


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Call:
    """A call of a construct a transform knows, under the library's own name for it."""

    node: ast.Call
    construct: str
    module: Module
    arguments: tuple[Argument, ...]

    def argument(self, position: int | None, keyword: str) -> Argument | None:
        """Find an argument by its place or its name; a place behind ``*`` is nobody's."""
        for argument in self.arguments:
            if argument.keyword == keyword:
                return argument
            if argument.keyword is None and argument.unpacked and argument.index <= (position or 0):
                return None
            if argument.keyword is None and not argument.unpacked and argument.index == position:
                return argument
        return None

    def value(self, position: int | None, keyword: str) -> ast.expr | None:
        """Give the value of an argument, if it is there."""
        found = self.argument(position, keyword)
        return None if found is None else found.value

    def told(self, position: int | None, keyword: str) -> ast.expr | None:
        """Give the value of an argument to tell of, also out of a dict that is seen and unpacked with ``**``."""
        found = self.value(position, keyword)
        unpacked = (argument.value for argument in self.arguments if argument.unpacked and argument.keyword is not None)
        entries = (entry for value in unpacked for entry in (_entries(self.module, value) or {}).items())
        return found or next((value for key, value in entries if key == keyword), None)

    @property
    def unpacks(self) -> bool:
        """Tell whether arguments may hide in ``*`` or ``**``."""
        return any(argument.unpacked for argument in self.arguments)

    @property
    def unpacks_positions(self) -> bool:
        """Tell whether places are uncertain because of ``*``."""
        return any(argument.unpacked and argument.keyword is None for argument in self.arguments)


@dataclass(frozen=True, slots=True, kw_only=True)
class Replace:
    """Put another value into the slot of an argument; ``value`` may hold ``ASSERTION``."""

    index: int
    keyword: str | None
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Remove:
    """Take an argument out."""

    index: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Insert:
    """Put a positional argument in front of those that are there; ``value`` may hold ``ASSERTION``."""

    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplaceEntry:
    """Put other entries into the place of one of a dict, or of one keyword; their values may hold ``ASSERTION``."""

    index: int
    entries: tuple[tuple[str, str], ...]


ArgumentEdit = Replace | Remove | Insert | ReplaceEntry


@dataclass(frozen=True, slots=True, kw_only=True)
class Renamed:
    """The same package offers the replacement under this name."""

    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HelperClass:
    """The helper module offers the replacement: its asynchronous credential."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SameCallable:
    """The callable stays, only its arguments change."""


Callee = Renamed | HelperClass | SameCallable


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Rewrite:
    """The call can send an assertion from its syntax alone. ``secrets`` are the expressions that fall away.

    ``asked`` marks one that is made only where the caller asks for it: what signs in is not in the code. ``names`` are
    further names of the standard library that the new arguments read. ``files`` are those of the secrets that name a
    file. ``target`` is what a person would write.
    """

    client: ast.expr | None
    tenant: ast.expr | None
    secrets: tuple[ast.expr, ...]
    edits: tuple[ArgumentEdit, ...]
    callee: Callee
    cloud: Cloud | None = None
    authority: ast.expr | None = None
    note: str = ""
    asked: bool = False
    names: tuple[str, ...] = ()
    files: tuple[ast.expr, ...] = ()
    target: str = ""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Report:
    """The call needs a person; ``target`` is code that they could write instead."""

    reason: ReasonCode
    client: ast.expr | None = None
    tenant: ast.expr | None = None
    secrets: tuple[ast.expr, ...] = ()
    files: tuple[ast.expr, ...] = ()
    detail: str = ""
    target: str = ""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Already:
    """The call sends an assertion as it is."""

    client: ast.expr | None = None
    tenant: ast.expr | None = None


Verdict = Rewrite | Report | Already
Judge = Callable[[Call], Verdict | None]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Found:
    """Something a whole-file search saw, where no single call says it."""

    node: ast.expr | ast.stmt
    construct: str
    report: Report | Rewrite


_REGISTRY: dict[str, Transform] = {}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Transform:
    """Knowledge of one library family; constructing it registers it.

    ``literals`` are byte strings one of which every interesting file contains. ``constructs`` are judged when they are
    called. ``methods`` are judged by bare name on objects of unknown type, but only in files that import the package
    named first. ``classes`` are constructs whose use other than by a call matters as well; ``private_attributes`` are
    attributes that only they have. ``targets`` say by the last name of a class or attribute what a person would write
    where it is used other than by a call. ``search`` looks at the file as a whole. It finds something only in a file
    that holds all signs of a group of ``evidence``: texts in any case, or matches of patterns in its lower case.
    """

    name: str
    literals: tuple[bytes, ...]
    constructs: Mapping[str, Judge] = field(default_factory=dict)
    methods: Mapping[str, tuple[str, Judge]] = field(default_factory=dict)
    classes: frozenset[str] = frozenset()
    private_attributes: frozenset[str] = frozenset()
    targets: Mapping[str, str] = field(default_factory=dict)
    search: Callable[[Module], Iterator[Found]] | None = None
    evidence: tuple[tuple[Sign, ...], ...] = ()

    def __post_init__(self) -> None:
        """Register, refusing a second owner of a name or a construct."""
        taken = {construct for other in _REGISTRY.values() for construct in other.constructs}
        if self.name in _REGISTRY:
            raise ValueError(f"a transform named {self.name} is registered twice; give the second one its own name")
        if double := sorted(taken & set(self.constructs)):
            raise ValueError(f"transform {self.name} claims {', '.join(double)}, which another transform has already")
        if (self.search is None) != (not self.evidence):
            raise ValueError(
                f"transform {self.name} has to say what its search needs: both, evidence and search, or none"
            )
        _REGISTRY[self.name] = self


def registered() -> tuple[Transform, ...]:
    """List the transforms by name, so that no result depends on the order of imports."""
    return tuple(_REGISTRY[name] for name in sorted(_REGISTRY))


def call_of(node: ast.Call, construct: str, module: Module) -> Call:
    """Make a call with its arguments numbered in source order."""
    positional = [(value, None, isinstance(value, ast.Starred)) for value in node.args]
    keywords = [(item.value, item.arg or "**", item.arg is None) for item in node.keywords]
    ordered = sorted([*positional, *keywords], key=lambda item: (item[0].lineno, item[0].col_offset))
    arguments = tuple(
        Argument(index=index, keyword=keyword, value=value, unpacked=unpacked)
        for index, (value, keyword, unpacked) in enumerate(ordered)
    )
    return Call(node=node, construct=construct, module=module, arguments=arguments)


def reports(
    reason: ReasonCode, *, client: tuple[int | None, str], secret: tuple[int | None, str], target: str = ""
) -> Judge:
    """Make a judge that reports every call which passes the given secret argument."""

    def judge(call: Call) -> Verdict | None:
        value = call.value(*secret)
        if value is None and not call.unpacks:
            return None
        secrets = () if value is None else (value,)
        return Report(reason=reason, client=call.value(*client), secrets=secrets, target=target)

    return judge


_AUTHORITY_KEYS = frozenset({"authority", "oidc_authority", "client_claims", "client_credential"})


def hides_authority(call: Call) -> bool:
    """Tell whether ``**`` may hold an authority: its dict is not seen, may be changed, or names one."""
    return any(
        argument.unpacked and argument.keyword is not None and not _is_harmless(call.module, argument.value)
        for argument in call.arguments
    )


def _is_harmless(module: Module, node: ast.expr) -> bool:
    entries = _entries(module, node)
    return entries is not None and None not in entries and not entries.keys() & _AUTHORITY_KEYS


def _entries(module: Module, node: ast.expr) -> dict[str | None, ast.expr] | None:
    """Give the entries of a dict that is seen and that nothing changes; None where that is not certain."""
    if isinstance(node, ast.Name):
        binding, found = module.assigned_once(node), module.lookup(node)
        if binding is None or binding.value is None or found is None:
            return None
        uses = module.uses(found[0], node.id)
        unpacked = all(isinstance(item := module.parents[use], ast.keyword) and item.arg is None for use in uses)
        return _entries(module, binding.value) if unpacked else None
    if isinstance(node, ast.Dict):
        return {module.constant(key): value for key, value in zip(node.keys, node.values, strict=True)}
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "dict" and not node.args:
        return {keyword.arg: keyword.value for keyword in node.keywords}
    return None
