"""By what a token request proves who asks, where it is not a field with a secret that stands in its body.

A certificate of the application may sign an assertion (``client_assertion``), which falls away with the certificate:
https://learn.microsoft.com/entra/identity-platform/certificate-credentials. A header may hold id and secret
(https://datatracker.ietf.org/doc/html/rfc6749#section-2.3.1). Or another function gets secret and address together.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from codemods.names import Module
from codemods.provider import is_token_address
from codemods.sending import arguments_of, method_of

SECRET = "client_secret"  # noqa: S105 - the name of a field
ASSERTION = "client_assertion"
SIGNED = "a certificate of the application signs the assertion"
NOT_SEEN = "what proves the application is not in the body that is seen"
_HEADERS = ("x5t", "x5t#s256")
"""How a certificate is named in the header of an assertion."""
_SIGNERS = frozenset({"JwtSigner", "JwtAssertionCreator"})
_ENCODERS = frozenset({"jwt", "jose", "authlib", "jwcrypto", "python_jwt"})
_WITHOUT_USER = frozenset({"client_credentials", "urn:ietf:params:oauth:grant-type:jwt-bearer"})
"""Grants for which Entra always asks for a proof of the application."""
_NAMED_SECRET = re.compile(r"secret([ _-]?(key|text|value))?$", re.IGNORECASE)


def proofs(module: Module) -> tuple[str, ...]:
    """Name the fields in which a secret, or what a certificate signs, may stand in this file."""
    named = tuple(name for name in (SECRET, ASSERTION) if name in module.said)
    return named if _signs(module) else tuple(name for name in named if name != ASSERTION)


def _signs(module: Module) -> bool:
    """Tell whether something in the file signs assertions with a key."""
    if any(sign in module.said for sign in _HEADERS) and any(
        str(text.value).casefold() in _HEADERS for text in module.strings
    ):
        return True
    return any(_is_signature(module, call) for call in module.calls)


def _is_signature(module: Module, call: ast.Call) -> bool:
    qualified = module.qualified(call.func) or ""
    if qualified.rpartition(".")[2] in _SIGNERS:
        return True
    symmetric = any(str(module.constant(value)).startswith("HS") for value in arguments_of(call))
    return method_of(call) == "encode" and qualified.partition(".")[0] in _ENCODERS and not symmetric


def is_of_identity(module: Module, value: ast.expr) -> bool:
    """Tell whether an assertion is seen to be the token of a managed identity: ``credential.get_token(...).token``."""
    if isinstance(value, ast.Name):
        value = module.value_once(value) or value
    if isinstance(value, ast.Attribute):
        return value.attr == "token"
    return isinstance(value, ast.Call) and "managed_identity" in method_of(value)


def is_not_seen(module: Module) -> bool:
    """Tell whether a file asks for tokens that need a proof, and names no field for one."""
    texts = [str(text.value) for text in module.strings if not isinstance(module.parents[text], ast.Expr)]
    asks = any(grant in text for grant in _WITHOUT_USER for text in texts)
    named = any(name in text.casefold() for name in (SECRET, ASSERTION) for text in texts)
    return asks and not named and not any(item.arg == SECRET for call in module.calls for item in call.keywords)


def pair(module: Module, auth: ast.expr | None) -> tuple[ast.expr, ast.expr] | None:
    """Give what ``auth=(id, secret)`` or ``auth=HTTPBasicAuth(id, secret)`` holds."""
    match module.value_once(auth) or auth if isinstance(auth, ast.Name) else auth:
        case ast.Tuple(elts=[client, secret]) | ast.Call(args=[client, secret], keywords=[]):
            return client, secret
        case _:
            return None


def authorization(module: Module, headers: ast.expr | None) -> ast.expr | None:
    """Give what a header proves: id and secret (https://datatracker.ietf.org/doc/html/rfc6749#section-2.3.1)."""
    given = module.value_once(headers) or headers if isinstance(headers, ast.Name) else headers
    pairs = zip(given.keys, given.values, strict=True) if isinstance(given, ast.Dict) else ()
    found = next((value for key, value in pairs if (module.constant(key) or "").lower() == "authorization"), None)
    match found:  # the word "Basic" is no secret
        case ast.BinOp(left=ast.Constant(), right=secret) | ast.JoinedStr(values=[_, ast.FormattedValue(value=secret)]):
            return secret
        case _:
            return found


def callers(module: Module) -> Iterator[tuple[ast.Call, ast.expr | None, ast.expr]]:
    """Find calls of any function that gets a secret together with Entra's token address: call, client id and secret."""
    for call in module.calls:
        named = {item.arg: item.value for item in call.keywords}
        given = [named[SECRET]] if SECRET in named else []
        secret = next(iter([*given, *(item for item in arguments_of(call) if _is_named_secret(item))]), None)
        if secret is None or (isinstance(secret, ast.Constant) and not secret.value):
            continue
        if any(is_token_address(module, item) for value in arguments_of(call) for item in _either(value)):
            yield call, named.get("client_id"), secret


def _either(value: ast.expr) -> Iterator[ast.expr]:
    """Yield what an expression may be: the sides of ``or`` and of a condition, else itself."""
    match value:
        case ast.BoolOp(values=sides):
            yield from (item for side in sides for item in _either(side))
        case ast.IfExp(body=yes, orelse=no):
            yield from (*_either(yes), *_either(no))
        case _:
            yield value


def _is_named_secret(value: ast.expr) -> bool:
    """Tell whether an expression is called a secret: a name, an attribute, or what is looked up under such a name."""
    match value:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            pass
        case ast.Subscript(slice=ast.Constant(value=str(name))) | ast.Call(args=[ast.Constant(value=str(name)), *_]):
            pass
        case _:
            return False
    return _NAMED_SECRET.search(name) is not None
