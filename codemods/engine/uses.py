"""What a file may do with names of other files, as its text and then its syntax tell; only the answers are kept.

A name is another file's only by an import, as an item of something that comes from an import, or where the file says
the module or the class it belongs to; a setting only of something that is called so. What a text leaves open is parsed,
once for all names that are asked for.
"""

from __future__ import annotations

import ast
import re
import symtable
import unicodedata
import warnings
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field

from codemods.engine.evidence import spelled_otherwise
from codemods.engine.holders import Untold, holders_of
from codemods.engine.imported import may_take_all, words_behind_imports, words_of_imports
from codemods.engine.items import item_of
from codemods.engine.spelled import as_item
from codemods.names import Module, root_name
from codemods.scope import Kind

_ITEMS = frozenset({ast.Attribute, ast.Subscript, ast.Call, ast.Compare})
_AS_IT_IS = frozenset({b"utf-8", b"utf8", b"utf_8", b"ascii", b"us-ascii"})
_DECLARED = re.compile(rb"(?:[^\n]*\n)?[^\n]*?coding[:=][ \t]*([-\w.]+)")  # PEP 263, wherever it stands on the line
_GAP = r"[\s\\]*(?:#[^\r\n]*[\r\n][\s\\]*)*"
_SETTINGS = re.compile(r"settings|config|conf$", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Hint:
    """What a text says about one name.

    It is ``taken`` by an import, may come with a ``star``, is somebody else's item for ``sure`` or not (then it may be
    in a file that says the module or the class), or no item at all.
    """

    taken: bool
    star: bool
    item: bool
    sure: bool

    def matters(self, *, said: bool) -> bool:
        """Tell whether the syntax has to be looked at; ``said``: the file says the module or the class."""
        return self.taken or self.sure or (self.item and said)


_ANYTHING = Hint(taken=True, star=True, item=True, sure=True)


@dataclass(slots=True, kw_only=True)
class Uses:
    """What a file does with names; filled once.

    ``settings`` are names read from something called settings; ``theirs`` items of what is imported from the project;
    ``open`` items of what may be anything; ``taken`` the imports of a name, with level and module; ``texts`` what ends
    with a dot and a name.
    """

    settings: set[str] = field(default_factory=set)
    theirs: set[str] = field(default_factory=set)
    open: set[str] = field(default_factory=set)
    taken: dict[str, list[tuple[int, str]]] = field(default_factory=dict)
    texts: list[str] = field(default_factory=list)


def hints(data: bytes, names: Collection[str]) -> dict[str, Hint]:
    """Say what the text of a file tells about names that occur in it."""
    text = _text(data)
    if text is None:
        return dict.fromkeys(names, _ANYTHING)
    imported, star = words_of_imports(text), may_take_all(text)
    return {name: _hint(text, name, imported, star=star) for name in names}


def loose_names(text: str, names: Collection[str]) -> frozenset[str]:
    """Give the names that a file may have as they are, as a star import would give them; what is no Python may all."""
    wanted = frozenset(name for name in names if _may_be_loose(text, name))
    if not wanted:
        return wanted
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # escapes in other people's strings are not ours to warn about
            waiting = [symtable.symtable(text, "", "exec")]
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return wanted
    found = {name for name in wanted if name.startswith("__")}  # its spelling depends on the class around it
    while waiting:
        table = waiting.pop()
        found |= wanted.intersection(table.get_identifiers())
        waiting += table.get_children()
    return frozenset(found)


def _may_be_loose(text: str, name: str) -> bool:
    """Tell whether a name stands anywhere but behind a dot."""
    if not (name.isascii() and text.isascii()):  # an identifier has more than one spelling outside of ASCII
        return True
    return name.startswith("__") or re.search(rf"{name}(?!\w)(?<![\w.]{name})", text) is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Items:
    """What a text may read an item of: the first names of the holders, and what is imported where one of them is."""

    roots: frozenset[str]
    imported: frozenset[str] = frozenset()

    def may_be_of(self, holders: frozenset[str]) -> bool:
        """Tell whether one may be an item of something that is called like one of some holders, or is one of them."""
        return not self.roots.isdisjoint(holders) or not self.imported.isdisjoint(holders)


NO_ITEMS = Items(roots=frozenset())


def items_of(data: bytes, key: str) -> Items | None:
    """Say whose items of a name a file may read; None where its text does not tell."""
    name, text = key.rpartition("/")[2], _text(data)
    if text is None or not name.isascii() or not name.isidentifier() or name != key:
        return None if as_item(key)(data) else NO_ITEMS
    try:
        found = holders_of(text, name)
    except Untold:
        return None
    if name.isupper() and any(holder.endswith(".config") for holder in found):  # of Flask: codemods.engine.needs
        return None
    roots = frozenset(holder.partition(".")[0] for holder in found)
    imported = words_of_imports(text) if roots else frozenset[str]()
    return Items(roots=roots, imported=frozenset() if roots.isdisjoint(imported) else imported)


def may_call(data: bytes, name: str) -> bool:
    """Tell whether a file may call something of a name, alone or as an attribute, and give it arguments."""
    text = _named(data)
    if text is None or not name.isascii():  # an identifier has more than one spelling outside of ASCII
        return True
    return re.search(rf"{name}(?!\w)(?<!\w{name}){_GAP}(?:\){_GAP})*\((?!{_GAP}\))", text) is not None


def may_be_attribute(data: bytes, name: str) -> bool:
    """Tell whether a name may stand behind a dot in a file."""
    text = _named(data)
    if text is None or not name.isascii():
        return True
    return re.search(rf"\.{_GAP}{name}(?!\w)", text) is not None


def taken_names(data: bytes) -> frozenset[str] | None:
    """Give the names that a file may take by imports, a star among them; None where its text does not tell."""
    text = _named(data)
    if text is None:
        return None
    return words_behind_imports(text) | (frozenset({"*"}) if may_take_all(text) else frozenset())


def may_name(data: bytes, names: Iterable[str]) -> bool:
    """Tell whether one of some names, of ASCII letters, may stand in the code of a file."""
    text = _named(data)
    return text is None or any(name in text for name in names)


def _text(data: bytes) -> str | None:
    """Read a text as it is written and as it is read; None where its encoding says something else."""
    text = _written(data)
    return None if text is None else f"{text}\n{spelled_otherwise(text)}"


def _named(data: bytes) -> str | None:
    """Read a text with its names as Python reads them."""
    text = _written(data)
    return text if text is None or text.isascii() else unicodedata.normalize("NFKC", text)


def _written(data: bytes) -> str | None:
    declared = _DECLARED.match(data)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return None
    if declared is not None and declared[1].lower() not in _AS_IT_IS:
        return None
    return text


def _hint(text: str, name: str, imported: Collection[str], *, star: bool) -> Hint:
    if not name.isascii():  # an identifier has more than one spelling outside of ASCII
        return _ANYTHING
    try:
        holders = [holder.split(".") for holder in holders_of(text, name)]
    except Untold:
        return Hint(taken=name in imported, star=star, item=True, sure=True)
    sure = any(parts[0] in imported or any(map(_SETTINGS.search, parts)) for parts in holders)
    return Hint(taken=name in imported, star=star, item=bool(holders), sure=sure)


def uses_of(module: Module, names: Collection[str], is_own: Callable[[str], bool]) -> Uses:
    """Say what a file does with names; ``is_own`` tells whether an import may be of the project, by its top."""
    wanted, found = frozenset(names), Uses()
    endings = tuple(f".{name}" for name in sorted(wanted))
    found.texts += [str(text.value) for text in module.strings if str(text.value).endswith(endings)]
    for node in module.parents:
        item = item_of(node) if type(node) in _ITEMS else None
        if item is not None and item[1] in wanted:
            _add_item(found, module, node, item, is_own)
    for name, level, dotted in _taken(module, wanted):
        found.taken.setdefault(name, []).append((level, dotted))
    return found


def _add_item(
    found: Uses, module: Module, node: ast.AST, item: tuple[ast.expr, str], is_own: Callable[[str], bool]
) -> None:
    holder, name = item
    if _is_setting(module, holder):
        found.settings.add(name)
    if not isinstance(node, ast.Attribute | ast.Call):
        return
    root = root_name(holder)
    bound = None if root is None else module.lookup(root)
    bindings = () if bound is None else bound[1]
    if not bindings or any(binding.kind is not Kind.IMPORT for binding in bindings):
        found.open.add(name)
    elif any(binding.qualified.startswith(".") or is_own(binding.qualified.partition(".")[0]) for binding in bindings):
        found.theirs.add(name)


def _taken(module: Module, wanted: frozenset[str]) -> Iterator[tuple[str, int, str]]:
    """Yield the names that imports take, a star whatever the file does not bind itself."""
    nodes = {binding.node: binding.node for binding in module.imports if isinstance(binding.node, ast.ImportFrom)}
    for node in nodes:
        yield from ((alias.name, node.level, node.module or "") for alias in node.names if alias.name in wanted)
    if module.star_imports:
        loose = {node.id for node in module.references if isinstance(node, ast.Name) and module.lookup(node) is None}
        for star in module.star_imports:
            yield from ((name, star.level, star.module or "") for name in wanted & loose)


def _is_setting(module: Module, holder: ast.expr) -> bool:
    """Tell whether a framework may read an item for its user: Django's ``settings.NAME``, Flask's ``app.config[NAME]``.

    It hands on what it took from a module or a class that only a setting of its own names.
    """
    while isinstance(holder, ast.Attribute) and not _SETTINGS.search(holder.attr):
        holder = holder.value
    written = holder.attr if isinstance(holder, ast.Attribute) else getattr(holder, "id", "")
    return any(_SETTINGS.search(text) for text in (written, *module.meanings(holder)))
