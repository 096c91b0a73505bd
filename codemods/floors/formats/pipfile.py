"""``Pipfile`` (https://pipenv.pypa.io/en/latest/pipfile.html): packages by category."""

from __future__ import annotations

from codemods.floors import toml
from codemods.floors.format import ANY, Declaration, Format
from codemods.floors.specifier import Judged, judge_specifier

_NOT_PACKAGES = frozenset({"source", "requires", "pipenv", "scripts"})


def _judge(text: str, floor: str) -> Judged:
    return Judged(new=f">={floor}") if text.strip() in {"", "*"} else judge_specifier(text, floor)


def _find(text: str) -> tuple[Declaration, ...]:
    toml.parsed(text)
    return tuple(toml.entries(text, lambda section: section not in _NOT_PACKAGES, _judge))


FORMAT = Format(
    name="pipfile",
    matches=lambda name: name.rpartition("/")[2] == "Pipfile",
    find=_find,
    same=toml.same,
    beside=lambda text: tuple(toml.entries(text, lambda section: section == "packages", _judge, ANY)),
)
