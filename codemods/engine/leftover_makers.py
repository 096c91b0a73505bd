"""Python code that adds a secret to an application: by Graph, by the command line client, by Pulumi."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import Final

from codemods.engine.indirect import last_name
from codemods.engine.leftover_code import is_said
from codemods.engine.texts import Texts
from codemods.leftovers.makes import MAKES_SECRET
from codemods.names import Module

TEXTS: Final = frozenset({
    b"addPassword", b"add_password", b"ApplicationPassword", b"ServicePrincipalPassword", b"ADAppCredential",
    b"ADSpCredential", b"ADServicePrincipalCredential", b"create-for-rbac", b"credential",
})  # fmt: skip
"""One of these is in every file that adds a secret; two of them alone say little."""
_ALONE: Final = Texts(TEXTS - {b"credential", b"add_password"})
_POSTS: Final = re.compile(rb"add_password[\s\\)]*\.[\s\\]*post")
_BETWEEN: Final = rb"(?:\s{1,9}|[\"']\s*,?\s*\+?\s*[rRbBuUfF]{0,2}[\"']\s?|\s[\"']\s*\+?\s*[rRbBuUfF]{0,2}[\"'])"
_RESET: Final = re.compile(rb"credential%sreset\b" % _BETWEEN)
"""The words of a command, in one text or in several."""
_RESOURCES: Final = frozenset({"ApplicationPassword", "ServicePrincipalPassword"})
_TEXTS: Final = ast.List | ast.Tuple


def may_make(data: bytes) -> bool:
    """Tell whether the bytes of a file may add a secret, before they are parsed."""
    return _ALONE.occur_in(data) or _POSTS.search(data) is not None or _RESET.search(data) is not None


def makers(module: Module) -> Iterator[tuple[int, str]]:
    """List the lines that add a secret, and by what."""
    for text in module.strings:
        if (found := MAKES_SECRET.search(str(text.value))) and not is_said(module, text):
            yield text.lineno, found[1]
    for node in module.parents:
        if isinstance(node, _TEXTS) and (found := MAKES_SECRET.search(_command(node))):
            yield node.lineno, found[1]
        elif isinstance(node, ast.Attribute) and node.attr == "add_password" and _is_posted(module, node):
            yield node.lineno, node.attr
        elif isinstance(node, ast.Call) and last_name(node.func) in _RESOURCES:
            meant = module.qualified(node.func) or ""
            if meant.startswith("pulumi_azuread."):
                yield node.lineno, last_name(node.func)


def _is_posted(module: Module, node: ast.Attribute) -> bool:
    """Tell whether it is the request of the Graph SDK: ``.add_password.post(...)``."""
    parent = module.parents[node]
    return isinstance(parent, ast.Attribute) and parent.attr == "post"


def _command(node: ast.List | ast.Tuple) -> str:
    """Join the words of a command: ``["az", "ad", "app", "credential", "reset"]``."""
    return " ".join(str(item.value) for item in node.elts if isinstance(item, ast.Constant))
