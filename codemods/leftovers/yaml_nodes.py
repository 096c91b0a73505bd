"""YAML as PyYAML's nodes: what they hold, which of them stand in several places, and their sum."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from codemods.leftovers.cut import Refused

Node = object  # yaml.Node: PyYAML is imported only where something may be taken out


def read_yaml(text: str) -> list[Node]:
    """Read all documents; Refused where a line end is none of YAML 1.2's, or the text is no YAML."""
    import yaml  # noqa: PLC0415 - most runs take nothing out

    if "\r" in text.replace("\r\n", "") or any(mark in text for mark in "\x85\u2028\u2029"):
        raise Refused("its line ends are not those of YAML 1.2")
    try:
        return list(yaml.compose_all(text, Loader=yaml.SafeLoader))
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise Refused("it is not plain YAML") from error


def inside(node: Node) -> list[tuple[Node, ...]]:
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


def keys_of(node: Node) -> Iterator[str]:
    """Yield the keys of a map."""
    for child in inside(node):
        if len(child) > 1 and isinstance(value := getattr(child[0], "value", None), str):
            yield value


def shared_nodes(roots: list[Node]) -> set[int]:
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
        stack += [part for child in inside(node) for part in child if not isinstance(part, str)]
    return shared


def digest(node: Node, dropped: dict[int, set[int]], known: dict[int, bytes]) -> bytes:
    """Sum up a tree; each node once, as aliases may name one a thousand times. A tree inside itself is refused."""
    if id(node) in known:
        if not known[id(node)]:
            raise Refused("it contains itself")
        return known[id(node)]
    known[id(node)] = b""
    sum_up = hashlib.sha256(repr((type(node).__name__, node.tag)).encode())  # type: ignore[attr-defined]
    for index, child in enumerate(inside(node)):
        if index in dropped.get(id(node), ()):
            continue
        for part in child:
            sum_up.update(part.encode("utf-8", "surrogatepass") if isinstance(part, str) else b"")
            sum_up.update(digest(part, dropped, known) if not isinstance(part, str) else b"\0")
    known[id(node)] = sum_up.digest()
    return known[id(node)]
