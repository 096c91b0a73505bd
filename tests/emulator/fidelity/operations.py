"""What msgraph-sdk can ask of Graph v1.0: every operation of its request builders, read from their source.

The builders are generated from Microsoft's metadata: a list of the service's requests that nobody here wrote.
They are read as text, because importing the thousands of modules takes minutes.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Final

_TEMPLATE: Final = re.compile(r'super\(\)\.__init__\(request_adapter, "\{\+baseurl\}/([^"]*)"')
_METHOD: Final = re.compile(
    r"^    async def (get|post|patch|put|delete)\(.*?(?=^    (?:async )?def |\Z)", re.MULTILINE | re.DOTALL
)
_ANSWER: Final = re.compile(r"send_\w+\(request_info, (\w+), error_mapping\)")
_KEY: Final = re.compile(r"\{[^}]*\}")
_ALTERNATE_KEY: Final = re.compile(r"(?P<name>[^(]+)\(\w+='?\{[^)]*\)")

Pattern = tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One method on one path, with keys taken out as the emulator's router takes them out ("*")."""

    method: str
    pattern: Pattern
    model: str
    """Module and class of the answer's model, "module:Class"; empty where the answer is no object."""


def generated() -> Path:
    """Give the folder of the generated sources."""
    spec = find_spec("msgraph")
    assert spec is not None
    assert spec.submodule_search_locations is not None
    return Path(next(iter(spec.submodule_search_locations)), "generated")


@cache
def families() -> tuple[str, ...]:
    """List the folders of the resource families, each the first segment of its paths."""
    return tuple(sorted(item.name for item in generated().iterdir() if item.is_dir() and (item.name not in _NO_FAMILY)))


_NO_FAMILY: Final = ("__pycache__", "models")


@cache
def first_segment(family: str) -> str:
    """Give the first segment of a family's paths: ``servicePrincipals`` of ``service_principals``."""
    for source in sorted((generated() / family).glob("*request_builder.py")):
        template = _TEMPLATE.search(source.read_text(encoding="utf-8"))
        if template is not None:
            return pattern_of(template[1])[0]
    raise AssertionError(f"msgraph-sdk's family {family} has no path")


@cache
def operations(family: str) -> tuple[Operation, ...]:
    """List the operations of a family, such as ``service_principals`` or ``applications_with_app_id``."""
    folder = generated() / family
    sources = sorted(folder.rglob("*request_builder.py"))
    assert sources, f"msgraph-sdk has no family {family}"
    return tuple(operation for source in sources for operation in _of_builder(source))


def _of_builder(source: Path) -> Iterator[Operation]:
    text = source.read_text(encoding="utf-8")
    template = _TEMPLATE.search(text)
    if template is None:
        return
    pattern = pattern_of(template[1])
    for found in _METHOD.finditer(text):
        answer = _ANSWER.search(found[0])
        yield Operation(
            method=found[1].upper(), pattern=pattern, model=_module_of(source, text, answer[1]) if answer else ""
        )


def pattern_of(template: str) -> Pattern:
    """Give the pattern of a URL template: ``x/{id}`` and ``x(appId='{appId}')`` become ``x/*``."""
    pattern: list[str] = []
    path = template.partition("{?")[0].partition("?")[0]
    for segment in path.split("/"):
        alternate = _ALTERNATE_KEY.fullmatch(segment)
        if _KEY.fullmatch(segment):
            pattern.append("*")
        elif alternate is not None and alternate["name"][0].islower() and _is_collection(alternate["name"]):
            pattern += [alternate["name"], "*"]
        else:  # functions are written without their parentheses, casts with the namespace that real clients send
            name = segment.partition("(")[0]
            pattern.append(f"microsoft.{name}" if name.startswith("graph.") else name)
    return tuple(pattern)


def _is_collection(name: str) -> bool:
    return name in ("applications", "servicePrincipals", "federatedIdentityCredentials", "groups", "users", "devices")


def _module_of(source: Path, text: str, name: str) -> str:
    found = re.search(rf"from (\.+)(\S*) import {name}$", text, re.MULTILINE)
    if found is None:
        return ""  # bytes, a plain string
    package = source.parent
    for _ in found[1][1:]:
        package = package.parent
    parts = package.relative_to(generated().parent.parent).parts
    return f"{'.'.join(parts)}.{found[2]}:{name}"
