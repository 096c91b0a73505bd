"""Programs that Python code starts and that read the secret of their variable by themselves: ``terraform apply``.

https://registry.terraform.io/providers/hashicorp/azurerm/latest/docs/guides/service_principal_client_secret,
https://developer.hashicorp.com/packer/integrations/hashicorp/azure, https://www.pulumi.com/registry/packages/azure-native/,
https://azure.github.io/kubelogin/concepts/login-modes/sp.html
"""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Iterator, Mapping
from typing import Final

from codemods.engine.indirect import last_name
from codemods.names import Module

_READERS: Final[Mapping[str, frozenset[str]]] = {
    "ARM_CLIENT_SECRET": frozenset({"terraform", "terragrunt", "tofu", "packer", "pulumi"}),
    "AZURE_CLIENT_SECRET": frozenset({"kubelogin"}),
}
_STARTS: Final = frozenset({
    "run", "call", "check_call", "check_output", "Popen", "system", "popen", "getoutput", "execvp", "execvpe",
    "create_subprocess_exec", "create_subprocess_shell",
})  # fmt: skip
_FIRST: Final = re.compile(r"\s*(?:(?:sudo|env|exec)\s+|\w+=\S*\s+|cd\s+\S+\s*&&\s*)*([\w.-]+)")


def started(module: Module, names: Collection[str]) -> Iterator[tuple[int, str]]:
    """List the lines that start a program which reads one of some variables, and which one."""
    wanted = {program: name for name, programs in _READERS.items() if name in names for program in programs}
    for call in module.calls if wanted else ():
        first = call.args[0] if call.args and last_name(call.func) in _STARTS else None
        words = module.value_once(first) or first if isinstance(first, ast.Name) else first
        program = _program(module, words)
        if program in wanted:
            yield call.lineno, wanted[program]


def _program(module: Module, words: ast.expr | None) -> str:
    """Name the program that a command line starts, given as a text or as a list of words."""
    match words:
        case ast.List(elts=[first, *_]) | ast.Tuple(elts=[first, *_]):
            return module.constant(first) or ""
        case ast.JoinedStr(values=[ast.Constant(value=str(text)), *_]):
            pass
        case ast.BinOp(left=left):
            return _program(module, left)
        case _:
            text = module.constant(words) or ""
    found = _FIRST.match(text)
    return "" if found is None else found[1]
