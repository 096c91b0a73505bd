"""Variables in the language of a shell, quoted so that no value can be anything but a value."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

_POWERSHELL_QUOTES = re.compile("['\u2018\u2019\u201a\u201b]")
"""PowerShell takes typographic quotation marks for the plain one (page "about_Quoting_Rules")."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shell:
    """How a shell sets and removes an exported variable."""

    assign: Callable[[str, str], str]
    remove: Callable[[str], str]

    def script(self, variables: Mapping[str, str], unset: Iterable[str]) -> str:
        """Write lines for the shell to evaluate."""
        lines = [self.remove(name) for name in unset]
        lines += [self.assign(name, value) for name, value in variables.items()]
        return "".join(f"{line}\n" for line in lines)


def _fish(value: str) -> str:
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _powershell(value: str) -> str:
    return "'" + _POWERSHELL_QUOTES.sub(lambda match: match[0] * 2, value) + "'"


BASH = Shell(assign=lambda name, value: f"export {name}={shlex.quote(value)}", remove=lambda name: f"unset {name}")
FISH = Shell(assign=lambda name, value: f"set -gx {name} {_fish(value)}", remove=lambda name: f"set -e {name}")
POWERSHELL = Shell(
    assign=lambda name, value: f"$env:{name} = {_powershell(value)}",
    remove=lambda name: f"Remove-Item Env:{name} -ErrorAction SilentlyContinue",
)
SHELLS = {"bash": BASH, "fish": FISH, "powershell": POWERSHELL}


def as_json(variables: Mapping[str, str], unset: Iterable[str]) -> str:
    """Write the same for a program: what to set, and what to remove."""
    return json.dumps({"set": dict(variables), "unset": list(unset)}, indent=2) + "\n"
