"""Take entries out of YAML: a key with its value, or an element of a list, in whole lines.

Where something stands is taken from PyYAML's marks. The proof: the text that is left is read again, and must be the
old tree without these entries and nothing else (anchors, aliases and tags resolved).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from codemods.leftovers.cut import SEVERAL_LINES, Cut, Kept, Refused, Span, line_starts, without

Path = tuple[str | int, ...]
_Node = object  # yaml.Node: PyYAML is imported only where something may be taken out


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Around:
    """Where a container of entries stands: the keys that lead to it, the nodes on the way, and the keys they hold."""

    path: Path
    keys: tuple[frozenset[str], ...]
    root: frozenset[str]
    nodes: tuple[_Node, ...] = ()

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

    container: _Node
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
        roots = read(text)
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


def read(text: str) -> list[_Node]:
    """Read all documents; Refused where a line end is none of YAML 1.2's, or the text is no YAML."""
    import yaml  # noqa: PLC0415 - most runs take nothing out

    if "\r" in text.replace("\r\n", "") or any(mark in text for mark in "\x85\u2028\u2029"):
        raise Refused("its line ends are not those of YAML 1.2")
    try:
        return list(yaml.compose_all(text, Loader=yaml.SafeLoader))
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise Refused("it is not plain YAML") from error


def _is_proven(roots: list[_Node], gone: list[_Entry], new: str) -> bool:
    dropped: dict[int, set[int]] = {}
    for entry in gone:
        dropped.setdefault(id(entry.container), set()).add(entry.index)
    try:
        old = [_digest(root, dropped, {}) for root in roots]
        return old == [_digest(root, {}, {}) for root in read(new)]
    except (Refused, RecursionError):
        return False


def _digest(node: _Node, dropped: dict[int, set[int]], known: dict[int, bytes]) -> bytes:
    """Sum up a tree; each node once, as aliases may name one a thousand times. A tree inside itself is refused."""
    if id(node) in known:
        if not known[id(node)]:
            raise Refused("it contains itself")
        return known[id(node)]
    known[id(node)] = b""
    sum_up = hashlib.sha256(repr((type(node).__name__, node.tag)).encode())  # type: ignore[attr-defined]
    for index, child in enumerate(children(node)):
        if index in dropped.get(id(node), ()):
            continue
        for part in child:
            sum_up.update(part.encode("utf-8", "surrogatepass") if isinstance(part, str) else b"")
            sum_up.update(_digest(part, dropped, known) if not isinstance(part, str) else b"\0")
    known[id(node)] = sum_up.digest()
    return known[id(node)]


def children(node: _Node) -> list[tuple[_Node, ...]]:
    """Give what a node holds: pairs of a map, single elements of a list, the text of a scalar."""
    import yaml  # noqa: PLC0415 - most runs take nothing out

    match node:
        case yaml.MappingNode(value=pairs):
            return [tuple(pair) for pair in pairs]
        case yaml.SequenceNode(value=items):
            return [(item,) for item in items]
        case yaml.ScalarNode(value=text):
            return [(text,)]
        case _:
            return []


class _Finder:
    """Finds the entries of one text."""

    def __init__(self, rule: Rule, name: str, text: str, names: frozenset[str]) -> None:
        self.rule, self.name, self.text, self.names = rule, name, text, names
        self.lines = text.split("\n")
        self.seen: set[int] = set()
        self.shared: set[int] = set()

    def entries(self, roots: list[_Node]) -> Iterator[_Entry]:
        self.shared = _shared(roots)
        for root in roots:
            top = frozenset(keys(root))
            yield from self._in(root, Around(path=(), keys=(), root=top, nodes=(root,)), None)

    def _in(self, node: _Node, around: Around, parent: tuple[_Node, int] | None) -> Iterator[_Entry]:
        import yaml  # noqa: PLC0415 - most runs take nothing out

        if id(node) in self.seen:
            return
        self.seen.add(id(node))
        answer = self.rule(self.name, around)
        if answer == "" and self._is_shared(around):
            answer = "others take it by an alias"
        found = [] if answer is None else list(self._entries(node, answer))
        yield from self._or_whole(node, found, parent)
        keys = (*around.keys, frozenset(keys(node))) if isinstance(node, yaml.MappingNode) else around.keys
        for index, child in enumerate(children(node)):
            part = getattr(child[0], "value", "") if isinstance(node, yaml.MappingNode) else index
            if not isinstance(child[-1], str) and isinstance(part, str | int):
                nodes = (*around.nodes, child[-1])
                inner = Around(path=(*around.path, part), keys=keys, root=around.root, nodes=nodes)
                yield from self._in(child[-1], inner, (node, index))

    def _is_shared(self, around: Around) -> bool:
        return any(id(node) in self.shared for node in around.nodes)

    def _or_whole(self, node: _Node, found: list[_Entry], parent: tuple[_Node, int] | None) -> Iterator[_Entry]:
        """Take the key of a container as well that would be left empty: what an empty one means is not certain."""
        if any(entry.why for entry in found) or len(found) < len(children(node)):
            yield from found
            return
        first, last = self._whole(parent), max((entry.last for entry in found), default=0)
        for entry in found:
            if parent is None or first is None:
                yield replace(entry, why="it is the only entry there")
            else:
                yield replace(entry, container=parent[0], index=parent[1], first=first, last=last)

    def _whole(self, parent: tuple[_Node, int] | None) -> int | None:
        """Give the line of the key that holds a container, where it can go with it."""
        children = () if parent is None else children(parent[0])
        if parent is None or len(children) < 2 or len(children[parent[1]]) < 2:  # noqa: PLR2004 - a key and others
            return None
        mark = children[parent[1]][0].start_mark  # type: ignore[attr-defined]
        alone = not parent[0].flow_style and not self.lines[mark.line][: mark.column].strip()  # type: ignore[attr-defined]
        return int(mark.line) if alone else None

    def _entries(self, node: _Node, answer: str) -> Iterator[_Entry]:
        for index, child in enumerate(children(node)):
            name = _name_of(child)
            if name is None or name not in self.names or isinstance(child[0], str):
                continue
            first, last = child[0].start_mark.line, _last_line(child[-1])  # type: ignore[attr-defined]
            why = answer or self._stays(node, child, first, last)
            until = max(first, last or 0)
            yield _Entry(container=node, index=index, first=first, last=until, line=first, name=name, why=why)

    def _stays(self, node: _Node, child: tuple[_Node, ...], first: int, last: int | None) -> str:
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


def _shared(roots: list[_Node]) -> set[int]:
    """Find the nodes that stand in more than one place: an alias is another name for the node it stands for."""
    seen: set[int] = set()
    shared: set[int] = set()
    stack = list(roots)
    while stack:
        node = stack.pop()
        if id(node) in seen:
            shared.add(id(node))
            continue
        seen.add(id(node))
        stack += [part for child in children(node) for part in child if not isinstance(part, str)]
    return shared


def keys(node: _Node) -> Iterator[str]:
    """Yield the keys of a map."""
    for child in children(node):
        if len(child) > 1 and isinstance(value := getattr(child[0], "value", None), str):
            yield value


def _name_of(child: tuple[_Node, ...]) -> str | None:
    """Give the name an entry sets: its key, ``NAME`` or ``NAME=value`` of a list, or ``name: NAME`` in an element."""
    first = child[0]
    if isinstance(first, str):
        return None
    value = getattr(first, "value", None)
    if isinstance(value, str):
        return value if len(child) > 1 else value.partition("=")[0]
    if len(child) > 1:
        return None
    named = [pair for pair in children(first) if len(pair) > 1 and getattr(pair[0], "value", None) == "name"]
    return getattr(named[0][1], "value", None) if len(named) == 1 and _is_plain(first) else None


def _is_plain(node: _Node) -> bool:
    """Tell whether an element of a list says nothing but a name and its value."""
    return set(keys(node)) <= {"name", "value", "valueFrom", "secretRef", "isSecret", "readonly"}


def _last_line(node: _Node) -> int | None:
    """Give the last line of a node; None where only a person can tell (texts in blocks)."""
    if getattr(node, "style", None) in {"|", ">"}:
        return None
    children = children(node)
    if getattr(node, "flow_style", True) or not children:
        return int(node.end_mark.line)  # type: ignore[attr-defined]
    lines = [_last_line(part) for child in children for part in child if not isinstance(part, str)]
    return None if None in lines else max(line for line in lines if line is not None)
