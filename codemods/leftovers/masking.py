"""Hide values in the lines of files that set variables, so that their diffs can be shown.

Environment and settings files hold nothing but values: all are hidden. Elsewhere what is set under the name of a
variable, or under a name that sounds like a secret's, is. References (``${NAME}``, ``$(name)``, ``var.name``) are no
values. Who reads the diff needs the names only.
"""

from __future__ import annotations

import re

from codemods.leftover import LeftoverKind
from codemods.shapes import ENTRA_SECRET

MASK = "********"
LONG_ENOUGH = 6
_VARIABLE = re.compile(r"([ \t]*(?:#+[ \t]*)?(?:export[ \t]+)?[A-Za-z_][\w.-]*[ \t]*=[ \t]*)(.*)")
_STRING = re.compile(r'"(?:\\.|[^"\\])*"(?P<colon>[ \t]*:)?')
_PAIR = re.compile(
    r"""(?P<head>(?P<quote>["']?)(?P<key>[A-Za-z_][\w.-]*)(?P=quote)[ \t]*[:=][ \t]*)
        (?P<value>(?:\$\{[^}]*\}+|[^,{}\s])(?:\$\{[^}]*\}+|[^,{}])*)""",
    re.VERBOSE,
)
_REFERENCES = re.compile(r"\$\{[^}]*\}+")
_NAMES = frozenset({"name", "secretRef", "secret_name"})
_SET = re.compile(
    r"""(?P<head>[ \t]*(?:\#+[ \t]*|//[ \t]*)?(?:-[ \t]+)?(?:\{[ \t]*)?
        (?P<quote>["']?)(?P<key>[A-Za-z_][\w.-]*)(?P=quote)[ \t]*[:=][ \t]*)
        (?P<value>\S.*)""",
    re.VERBOSE,
)
_SECRETIVE = re.compile(
    r"secret|passw|pwd|key|token|cred|cert|pem|pfx|connection|sas\b|value|default|string", re.IGNORECASE
)
_CAPITALS = re.compile(r"[A-Z][A-Z0-9_]+")
_REFERENCE = re.compile(
    r"""\$\{\{[^'"{}|&]*\}\} | \$\{[\w.]*\} | \$\([\w.]*\) | \*[\w-]+ | [|>][-+]? | true | false | null | [\d.]{1,5}
        | @Microsoft\.KeyVault\(\S*\) | \{ | \[""",
    re.VERBOSE,
)
_EXPRESSION = re.compile(r"(?:var|local|data|module|each|[a-z][a-z0-9_]*)(?:\.[\w\[\]*]+)*|[a-z][A-Za-z0-9]*")
_IN_ADDRESS = re.compile(r"://[^/\s@]+@")
_HIDDEN = frozenset({LeftoverKind.ENV_FILE})
_CODE = frozenset({LeftoverKind.TERRAFORM, LeftoverKind.BICEP})


def masked(kind: LeftoverKind, line: str) -> str:
    """Hide the value of one line of a file of a kind; the line end stays."""
    body = line.rstrip("\r\n")
    end = line[len(body) :]
    if kind in _HIDDEN:
        return _variable(body) + end
    if kind is LeftoverKind.SETTINGS_FILE:
        return _STRING.sub(lambda found: found[0] if found["colon"] or found[0] == '""' else f'"{MASK}"', body) + end
    hidden = _element(body) or (_pairs if "{" in _REFERENCES.sub("", body) else _setting)(kind, body)
    return ENTRA_SECRET.sub(MASK, _IN_ADDRESS.sub(f"://{MASK}@", hidden)) + end


def literal(kind: LeftoverKind, line: str) -> str:
    """Give the value that a line sets, if it is one that must not be seen anywhere else; it is never kept."""
    body = line.rstrip("\r\n")
    hidden = masked(kind, body)
    head = hidden.partition(MASK)[0]
    value = body[len(head) :].strip(" \t,\"'{}") if MASK in hidden else ""
    return value if len(value) >= LONG_ENOUGH else ""


def _variable(body: str) -> str:
    found = _VARIABLE.fullmatch(body)
    if found is not None:
        return body if _is_reference(found[2], expression=False) else f"{found[1]}{MASK}"
    return body if not body.strip() or body.lstrip().startswith("#") else MASK


def _element(body: str) -> str:
    """Hide the value of ``- NAME=value``."""
    lead = re.match(r"[ \t]*(?:#+[ \t]*)?-[ \t]+[\"']?", body)
    found = None if lead is None else _VARIABLE.fullmatch(body[lead.end() :])
    if lead is None or found is None or _is_reference(found[2].strip("\"'"), expression=False):
        return ""
    return f"{lead[0]}{found[1]}{MASK}"


def _pairs(kind: LeftoverKind, body: str) -> str:
    """Hide every value of a map that is written on one line."""

    def hide(found: re.Match[str]) -> str:
        expression = kind in _CODE and found["value"][:1] not in "\"'"
        if found["key"] in _NAMES or _is_reference(found["value"].strip("\"' "), expression=expression):
            return found[0]
        return f"{found['head']}{MASK}"

    return body if body.rstrip().endswith("{") else _PAIR.sub(hide, body)


def _setting(kind: LeftoverKind, body: str) -> str:
    found = _SET.fullmatch(body)
    if found is None or (kind is LeftoverKind.KUBERNETES and found["key"] == "key"):
        return body
    value = found["value"].split(" #")[0].rstrip(" \t,")
    telling = _CAPITALS.fullmatch(found["key"]) or _SECRETIVE.search(found["key"])
    if not telling or _is_reference(value.strip("\"'"), expression=kind in _CODE and value[:1] not in "\"'"):
        return body
    return f"{found['head']}{MASK}"


def _is_reference(value: str, *, expression: bool) -> bool:
    """Tell whether a value only says where another one is; code of its own is told by its shape."""
    plain = value.strip()
    if not plain or _REFERENCE.fullmatch(plain):
        return True
    return expression and _EXPRESSION.fullmatch(plain) is not None
