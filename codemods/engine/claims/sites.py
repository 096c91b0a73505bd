"""Compare what stands at a site with what stood there: argument by argument, under the parameters' own names.

What held the secret may differ and must now be the assertion of the very application; everything else (tenant, client
id, authority, options) must be the same expression with the same meaning. A class of the asynchronous package stays
asynchronous.
"""

from __future__ import annotations

import ast
from collections.abc import Callable

from codemods.engine.claims.conditions import Secrets
from codemods.engine.claims.imports import REPLACED
from codemods.engine.claims.places import Expected, same
from codemods.engine.items import plain_text
from codemods.errors import ClaimError
from codemods.model import Compared
from codemods.names import Module

_PARAMETERS = {
    "ClientSecretCredential": ("tenant_id", "client_id", "client_secret"),
    "CertificateCredential": ("tenant_id", "client_id", "certificate_path"),
    "ClientAssertionCredential": ("tenant_id", "client_id", "func"),
    "OnBehalfOfCredential": ("tenant_id", "client_id"),
    "ConfidentialClientApplication": ("client_id", "client_credential", "authority"),
    "ClientApplication": ("client_id", "client_credential", "authority"),
}
_HELPER_PARAMETERS = ("tenant_id", "client_id")
_SECRET = frozenset({
    "client_secret", "certificate_path", "certificate_data", "password", "send_certificate_chain", "client_credential",
    "client_certificate", "func", "client_assertion_func", "client_assertion", "client_assertion_type",
})  # fmt: skip
_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_FROM_ENVIRONMENT = {"tenant_id": "AZURE_TENANT_ID", "client_id": "AZURE_CLIENT_ID"}


class SiteCheck:
    """Compares sites of one file; ``secrets`` collects what the old ones were given."""

    def __init__(self, old: Module, new: Module, fail: Callable[[ast.AST, str], ClaimError]) -> None:
        self.old = old
        self.new = new
        self.fail = fail
        self.secrets = Secrets()
        self._assertions: set[ast.AST] = set()
        self._clients: list[ast.expr] = []

    def is_new(self, node: ast.AST) -> bool:
        """Tell whether a node of the new source is part of an assertion."""
        return node in self._assertions

    def check(self, old: ast.AST, new: ast.AST, expected: Expected) -> tuple[Compared, ...]:
        """Compare one site and list what is the same."""
        compared: list[Compared] = []
        self._inside(old, new, expected, compared)
        if not any(isinstance(node, ast.expr) and self.is_new(node) for node in ast.walk(new)) and not _is_helper_class(
            self.new, new, expected
        ):
            raise self.fail(old, "a sign-in into one without an assertion")
        return tuple(compared)

    def is_choice(self, old: ast.expr, new: ast.expr, expected: Expected) -> bool:
        """Tell whether a secret and an assertion are two values of one argument."""
        return not isinstance(old, ast.Call) and isinstance(new, ast.Dict) and self._is_assertion(new, expected)

    def _inside(self, old: ast.AST, new: ast.AST, expected: Expected, compared: list[Compared]) -> None:
        if isinstance(old, ast.Call) and isinstance(new, ast.Call):
            if (inner := _chained(old, new)) is not None:
                self._inside(*inner, expected, compared)
            else:
                compared.append(self._callee(old.func, new.func, expected))
            before, after = self._arguments(self.old, old, expected), self._arguments(self.new, new, expected)
            if (self.old.qualified(old.func) or "").endswith(".EnvironmentCredential"):
                before |= {name: _variable(text) for name, text in _FROM_ENVIRONMENT.items()}
            self._slots(old, before, after, expected, compared)
        elif isinstance(old, ast.Dict) and isinstance(new, ast.Dict):
            self._slots(old, _entries(old), _entries(new), expected, compared)
        else:
            raise self.fail(old, "more of a sign-in than its secret")

    def _slots(
        self,
        owner: ast.AST,
        old: dict[str, ast.expr],
        new: dict[str, ast.expr],
        expected: Expected,
        compared: list[Compared],
    ) -> None:
        gone = [name for name in old if name not in new]  # these first: what they held may have moved
        for name in [*gone, *(name for name in old if name in new), *(name for name in new if name not in old)]:
            before, after = old.get(name), new.get(name)
            if name in _SECRET and (before is None or after is None or not same(before, after)):
                self._secret(owner, before, after, expected)
            elif before is None or after is None:
                self._moved(owner, name, before, after)
            elif same(before, after):
                self._same(owner, before, after)
                compared.append(Compared(what=name, expression=plain_text(self.new, after) or "expression"))
            else:
                self._inside(before, after, expected, compared)

    def _secret(self, owner: ast.AST, before: ast.expr | None, after: ast.expr | None, expected: Expected) -> None:
        if before is not None:
            self.secrets.add(before)
            if isinstance(before, ast.Name) and (given := self.old.given_once(before)) is not None:
                self.secrets.add(given[1])
        if after is not None and not self._is_assertion(after, expected):
            raise self.fail(owner, "a secret into something that is not the assertion of its application")

    def _moved(self, owner: ast.AST, name: str, before: ast.expr | None, after: ast.expr | None) -> None:
        """Accept a client id that goes from ``auth=(id, secret)`` into the body of the request, and nothing else."""
        if name == "auth" and before is not None and len(pair := _pair(before)) == 2:  # noqa: PLR2004 - id and secret
            self._clients.append(pair[0])
            self.secrets.add(pair[1])
            return
        if name != "client_id" or after is None or not any(same(after, client) for client in self._clients):
            raise self.fail(owner, f"the argument {name}")

    def _same(self, owner: ast.AST, before: ast.expr, after: ast.expr) -> None:
        """Verify that the names of two equal expressions mean the same."""
        for one, other in zip(ast.walk(before), ast.walk(after), strict=True):
            if isinstance(one, ast.Name) and _meaning(self.new, other) != _meaning(self.old, one):
                raise self.fail(owner, f"what {one.id} means")

    def _callee(self, old: ast.expr, new: ast.expr, expected: Expected) -> Compared:
        before, after = self.old.qualified(old) or "", self.new.qualified(new) or ""
        package, _, name = before.rpartition(".")
        asynchronous = ".aio" in f".{package}"
        allowed = {f"{expected.helper}.{expected.credential}"} if asynchronous and not expected.inline else set()
        if name in REPLACED:
            allowed.add(f"{package}.{REPLACED[name]}")
        if not same(old, new) and after not in allowed:
            raise self.fail(old, "a class into one that is not its counterpart")
        return Compared(what="execution", expression="asynchronous" if asynchronous else "synchronous")

    def _arguments(self, module: Module, call: ast.Call, expected: Expected) -> dict[str, ast.expr]:
        """Name the arguments of a call as its parameters are named, in the order they are evaluated in."""
        qualified = module.qualified(call.func) or ""
        helper = qualified == f"{expected.helper}.{expected.credential}"
        names = _HELPER_PARAMETERS if helper else _PARAMETERS.get(qualified.rpartition(".")[2], ())
        found: dict[str, ast.expr] = {}
        for index, value in enumerate(call.args):
            sure = not any(isinstance(item, ast.Starred) for item in call.args[: index + 1])
            found[names[index] if sure and index < len(names) else f"argument {index + 1}"] = value
        unpacked = [keyword for keyword in call.keywords if keyword.arg is None]
        for keyword in call.keywords:
            found[keyword.arg or f"** {unpacked.index(keyword) + 1}"] = keyword.value
        return found

    # ------------------------------------------------------------------ what may take a secret's place

    def _is_assertion(self, node: ast.expr, expected: Expected) -> bool:
        match node:
            case ast.Constant(value=value):
                return value == _TYPE
            case ast.Dict(keys=[ast.Constant(value="client_assertion")], values=[inner]):
                found = self._is_assertion(inner, expected) and not isinstance(inner, ast.Constant | ast.Dict)
            case ast.Call(args=[], keywords=[], func=func) if not expected.inline and not expected.parameter:
                found = self._is_function(func, expected)
            case ast.Call() if expected.inline:
                found = self._is_provider(node, expected)
            case _:
                found = self._is_function(node, expected)
        if found:
            self._assertions |= set(ast.walk(node))
        return found

    def _is_function(self, node: ast.expr, expected: Expected) -> bool:
        if expected.parameter:
            return isinstance(node, ast.Name) and node.id == expected.parameter
        return not expected.inline and self.new.qualified(node) == f"{expected.helper}.{expected.function}"

    def _is_provider(self, node: ast.Call, expected: Expected) -> bool:
        """Recognise a token provider of this managed identity with this audience."""
        match node:
            case ast.Call(func=func, args=[ast.Call(func=identity, args=[], keywords=[client]), scope], keywords=[]):
                named = self.new.qualified(func) == "azure.identity.get_bearer_token_provider"
                managed = self.new.qualified(identity) == "azure.identity.ManagedIdentityCredential"
                variable = same(client.value, _variable(expected.variable))
                audience = isinstance(scope, ast.Constant) and scope.value == expected.scope
                return named and managed and client.arg == "client_id" and variable and audience
            case _:
                return False


def _is_helper_class(module: Module, node: ast.AST, expected: Expected) -> bool:
    """Tell whether a site is made of the helper's asynchronous class, which brings its assertion with it."""
    return isinstance(node, ast.Call) and module.qualified(node.func) == f"{expected.helper}.{expected.credential}"


def _variable(name: str) -> ast.expr:
    return ast.parse(f"os.environ[{name!r}]", mode="eval").body


def _meaning(module: Module, node: ast.AST) -> list[tuple[str, str, str]]:
    if not isinstance(node, ast.Name) or node not in module.scopes:
        return [("import", "os", "")]  # of a read of the environment that the old source left to the library
    found = module.lookup(node)
    given = [(binding, module.given(binding)) for binding in (() if found is None else found[1])]
    return [
        (binding.kind.value if value is None else "given", binding.qualified, "" if value is None else ast.dump(value))
        for binding, value in given
    ]


def _chained(old: ast.Call, new: ast.Call) -> tuple[ast.Call, ast.Call] | None:
    """Give the calls whose results a method is called on (``urlencode({...}).encode()``), where they differ."""
    match old.func, new.func:
        case ast.Attribute(value=ast.Call() as one, attr=name), ast.Attribute(
            value=ast.Call() as other, attr=same_name
        ):
            return (one, other) if name == same_name and not same(one, other) else None
        case _:
            return None


def _pair(node: ast.expr) -> list[ast.expr]:
    """Give what ``(id, secret)`` or ``HTTPBasicAuth(id, secret)`` holds."""
    match node:
        case ast.Tuple(elts=[client, secret]) | ast.Call(args=[client, secret], keywords=[]):
            return [client, secret]
        case _:
            return []


def _entries(node: ast.Dict) -> dict[str, ast.expr]:
    pairs = enumerate(zip(node.keys, node.values, strict=True))
    return {
        str(key.value) if isinstance(key, ast.Constant) else f"entry {index} {ast.dump(key) if key else '**'}": value
        for index, (key, value) in pairs
    }


def _last(func: ast.expr) -> str:
    return func.attr if isinstance(func, ast.Attribute) else func.id if isinstance(func, ast.Name) else ""
