"""Who still names a variable, in any language: what is searched for, and what a mention means in each kind of file.

A name is looked for in every spelling that some library turns into it (https://docs.pydantic.dev/latest/concepts/
pydantic_settings/, https://docs.spring.io/spring-boot/reference/features/external-config.html), and for its halves,
from which programs put names together. Whatever is not known to be harmless counts.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate

from codemods.engine.indirect import last_name
from codemods.engine.readers import is_environment
from codemods.leftover import LeftoverKind
from codemods.leftovers.place import Place
from codemods.names import Module

_DOCUMENTATION = (".md", ".markdown", ".rst", ".adoc")
_SETS = frozenset({"setenv", "delenv", "putenv", "unsetenv"})
_EXACT = frozenset({LeftoverKind.TERRAFORM, LeftoverKind.BICEP})
_PYTHON = (".py", ".pyw")
NAMED = "still names it"
PUT_TOGETHER = "may put its name together"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mention:
    """A line that may read a variable; ``what`` continues a sentence that starts with the place."""

    line: int
    what: str = NAMED


class Spelling:
    """The ways in which one variable may be written."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._parts = [part for part in re.split(r"[_.-]+", name.lower()) if part]

    @cached_property
    def halves(self) -> re.Pattern[str]:
        """Match the start or the end of the name alone: ``"SHOP_"``, ``{kind}_SECRET``, ``%s_SECRET``."""
        cuts = [at for at, mark in enumerate(self.name) if mark == "_" and 0 < at < len(self.name) - 1]
        heads = "|".join(re.escape(self.name[: at + 1]) for at in cuts) or r"(?!)"
        tails = "|".join(re.escape(self.name[at:]) for at in cuts) or r"(?!)"
        start, end = r"(?<![A-Za-z0-9_])", r"(?![A-Za-z0-9_])"
        return re.compile(rf"{start}(?:{heads}){end}|(?:{start}|(?<=%s))(?:{tails}){end}", re.IGNORECASE)

    def starts_with(self, text: str) -> bool:
        """Tell whether the name starts with a text and an underscore."""
        return f"{text.lower().rstrip('_')}_" in set(accumulate(re.split(r"(?<=_)", self.name.lower())))

    @cached_property
    def prefixed(self) -> re.Pattern[str]:
        """Match a line of another language that gives the start of the name to something called a prefix."""
        starts = "|".join("_".join(map(re.escape, self._parts[:size])) for size in range(1, len(self._parts)))
        return re.compile(rf"(?:prefix|envconfig).*[\"'](?:{starts or '(?!)'})[_.]?[\"']", re.IGNORECASE)

    @cached_property
    def exact(self) -> re.Pattern[str]:
        """Match the name itself as a word."""
        return re.compile(rf"(?<![A-Za-z0-9_]){re.escape(self.name)}(?![A-Za-z0-9_])")

    @cached_property
    def folded(self) -> re.Pattern[str]:
        """Match the name as a word in any case, with another separator."""
        joined = "[-_.]".join(map(re.escape, self._parts))
        return re.compile(rf"(?<![A-Za-z0-9_]){joined}(?![A-Za-z0-9_])", re.IGNORECASE)

    @cached_property
    def loose(self) -> re.Pattern[str]:
        """Match the name also inside longer ones and without separators: ``ShopSecret``, ``Shop__Secret``."""
        return re.compile("[-_.:]{0,2}".join(map(re.escape, self._parts)), re.IGNORECASE)

    def may_be_in_code(self, text: str) -> bool:
        """Tell whether Python has anything to look at, before its syntax is: as a word, in halves, as a prefix."""
        if self.folded.search(text) or self.halves.search(text):
            return True
        return "prefix" in text.lower() and self._quoted_start.search(text) is not None

    @cached_property
    def _quoted_start(self) -> re.Pattern[str]:
        starts = "|".join("_".join(map(re.escape, self._parts[:size])) for size in range(1, len(self._parts)))
        return re.compile(rf"[\"'](?:{starts or '(?!)'})_?[\"']", re.IGNORECASE)

    def may_be_in(self, lowered: bytes) -> bool:
        """Tell quickly whether a text in lower case can hold any of it."""
        parts = [part.encode("utf-8", "surrogateescape") for part in self._parts]
        if all(part in lowered for part in parts):
            return True
        heads = [b"_".join(parts[:size]) + b"_" for size in range(1, len(parts))]
        tails = [b"_" + b"_".join(parts[size:]) for size in range(1, len(parts))]
        if any(part in lowered for part in (*heads, *tails)):
            return True
        return (b"prefix" in lowered or b"envconfig" in lowered) and parts[0] in lowered


def mention(spelling: Spelling, name: str, text: str, place: Place | None) -> Mention | None:
    """Find the first line of a text that may read a variable; Python is judged by its syntax instead."""
    if is_documentation(name):
        return None
    pattern = spelling.loose
    place = None if place is not None and (place.guessed or not place.applies(text)) else place
    if place is not None:
        pattern = spelling.exact if place.kind in _EXACT else spelling.folded
    comment = place.comment if place is not None else ""
    for number, line in enumerate(text.split("\n"), start=1):
        if comment and line.lstrip("\ufeff \t").startswith(comment):
            continue
        if pattern.search(line):
            return Mention(line=number)
        if spelling.halves.search(line) or (place is None and spelling.prefixed.search(line)):
            return Mention(line=number, what=PUT_TOGETHER)
    return None


def is_documentation(name: str) -> bool:
    """Tell whether a file is read by people only."""
    return name.lower().endswith(_DOCUMENTATION)


def is_python(name: str) -> bool:
    """Tell whether a file is judged by its syntax."""
    return name.endswith(_PYTHON)


def mention_in_code(spelling: Spelling, module: Module, *, is_test: bool) -> Mention | None:
    """Find the first place of a Python file that may read a variable."""
    found = sorted(_in_code(spelling, module, is_test=is_test), key=lambda each: each.line)
    return found[0] if found else None


def _in_code(spelling: Spelling, module: Module, *, is_test: bool) -> Iterator[Mention]:
    for node in module.parents:
        line = getattr(node, "lineno", 1)
        if isinstance(node, ast.Constant):
            if not _is_harmless(module, node, is_test=is_test):
                yield from _in_text(spelling, module, node, line)
        elif _is_named(spelling, module, node):
            yield Mention(line=line)


def _in_text(spelling: Spelling, module: Module, node: ast.Constant, line: int) -> Iterator[Mention]:
    text = node.value.decode("latin-1") if isinstance(node.value, bytes) else node.value
    if isinstance(text, str) and spelling.folded.search(text):
        yield Mention(line=line)
    elif (isinstance(text, str) and spelling.halves.search(text)) or _is_prefix(spelling, module, node):
        yield Mention(line=line, what=PUT_TOGETHER)


def _is_named(spelling: Spelling, module: Module, node: ast.AST) -> bool:
    """Tell whether a name in code is the variable's, or that of a field which is filled from it."""
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name) | ast.keyword(arg=str(name)) | ast.arg(arg=name):
            return name == spelling.name or (name.upper() == spelling.name.upper() and _is_field(module, node))
        case ast.alias(name=name, asname=other):
            return spelling.name in {name, other}
        case _:
            return False


def _is_harmless(module: Module, text: ast.Constant, *, is_test: bool) -> bool:
    """Tell whether a text is a docstring, or only sets the variable for what runs later."""
    parent = module.parents[text]
    match parent:
        case ast.Expr():
            return True
        case ast.Subscript(ctx=ast.Store() | ast.Del(), value=holder):
            augmented = isinstance(module.parents[parent], ast.AugAssign)
            return is_environment(module, holder) and not augmented
        case ast.Call(func=func, args=[first, *_]):
            return first is text and last_name(func) in _SETS
        case ast.Dict():
            return is_test and text in parent.keys
        case _:
            return False


def _is_field(module: Module, node: ast.AST) -> bool:
    """Tell whether a name is a field of a class: settings classes fill those from variables of the same name."""
    parent = module.parents[node]
    is_target = isinstance(parent, ast.AnnAssign | ast.Assign) and isinstance(getattr(node, "ctx", None), ast.Store)
    return is_target and isinstance(module.parents[parent], ast.ClassDef)


def _is_prefix(spelling: Spelling, module: Module, text: ast.Constant) -> bool:
    """Tell whether a text is the start of the name, given to something that is called a prefix."""
    if not isinstance(text.value, str) or not spelling.starts_with(text.value):
        return False
    match module.parents[text]:
        case (
            ast.keyword(arg=str(name))
            | ast.Assign(targets=[ast.Name(id=name)])
            | ast.AnnAssign(target=ast.Name(id=name))
        ):
            return "prefix" in name.lower()
        case ast.Dict(keys=keys, values=values):
            names = (
                key.value
                for key, value in zip(keys, values, strict=True)
                if value is text and isinstance(key, ast.Constant)
            )
            return any("prefix" in str(name).lower() for name in names)
        case _:
            return False
