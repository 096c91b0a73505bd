"""What a line of a script does with a variable beyond setting it or passing it on.

https://pubs.opengroup.org/onlinepubs/9799919799/utilities/V3_chap02.html (2.6.2, parameter expansion);
https://docs.docker.com/reference/compose-file/interpolation/; https://learn.microsoft.com/cli/azure/reference-index
"""

from __future__ import annotations

import re
from typing import Final

from codemods.leftover import LeftoverKind

_GOES_ON: Final = re.compile(r"(?:\\|`|\^|&&|\|)\s*$")
_MOST: Final = 20
_COMMANDS: Final = (
    r"\baz(?:\.cmd)?\s+login\b|\b(?:acr|docker|podman|azcopy|helm\s+registry)\s+login\b|\bazd\s+auth\s+login\b"
    r"|\bm365\s+login\b|\b(?:Connect-AzAccount|Connect-MgGraph|Login-AzAccount|Connect-AzureAD)\b"
    r"|\b(?:curl|wget|Invoke-RestMethod|Invoke-WebRequest|https?ie|sqlcmd|bcp)\b"
)
"""Commands that sign in, or send what they are given."""
_SIGNS_IN: Final = re.compile(_COMMANDS, re.IGNORECASE)
_ASKS: Final = (
    r"\$\{{{name}:?\?|(?:-[zn]|\btest)\s+[\"']?\$\{{?{name}\b|IsNullOr(?:Empty|WhiteSpace)\(\s*\$(?:env:)?{name}\b"
    r"|\bif\s+(?:not\s+)?defined\s+{name}\b|-not\s*\(?\s*\$(?:env:)?{name}\b"
)


def statement(lines: list[str], at: int) -> str:
    """Give the command that a line belongs to: the lines before and behind it that go on."""
    first = last = at
    while first > 0 and at - first < _MOST and _GOES_ON.search(lines[first - 1]):
        first -= 1
    while last + 1 < len(lines) and last - at < _MOST and _GOES_ON.search(lines[last]):
        last += 1
    return "\n".join(lines[first : last + 1])


def use_of(lines: list[str], at: int, name: str) -> LeftoverKind | None:
    """Tell whether a line stops without a variable, or signs in with it; None where it sets it or passes it on."""
    quoted = re.escape(name)
    if re.search(_ASKS.format(name=quoted), lines[at], re.IGNORECASE):
        return LeftoverKind.START_UP_CHECK
    read = re.search(rf"(?:\$\{{?|\$\(|\$env:|\$\{{\{{\s*(?:secrets|env|vars)\.|%){quoted}\b", lines[at], re.IGNORECASE)
    return LeftoverKind.OTHER_USE if read and _SIGNS_IN.search(statement(lines, at)) else None
