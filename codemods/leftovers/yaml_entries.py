"""Take entries out of YAML: a key with its value, or an element of a list, in whole lines.

Where something stands is taken from PyYAML's marks. The proof: the text that is left is read again, and must be the
old tree without these entries and nothing else (anchors, aliases and tags resolved).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from codemods.leftovers.cut import SEVERAL_LINES, Cut, Kept, Refused, Span, line_starts, without
from codemods.leftovers.yaml_nodes import Node, digest, inside, keys_of, read_yaml, shared_nodes

Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Around:
    """Where a container of entries stands: the keys that lead to it, the nodes on the way, and the keys they hold."""

    path: Path
    keys: tuple[frozenset[str], ...]
    root: frozenset[str]
    nodes: tuple[Node, ...] = ()

    @property
    def last(self) -> str:
        """Give the innermost key; indexes do not count."""
        return next((part for part in reversed(self.path) if isinstance(part, str)), "")

    @property
    def owner(self) -> frozenset[str]:
        """Give the keys beside the container."""
        return self.keys[-1] if self.keys else frozenset()


Rule = Callable[[str, Around], str | None]
"""Says of a container: an empty text where its entries are variables, else why they are left, None for others."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Entry:
    """Child ``index`` of a container, which sets a name, by its lines. ``why`` says why it has to stay."""

    container: Node
    index: int
    first: int
    last: int
    line: int
    name: str
    why: str


def cutter(rule: Rule) -> Callable[[str, str, frozenset[str]], Cut]:
    """Make the cutter of a kind of file."""
    return lambda name, text, names: _cut(rule, name, text, names)


def _cut(rule: Rule, name: str, text: str, names: frozenset[str]) -> Cut:
    if not any(each in text for each in names):
        return Cut(text=text)
    try:
        roots = read_yaml(text)
        entries = list(_Finder(rule, name, text, names).entries(roots))
    except (Refused, RecursionError):
        return Cut(text=text)
    gone = [entry for entry in entries if not entry.why]
    kept = [Kept(line=entry.line + 1, name=entry.name, why=entry.why) for entry in entries if entry.why]
    starts = line_starts(text)
    spans = [Span(start=starts[e.first], end=starts[e.last + 1], line=e.line + 1, name=e.name) for e in gone]
    new = without(text, spans)
    if spans and not _is_proven(roots, gone, new):
        why = "what would be left could not be proven to be the same"
        kept += [Kept(line=span.line, name=span.name, why=why) for span in spans]
        return Cut(text=text, kept=tuple(sorted(set(kept))))
    return Cut(text=new, gone=tuple(sorted(spans)), kept=tuple(sorted(set(kept))))


def _is_proven(roots: list[Node], gone: list[_Entry], new: str) -> bool:
    dropped: dict[int, set[int]] = {}
    for entry in gone:
        dropped.setdefault(id(entry.container), set()).add(entry.index)
    try:
        old = [digest(root, dropped, {}) for root in roots]
        return old == [digest(root, {}, {}) for root in read_yaml(new)]
    except (Refused, RecursionError):
        return False


class _Finder:
    """Finds the entries of one text."""

    def __init__(self, rule: Rule, name: str, text: str, names: frozenset[str]) -> None:
        self.rule, self.name, self.text, self.names = rule, name, text, names
        self.lines = text.split("\n")
        self.seen: set[int] = set()
        self.shared: set[int] = set()

    def entries(self, roots: list[Node]) -> Iterator[_Entry]:
        self.shared = shared_nodes(roots)
        for root in roots:
            top = frozenset(keys_of(root))
            yield from self._in(root, Around(path=(), keys=(), root=top, nodes=(root,)), None)

    def _in(self, node: Node, around: Around, parent: tuple[Node, int] | None) -> Iterator[_Entry]:
        import yaml  # noqa: PLC0415 - most runs take nothing out

        if id(node) in self.seen:
            return
        self.seen.add(id(node))
        answer = self.rule(self.name, around)
        if answer == "" and self._is_shared(around):
            answer = "others take it by an alias"
        found = [] if answer is None else list(self._entries(node, answer))
        yield from self._or_whole(node, found, parent)
        keys = (*around.keys, frozenset(keys_of(node))) if isinstance(node, yaml.MappingNode) else around.keys
        for index, child in enumerate(inside(node)):
            part = getattr(child[0], "value", "") if isinstance(node, yaml.MappingNode) else index
            if not isinstance(child[-1], str) and isinstance(part, str | int):
                nodes = (*around.nodes, child[-1])
                inner = Around(path=(*around.path, part), keys=keys, root=around.root, nodes=nodes)
                yield from self._in(child[-1], inner, (node, index))

    def _is_shared(self, around: Around) -> bool:
        return any(id(node) in self.shared for node in around.nodes)

    def _or_whole(self, node: Node, found: list[_Entry], parent: tuple[Node, int] | None) -> Iterator[_Entry]:
        """Take the key of a container as well that would be left empty: what an empty one means is not certain."""
        if any(entry.why for entry in found) or len(found) < len(inside(node)):
            yield from found
            return
        first, last = self._whole(parent), max((entry.last for entry in found), default=0)
        for entry in found:
            if parent is None or first is None:
                yield replace(entry, why="it is the only entry there")
            else:
                yield replace(entry, container=parent[0], index=parent[1], first=first, last=last)

    def _whole(self, parent: tuple[Node, int] | None) -> int | None:
        """Give the line of the key that holds a container, where it can go with it."""
        children = () if parent is None else inside(parent[0])
        if parent is None or len(children) < 2 or len(children[parent[1]]) < 2:  # noqa: PLR2004 - a key and others
            return None
        mark = children[parent[1]][0].start_mark  # type: ignore[attr-defined]
        alone = not parent[0].flow_style and not self.lines[mark.line][: mark.column].strip()  # type: ignore[attr-defined]
        return int(mark.line) if alone else None

    def _entries(self, node: Node, answer: str) -> Iterator[_Entry]:
        for index, child in enumerate(inside(node)):
            name = _name_of(child)
            if name is None or name not in self.names or isinstance(child[0], str):
                continue
            first, last = child[0].start_mark.line, _last_line(child[-1])  # type: ignore[attr-defined]
            why = answer or self._stays(node, child, first, last)
            until = max(first, last or 0)
            yield _Entry(container=node, index=index, first=first, last=until, line=first, name=name, why=why)

    def _stays(self, node: Node, child: tuple[Node, ...], first: int, last: int | None) -> str:
        """Say why an entry cannot be cut out in whole lines, or nothing."""
        if node.flow_style:  # type: ignore[attr-defined]
            return "it shares its line with others"
        if last is None or last < first or (len(child) > 1 and last > first):
            return SEVERAL_LINES
        column = child[0].start_mark.column  # type: ignore[attr-defined]
        lead = self.lines[first][:column]
        if lead.strip() != ("" if len(child) > 1 else "-"):
            return "it shares its line with others"
        return ""


def _name_of(child: tuple[Node, ...]) -> str | None:
    """Give the name an entry sets: its key, ``NAME`` or ``NAME=value`` of a list, or ``name: NAME`` in an element."""
    first = child[0]
    if isinstance(first, str):
        return None
    value = getattr(first, "value", None)
    if isinstance(value, str):
        return value if len(child) > 1 else value.partition("=")[0]
    if len(child) > 1:
        return None
    named = [pair for pair in inside(first) if len(pair) > 1 and getattr(pair[0], "value", None) == "name"]
    return getattr(named[0][1], "value", None) if len(named) == 1 and _is_plain(first) else None


def _is_plain(node: Node) -> bool:
    """Tell whether an element of a list says nothing but a name and its value."""
    return set(keys_of(node)) <= {"name", "value", "valueFrom", "secretRef", "isSecret", "readonly"}


def _last_line(node: Node) -> int | None:
    """Give the last line of a node; None where only a person can tell (texts in blocks)."""
    if getattr(node, "style", None) in {"|", ">"}:
        return None
    children = inside(node)
    if getattr(node, "flow_style", True) or not children:
        return int(node.end_mark.line)  # type: ignore[attr-defined]
    lines = [_last_line(part) for child in children for part in child if not isinstance(part, str)]
    return None if None in lines else max(line for line in lines if line is not None)
