"""``pyproject.toml``: PEP 621, PEP 735 groups, uv and Poetry.

https://packaging.python.org/en/latest/specifications/pyproject-toml/,
https://packaging.python.org/en/latest/specifications/dependency-groups/, https://docs.astral.sh/uv/reference/settings/
"""

from __future__ import annotations

import re
from typing import Any

from codemods.floors import toml
from codemods.floors.format import ANY, Declaration, Format
from codemods.floors.specifier import judge_poetry

_POETRY = re.compile(r"tool\.poetry\.(?:dependencies|dev-dependencies|group\.[^.]+\.dependencies)")
_UV = ("dev-dependencies", "constraint-dependencies", "override-dependencies")


def _find(text: str) -> tuple[Declaration, ...]:
    return (
        *toml.strings(text, _values(toml.parsed(text))),
        *toml.entries(text, lambda section: _POETRY.fullmatch(section) is not None, judge_poetry),
    )


def _beside(text: str) -> tuple[Declaration, ...]:
    own = _table(toml.parsed(text), "project").get("dependencies")
    values = [item for item in own if isinstance(item, str)] if isinstance(own, list) else []
    poetry = toml.entries(text, lambda section: section == "tool.poetry.dependencies", judge_poetry, ANY)
    return (*toml.strings(text, values, ANY), *poetry)


def _values(document: dict[str, Any]) -> list[str]:
    project, tool = _table(document, "project"), _table(document, "tool")
    uv = _table(tool, "uv")
    groups = (_table(project, "optional-dependencies"), _table(document, "dependency-groups"))
    lists = [project.get("dependencies"), *(item for group in groups for item in group.values())]
    lists += [uv.get(key) for key in _UV]
    return [item for each in lists if isinstance(each, list) for item in each if isinstance(item, str)]


def _table(owner: dict[str, Any], key: str) -> dict[str, Any]:
    found = owner.get(key)
    return found if isinstance(found, dict) else {}


FORMAT = Format(
    name="pyproject",
    matches=lambda name: name.rpartition("/")[2] == "pyproject.toml",
    find=_find,
    same=toml.same,
    beside=_beside,
)
