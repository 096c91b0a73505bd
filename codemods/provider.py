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
from codemods.template import Part, parts_of, text_of

_HOSTS = re.compile(r"login\.microsoftonline|login\.windows\.net|sts\.windows\.net|chinacloudapi", re.IGNORECASE)
_SIGNS = ("microsoftonline", "windows.net", "chinacloudapi", "oauth2/")
"""One of them is in every text that names Entra."""
_SCOPE = "/.default"
"""https://learn.microsoft.com/entra/identity-platform/scopes-oidc#the-default-scope"""
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
    """Tell whether a text of the file names Entra's sign-in, or asks for all that a resource of Entra's grants."""
    if _SCOPE in module.said and any(str(text.value).endswith(_SCOPE) for text in module.strings):
        return True
    return _may_name_entra(module.said) and any(names_entra(str(text.value)) for text in module.strings)


def knows_host(module: Module) -> bool:
    """Tell whether a text of the file names a host of Entra's, not only a path that others have as well."""
    return any(_HOSTS.search(str(text.value)) for text in module.strings)


def names_entra(text: str) -> bool:
    """Tell whether a text names Entra's hosts, its path of today, or its older path below no other host."""
    if not _may_name_entra(text.casefold()):
        return False
    if _HOSTS.search(text):
        return True
    found = _PATH.search(text)
    if found is None or found["version"] is not None:
        return found is not None
    return not _ADDRESS.match(text) and (found["tenant"] is None or _TENANT.fullmatch(found["tenant"]) is not None)


def _may_name_entra(folded: str) -> bool:
    return any(sign in folded for sign in _SIGNS)


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
    """Read an address as far as it is certain; one that starts with an attribute may be several."""
    parts = parts_of(module, node)
    if not parts or isinstance(parts[0], str):
        yield from () if not parts else (_joined(parts),)
        return
    heads = list(_heads(module, parts[0]))
    rest = _joined(parts[1:])
    yield from (head + rest for head in heads) if heads else ([f"{{}}{rest}"] if rest else [])


def _joined(parts: tuple[Part, ...]) -> str:
    return "".join(part if isinstance(part, str) else "{}" for part in parts)


def _heads(module: Module, node: ast.expr) -> Iterator[str]:
    """Read what an address starts with: a template, a setting's default, all that a class gives to an attribute."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "format":
        yield from _texts(module, node.func.value)
    elif isinstance(node, ast.Call):
        default = node.args[1:2] if isinstance(node.func, ast.Attribute) and node.func.attr in {"get", "getenv"} else []
        yield from (text for item in default if (text := text_of(module, item)) is not None)
    elif isinstance(node, ast.Attribute):
        values = _values(module, node)
        found = [list(_texts(module, value)) for value in values if not isinstance(value, ast.Attribute)]
        yield from [text for texts in found for text in texts] if all(found) and len(found) == len(values) else ()


def _values(module: Module, node: ast.Attribute) -> list[ast.expr]:
    """List what is assigned to attributes of a name: in the class around, else anywhere in the file."""
    found = [(target, value) for target, value in _assignments(module) if _is_named(module, target, node.attr)]
    around = _class_around(module, node)
    inside = [value for target, value in found if _class_around(module, target) is around]
    return inside or [value for _, value in found]


def _class_around(module: Module, node: ast.AST) -> ast.AST | None:
    return next((parent for parent in module.ancestors(node) if isinstance(parent, ast.ClassDef)), None)


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
