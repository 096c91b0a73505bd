"""Which identity provider a piece of code speaks to, as far as the file shows it: Entra, another one, or nobody knows.

Entra's token endpoint is known by its host or by its path, which other providers use with hosts of their own:
https://learn.microsoft.com/entra/identity-platform/authentication-national-cloud
https://learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from codemods.names import Module
from codemods.template import text_of

_HOSTS = re.compile(r"login\.microsoftonline|login\.windows\.net|sts\.windows\.net|chinacloudapi", re.IGNORECASE)
_PATH = re.compile(r"(/?(?P<tenant>[^/{}\s?]+)/)?oauth2/(?P<version>v2\.0/)?token", re.IGNORECASE)
_TENANT = re.compile(
    r"common|organizations|consumers|adfs|.*\..*|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|.*%.*", re.IGNORECASE
)
"""What may stand before the older path, which others use as well; ``.*%.*`` is a place of a template."""
_ADDRESS = re.compile(r"https?://[^/\s]*[^/\s{}]([:/]|$)", re.IGNORECASE)
_OTHER_PATH = re.compile(r"(^|[/}])(?P<folder>[^/{}?]+)/[^/{}?]*token[^/{}?]*/?(\?.*)?$", re.IGNORECASE)
_ENTRA_FOLDERS = frozenset({"oauth2", "v2.0", "v1.0"})
_TOKEN = re.compile(r"oauth2/(v2\.0/)?token|(microsoftonline|windows\.net|chinacloudapi).*/token", re.IGNORECASE)


def knows_entra(module: Module) -> bool:
    """Tell whether a text of the file names Entra's sign-in."""
    return any(names_entra(str(text.value)) for text in module.strings)


def names_entra(text: str) -> bool:
    """Tell whether a text names Entra's hosts, or its path below no other host."""
    if _HOSTS.search(text):
        return True
    found = _PATH.search(text)
    if found is None or _ADDRESS.match(text):
        return False
    return found["version"] is not None or found["tenant"] is None or _TENANT.fullmatch(found["tenant"]) is not None


def is_token_address(module: Module, node: ast.expr) -> bool:
    """Tell whether an expression is seen to be the address of a token endpoint that may be Entra's."""
    text = text_of(module, node) or ""
    return _TOKEN.search(text) is not None and names_entra(text)


def is_elsewhere(module: Module, node: ast.expr) -> bool:
    """Tell whether an expression is seen to be an address of somebody else."""
    texts = list(_texts(module, node))
    return bool(texts) and all(_is_other(text) for text in texts)


def _is_other(text: str) -> bool:
    if names_entra(text):
        return False
    if _ADDRESS.match(text):
        return True
    path = _OTHER_PATH.search(text)
    return path is not None and (path["folder"].lower() not in _ENTRA_FOLDERS or _PATH.search(text) is not None)


def _texts(module: Module, node: ast.expr) -> Iterator[str]:
    """Read an address; an attribute has the texts that the file gives to attributes of its name, if all are known."""
    if not isinstance(node, ast.Attribute):
        text = text_of(module, node)
        yield from () if text is None else (text,)
        return
    values = [value for target, value in _assignments(module) if _is_named(module, target, node.attr)]
    found = [text_of(module, value) for value in values]
    yield from [text for text in found if text is not None] if None not in found else ()


def _assignments(module: Module) -> Iterator[tuple[ast.expr, ast.expr]]:
    for node in module.parents:
        if isinstance(node, ast.Assign):
            yield from ((target, node.value) for target in node.targets)
        elif isinstance(node, ast.AnnAssign) and node.value is not None:
            yield node.target, node.value


def _is_named(module: Module, target: ast.expr, name: str) -> bool:
    if isinstance(target, ast.Attribute):
        return target.attr == name
    inside = module.parents[module.parents[target]]
    return isinstance(target, ast.Name) and target.id == name and isinstance(inside, ast.ClassDef)
