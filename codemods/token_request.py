"""Token requests whose address and body are seen at one call: the secret's field becomes the two of an assertion.

    requests.post("https://login.microsoftonline.com/T/oauth2/v2.0/token", data={..., "client_secret": SECRET})
    ->  data={..., "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
              "client_assertion": managed_identity_assertion()}

The body must be a dict display inside the call, or ``dict()`` with keywords, plain or in ``urlencode()``, or under a
name that only this call reads, which follows in the same block: so it is made anew for every request, and so is the
assertion. The address must be seen to be Entra's token endpoint, by its host and path. Everything else is reported by
``raw_http``.

Protocol: https://learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow (second case) and
https://learn.microsoft.com/previous-versions/azure/active-directory/azuread-dev/v1-oauth2-client-creds-grant-flow
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from codemods.authority import SHARED_TENANTS, authority_of, cloud_of, tenant_of
from codemods.model import ReasonCode
from codemods.names import Module
from codemods.scope import Binding, Kind
from codemods.transform import (
    ASSERTION,
    Found,
    ReplaceEntry,
    Report,
    Rewrite,
    SameCallable,
)

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
CONSTRUCT = "token request"
TARGET = f'"client_assertion_type": "{ASSERTION_TYPE}", "client_assertion": managed_identity_assertion()'

_ENDPOINT = re.compile(
    r"https://(login\.microsoftonline\.(com|us)|login\.windows\.net|sts\.windows\.net|login\.chinacloudapi\.cn"
    r"|login\.partner\.microsoftonline\.cn)/(?P<tenant>[^/?#]+)/oauth2/(v2\.0/)?token/?",
    re.IGNORECASE,
)
_POSTS = frozenset({"requests.post", "httpx.post", "urllib.request.urlopen", "urllib.request.Request"})
_REQUESTS = frozenset({"requests.request", "httpx.request", "aiohttp.request"})
_CLIENTS = frozenset({
    "requests.Session", "requests.session", "requests.sessions.Session", "httpx.Client", "httpx.AsyncClient",
    "aiohttp.ClientSession", "aiohttp.client.ClientSession",
})  # fmt: skip
_AGAIN = (
    ast.For | ast.AsyncFor | ast.While | ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda
    | ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp
)  # fmt: skip
_Body = ast.Dict | ast.Call
_ENTRIES = (("client_assertion_type", ASSERTION_TYPE), ("client_assertion", ""))


def search(module: Module) -> Iterator[Found]:
    """Find the bodies that can be rewritten where they stand."""
    bodies: tuple[_Body, ...] = (*module.dicts, *(call for call in module.calls if _is_keywords(module, call)))
    for call in module.calls if any(_has_secret(body) for body in bodies) else ():
        body = body_of(module, call)
        if body is not None:
            yield Found(node=body, construct=CONSTRUCT, report=_verdict(module, call, body))


def body_of(module: Module, call: ast.Call) -> _Body | None:
    """Give the body of a call that is seen to ask Entra for a token with a secret, and nothing hides in it."""
    url = _address(module, call)
    if url is None or not _ENDPOINT.fullmatch(authority_of(module, url) or ""):
        return None
    named = {keyword.arg: keyword.value for keyword in call.keywords}
    if (
        None in named
        or {"auth", "json", "content", "files"} & set(named)
        or not _is_plain(module, named.get("headers"))
    ):
        return None
    body = _dict(module, _made_for(module, call, named.get("data", _positional(module, call))))
    return body if body is not None and _has_secret(body) and _is_sent_once(module, call) else None


def _verdict(module: Module, call: ast.Call, body: _Body) -> Report | Rewrite:
    url = _address(module, call)
    keys, values = _fields(body)
    client, secret = (values[keys.index(name)] for name in ("client_id", "client_secret"))
    found = _ENDPOINT.fullmatch(authority_of(module, url) or "")
    if found is None or found["tenant"].lower() in SHARED_TENANTS:
        reason = ReasonCode.PERSONAL_OR_COMMON_AUTHORITY
        return Report(reason=reason, client=client, secrets=(secret,), target=TARGET)
    entries = tuple((key, f'"{value}"' if value else f"{ASSERTION}()") for key, value in _ENTRIES)
    return Rewrite(
        client=client,
        tenant=tenant_of(module, url),
        secrets=(secret,),
        edits=(ReplaceEntry(index=keys.index("client_secret"), entries=entries),),
        callee=SameCallable(),
        cloud=cloud_of(module, url),
        authority=url,
        note="the event loop waits while the managed identity is asked" if _is_asynchronous(module, call) else "",
        target=TARGET,
    )


# ---------------------------------------------------------------------- what is called


def _address(module: Module, call: ast.Call) -> ast.expr | None:
    """Give the address a call posts to, when it is known what the call does."""
    place = _place(module, call)
    if place is None or any(isinstance(item, ast.Starred) for item in call.args):
        return None
    named = next((keyword.value for keyword in call.keywords if keyword.arg == "url"), None)
    return call.args[place] if place < len(call.args) else named


def _place(module: Module, call: ast.Call) -> int | None:
    """Give the place of the address among the arguments; None where the call is not known to post a form."""
    qualified = module.qualified(call.func)
    if qualified in _POSTS:
        return 0
    method = call.func.attr if isinstance(call.func, ast.Attribute) else ""
    client = method in {"post", "request"} and isinstance(call.func, ast.Attribute)
    if qualified not in _REQUESTS and not (client and _is_client(module, call.func.value)):  # type: ignore[attr-defined]
        return None
    if method == "post":
        return 0
    verb = call.args[0] if call.args else None
    return 1 if isinstance(verb, ast.Constant) and str(verb.value).upper() == "POST" else None


def _positional(module: Module, call: ast.Call) -> ast.expr | None:
    """Give the second argument of the functions that take the body there."""
    qualified = module.qualified(call.func) or ""
    takes = qualified.startswith("urllib.") or qualified == "requests.post"
    return call.args[1] if takes and len(call.args) > 1 else None


def _is_client(module: Module, node: ast.expr) -> bool:
    """Tell whether an expression is a client of requests, httpx or aiohttp, whichever way it got its name."""
    if isinstance(node, ast.Call):
        return module.qualified(node.func) in _CLIENTS
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "self":
        return _keeps_client(module, node.attr)
    found = module.lookup(node) if isinstance(node, ast.Name) else None
    return found is not None and bool(found[1]) and all(_binds_client(module, item) for item in found[1])


def _keeps_client(module: Module, name: str) -> bool:
    """Tell whether an attribute is given nothing but clients, anywhere in the file."""
    given = [node for node in module.parents if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store)]
    statements = [module.parents[node] for node in given if node.attr == name]
    values = [item.value for item in statements if isinstance(item, ast.Assign | ast.AnnAssign)]
    plain = len(values) == len(statements) > 0
    return plain and all(isinstance(value, ast.Call | ast.Name) and _is_client(module, value) for value in values)


def is_client(module: Module, call: ast.Call) -> bool:
    """Tell whether it is known what a call sends: a function or a client of requests, httpx, aiohttp or urllib."""
    return _place(module, call) is not None


def _binds_client(module: Module, binding: Binding) -> bool:
    node = binding.node
    if binding.kind is Kind.ASSIGNMENT:
        return isinstance(binding.value, ast.Call) and _is_client(module, binding.value)
    if isinstance(node, ast.withitem):
        return isinstance(node.context_expr, ast.Call) and _is_client(module, node.context_expr)
    if isinstance(node, ast.arg) and node.annotation is not None:
        return module.qualified(node.annotation) in _CLIENTS
    return False


# ---------------------------------------------------------------------- what is sent


def _dict(module: Module, node: ast.expr | None) -> _Body | None:
    """Give the dict of a body, also inside ``urlencode({...}).encode()``."""
    match node:
        case ast.Dict():
            return node
        case ast.Call() if _is_keywords(module, node):
            return node
        case ast.Call(func=ast.Attribute(value=ast.Call() as inner, attr="encode")):
            return _dict(module, inner)
        case ast.Call(args=[inner, *_]) if module.qualified(node.func) == "urllib.parse.urlencode":
            return _dict(module, inner) if isinstance(inner, ast.Dict) or _is_keywords(module, inner) else None
        case _:
            return None


def _made_for(module: Module, call: ast.Call, node: ast.expr | None) -> ast.expr | None:
    """Give what a name stands for that is bound for one call: nothing else reads it, and no loop sends it again."""
    binding = module.assigned_once(node) if isinstance(node, ast.Name) else None
    body = None if binding is None else binding.value
    if not isinstance(node, ast.Name) or binding is None or body is None or _dict(module, body) is None:
        return node
    scope, block = module.scopes[node], module.parents[binding.node]
    found = scope.lookup(node.id)
    between = [item for item in module.ancestors(call) if block in module.ancestors(item)]
    again = any(isinstance(item, _AGAIN) for item in between) or _is_suspended(scope.node)
    own = found is not None and found[0] is scope and list(module.uses(scope, node.id)) == [node]
    behind = block in module.ancestors(call) and body.lineno < call.lineno
    return body if own and behind and not again else node


def _is_suspended(function: ast.AST) -> bool:
    """Tell whether a function may wait, for as long as its caller likes, between making a body and sending it."""
    inside = isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
    return inside and any(isinstance(node, ast.Yield | ast.YieldFrom) for node in ast.walk(function))


def _is_keywords(module: Module, node: ast.expr) -> bool:
    """Tell whether a body is made by ``dict(client_id=..., client_secret=...)``."""
    match node:
        case ast.Call(func=ast.Name(id="dict") as func, args=[], keywords=[_, *_]):
            return module.lookup(func) is None
        case _:
            return False


def _fields(body: _Body) -> tuple[list[object], list[ast.expr]]:
    """Give the names of the fields of a body, None for what is unpacked or made, and their values."""
    if isinstance(body, ast.Call):
        return [keyword.arg for keyword in body.keywords], [keyword.value for keyword in body.keywords]
    return [key.value if isinstance(key, ast.Constant) else None for key in body.keys], body.values


def _has_secret(body: _Body) -> bool:
    """Tell whether every field is named outright, and a secret is the only proof among them."""
    keys, _ = _fields(body)
    once = keys.count("client_id") == keys.count("client_secret") == 1
    return once and None not in keys and not {"client_assertion", "client_assertion_type"} & set(keys)


def _is_plain(module: Module, headers: ast.expr | None) -> bool:
    """Tell whether headers hold no proof of their own."""
    if isinstance(headers, ast.Name):
        headers = module.value_once(headers) or headers
    if headers is None or not isinstance(headers, ast.Dict):
        return headers is None
    return all(isinstance(key, ast.Constant) and str(key.value).lower() != "authorization" for key in headers.keys)


def _is_sent_once(module: Module, call: ast.Call) -> bool:
    """Tell whether a request object is opened where it is made: kept for later, its assertion would expire."""
    if module.qualified(call.func) != "urllib.request.Request":
        return True
    parent = module.parents[call]
    if isinstance(parent, ast.Call):
        return module.qualified(parent.func) == "urllib.request.urlopen"
    target = parent.targets[0] if isinstance(parent, ast.Assign) and len(parent.targets) == 1 else None
    binding = module.assigned_once(target) if isinstance(target, ast.Name) else None
    if binding is None or not isinstance(target, ast.Name):
        return False
    scope = module.scopes[target]
    around = set(module.ancestors(call))
    return all(
        module.scopes[use] is scope
        and not any(isinstance(item, ast.For | ast.While) and item not in around for item in module.ancestors(use))
        for use in module.uses(scope, target.id)
    )


def _is_asynchronous(module: Module, call: ast.Call) -> bool:
    inner = next((item for item in module.ancestors(call) if isinstance(item, ast.FunctionDef | ast.Lambda)), None)
    outer = next((item for item in module.ancestors(call) if isinstance(item, ast.AsyncFunctionDef)), None)
    return outer is not None and (inner is None or inner in module.ancestors(outer))
