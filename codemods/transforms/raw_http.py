"""Token requests that the program builds itself: rewritten where all of it is seen, else reported.

A request is seen by its body (a dict, keywords or a text with ``client_secret``, or with an assertion that a
certificate signs), by a field that is set later, by a proof in its headers or in ``auth=``, or by its address alone
where nobody can see what is sent. Entra reads the names of fields in any case. The target is the pair
``client_assertion_type`` and ``client_assertion``; ``token_request`` has the form in which it can be put in the
secret's place.

Protocol: https://learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow
"""

from __future__ import annotations

import ast
import re
from collections.abc import Container, Iterator

from codemods import oauth_session, other_proofs, token_request
from codemods.model import ReasonCode
from codemods.names import Module
from codemods.provider import is_elsewhere, is_token_address, knows_entra, knows_host
from codemods.scope import Kind
from codemods.sending import (
    FIELDS,
    FUNCTIONS,
    SENDS,
    arguments_of,
    calls_around,
    calls_inside,
    fields_of,
    goes_to_class,
    is_json,
    is_seen,
    is_sent,
    is_unpacked_into_class,
    method_of,
    reads_of,
    reads_of_holder,
    shows_secret,
    takes_secret,
    uses_of,
)
from codemods.signs import GIVEN_SECRET, SECRET_ARGUMENT, SECRET_ITEM
from codemods.transform import Found, Report, Transform

_MICROSOFT = re.compile(r"microsoft|azure|entra|aad|msal|office|365|graph", re.IGNORECASE)
_VARIABLE = re.compile(r"[A-Z][A-Z0-9]*(_[A-Z0-9]+)+")
_NO_BODY = frozenset({"headers", "params", "cookies", "proxies", "timeout"})
_NEVER = frozenset({"audience"})
"""Fields that other providers ask for and Entra does not know."""


def _search(module: Module) -> Iterator[Found]:
    yield from token_request.search(module)
    entra = knows_entra(module)
    for proof in other_proofs.proofs(module):
        yield from _bodies(module, proof, entra=entra)
        yield from _fields(module, proof, entra=entra)
        yield from _texts(module, proof, entra=entra)
    yield from _calls(module, entra=entra)
    yield from oauth_session.search(module, entra=entra)
    yield from _requests(module)
    yield from _callers(module)


def _bodies(module: Module, proof: str, *, entra: bool) -> Iterator[Found]:
    """Find dicts with a proof: any in a file that knows Entra, else those of a token request to nobody knows where."""
    for node in module.dicts:
        fields = fields_of(module, node)
        if not _is_field(module, fields, proof) or is_unpacked_into_class(module, uses_of(module, node)):
            continue
        if oauth_session.is_given_elsewhere(module, fields) or _is_settings(module, node, fields):
            continue
        exact = any(module.constant(key) == proof for key in node.keys)  # settings are in capitals, bodies mostly not
        if _may_be_request(module, node, set(fields), entra=entra and exact):
            client, given = fields.get("client_id") or _unpacked(module, node), fields[proof]
            if oauth_session.is_client_settings(fields):
                yield oauth_session.settings(node, client, given)
            else:
                yield _found(node, "token request", client, given, detail=_why(module, node, proof))


def _calls(module: Module, *, entra: bool) -> Iterator[Found]:
    """Find calls that make or send a body by keywords: ``dict(client_secret=S)``."""
    for call in module.calls:
        named = {(keyword.arg or "").casefold(): keyword.value for keyword in call.keywords}
        if "client_secret" not in named:
            continue
        plain = isinstance(call.func, ast.Name) and call.func.id == "dict"
        asks = "grant_type" in named and not takes_secret(module, call.func)
        wanted = plain or (asks and (entra or _may_ask(call.func)))
        wanted = wanted and not is_unpacked_into_class(module, uses_of(module, call))
        wanted = wanted and not _is_settings(module, call, named)
        if wanted and _is_secret(named["client_secret"]) and _may_be_request(module, call, set(named), entra=entra):
            client, secret = named.get("client_id"), named["client_secret"]
            yield _found(call, "token request", client, secret, detail=_why(module, call, other_proofs.SECRET))


def _is_settings(module: Module, node: ast.expr, fields: Container[str]) -> bool:
    """Tell whether a dict is asked for single entries and never handed on: it is no body, which is sent as a whole.

    Its secret goes to classes that are told by themselves; else the dict is the only place that can be told.
    """
    parent = module.parents[node]
    target = parent.targets[0] if isinstance(parent, ast.Assign) else getattr(parent, "target", None)
    uses = reads_of_holder(module, target) if isinstance(target, ast.expr) else []
    entries = [_entry(module, use) for use in uses if use is not target]
    told = [entry for entry in entries if entry is not None and entry[1].casefold() == other_proofs.SECRET]
    known = bool(told) and all(goes_to_class(module, read) for read, _ in told)
    return "grant_type" not in fields and None not in entries and known


def _entry(module: Module, holder: ast.expr) -> tuple[ast.expr, str] | None:
    """Give the read of one entry, and its key, if it is that."""
    parent = module.parents[holder]
    call = module.parents[parent]
    match parent, call:
        case ast.Subscript(value=value, slice=ast.Constant(value=str(key)), ctx=ast.Load()), _ if value is holder:
            return parent, key
        case ast.Attribute(attr="get"), ast.Call(args=[ast.Constant(value=str(key)), *_]):
            return call, key
        case _:
            return None


def _unpacked(module: Module, node: ast.Dict) -> ast.expr | None:
    """Give the client id of a body that takes it over from another: ``{**COMMON, "client_secret": ...}``."""
    others = (value for key, value in zip(node.keys, node.values, strict=True) if key is None)
    given = (module.value_once(value) if isinstance(value, ast.Name) else value for value in others)
    pairs = [pair for item in given if isinstance(item, ast.Dict) for pair in zip(item.keys, item.values, strict=True)]
    return next((value for key, value in pairs if module.constant(key) == "client_id"), None)


def _why(module: Module, body: ast.expr, proof: str) -> str:
    """Say what keeps a body from being rewritten where it stands."""
    if signed := _signed(proof):
        return signed
    if isinstance(module.parents[body], ast.Assign | ast.AnnAssign):
        return "the body is made before the call: an assertion in it would be kept"
    around = calls_around(module, body)
    call = next((item for item in around if method_of(item) in SENDS), None)
    if call is None:
        return "what sends the body is not seen"
    if not any(is_token_address(module, item) for item in arguments_of(call)):
        return "the address is not seen to be Entra's"
    return "" if token_request.is_client(module, call) else "what sends the body is not seen"


def _is_field(module: Module, fields: dict[str, ast.expr], proof: str) -> bool:
    """Tell whether a dict has a field for the proof; that of a token request may be filled in later."""
    value = fields.get(proof)
    if value is not None and proof != other_proofs.SECRET:
        return "client_assertion_type" in fields and not other_proofs.is_of_identity(module, value)
    if isinstance(value, ast.Constant) and "grant_type" in fields:
        return not value.value or _is_secret(value)
    return _is_secret(value) and not _is_variable(value) and not _is_function(module, value)


def _is_function(module: Module, value: ast.expr | None) -> bool:
    """Tell whether a value is a function or a class of the file, as in a table of ways to sign in."""
    found = module.lookup(value) if isinstance(value, ast.Name) else None
    return found is not None and {binding.kind for binding in found[1]} == {Kind.DEFINITION}


def _is_variable(value: ast.expr | None) -> bool:
    """Tell whether a text names the variable that holds the secret: ``{"client_secret": "AZURE_CLIENT_SECRET"}``."""
    return isinstance(value, ast.Constant) and _VARIABLE.fullmatch(str(value.value)) is not None


def _is_secret(value: ast.expr | None) -> bool:
    """Tell whether a value may be a secret: it is no description of one, and not left out."""
    if isinstance(value, ast.Constant):
        return isinstance(value.value, str | bytes) and bool(value.value)
    return value is not None and not isinstance(value, ast.Dict | ast.List | ast.Tuple | ast.Set)


def _may_ask(func: ast.expr) -> bool:
    """Tell whether a call may ask Entra where the file does not name it: a class keeps what it is given for itself."""
    name = func.attr if isinstance(func, ast.Attribute) else getattr(func, "id", "")
    makes = name == "__init__" or name[:1].isupper()
    return not makes or _MICROSOFT.search(name) is not None


def _may_be_request(module: Module, node: ast.expr, fields: set[str], *, entra: bool) -> bool:
    if _goes_elsewhere(module, node) or (is_json(module, node) and not knows_host(module)):
        return False
    return entra or ("grant_type" in fields and not _NEVER & fields)


def _goes_elsewhere(module: Module, node: ast.expr) -> bool:
    """Tell whether a body is sent to an address that is seen and is not Entra's, here or where it is handed on to."""
    calls = [call for use in uses_of(module, node) for call in calls_around(module, use)]
    inner = [item for call in calls for item in calls_inside(module, call)]
    named = any(is_token_address(module, argument) for call in inner for argument in arguments_of(call))
    return _is_any_elsewhere(module, calls) or (not named and _is_any_elsewhere(module, inner))


def _is_any_elsewhere(module: Module, calls: list[ast.Call]) -> bool:
    return any(is_elsewhere(module, argument) for call in calls for argument in arguments_of(call))


def _fields(module: Module, proof: str, *, entra: bool) -> Iterator[Found]:
    """Find a proof that is put into a body after it was made."""
    for text in module.strings:
        if str(text.value).casefold() != proof:
            continue
        item = module.parents[text]
        if not isinstance(item, ast.Subscript) or not isinstance(item.ctx, ast.Store):
            continue
        parent = module.parents[item]
        if isinstance(parent, ast.Assign) and not _is_proof(module, parent.value, proof):
            continue
        if is_unpacked_into_class(module, reads_of_holder(module, item.value)):
            continue
        if (entra and text.value == proof) or _may_be_body(module, item):  # settings are in capitals, bodies mostly not
            secret = parent.value if isinstance(parent, ast.Assign | ast.AnnAssign) else None
            yield _found(item, "token request", None, secret, detail=_signed(proof))


def _is_proof(module: Module, value: ast.expr, proof: str) -> bool:
    return _is_secret(value) if proof == other_proofs.SECRET else not other_proofs.is_of_identity(module, value)


def _signed(proof: str) -> str:
    return "" if proof == other_proofs.SECRET else other_proofs.SIGNED


def _may_be_body(module: Module, item: ast.Subscript) -> bool:
    """Tell whether what a secret is put into is a token request that may go to Entra, where the file names nobody."""
    function = next((parent for parent in module.ancestors(item) if isinstance(parent, FUNCTIONS)), module.tree)
    granted = any(text.value == "grant_type" and function in module.ancestors(text) for text in module.strings)
    if not isinstance(item.value, ast.Name):
        return granted
    users = reads_of(module, item.value.id, item)
    sent = any(is_sent(module, use) for use in users)
    return (granted or sent) and not _is_any_elsewhere(
        module, [call for use in users for call in calls_around(module, use)]
    )


def _texts(module: Module, proof: str, *, entra: bool) -> Iterator[Found]:
    """Find bodies that are texts: ``client_id=...&client_secret=...``."""
    for text in module.strings if entra else ():
        if FIELDS[proof].search(str(text.value)) and not _is_docstring(module, text):
            yield _found(_whole(module, text), "token request", detail=_signed(proof))


def _requests(module: Module) -> Iterator[Found]:
    """Find requests to a token address whose body nobody can see, or with id and secret in ``auth=`` or a header."""
    asserted = any(text.value == "client_assertion" for text in module.strings)
    beside = other_proofs.is_not_seen(module)
    for call in module.calls:
        if method_of(call) not in SENDS:
            continue
        named = {keyword.arg: keyword.value for keyword in call.keywords}
        addressed = any(is_token_address(module, item) for item in arguments_of(call))
        if not addressed or token_request.body_of(module, call) is not None:
            continue
        sent = [*call.args, *(value for name, value in named.items() if name not in _NO_BODY)]
        seen = any(is_seen(module, item) for item in sent) or not (arguments_of(call)[1:] or asserted)
        given = (module.value_once(item) or item if isinstance(item, ast.Name) else item for item in sent)
        told = any(shows_secret(module, value) for value in given)
        header = None if told else other_proofs.authorization(module, named.get("headers"))
        client, secret = other_proofs.pair(module, named.get("auth")) or (None, header)
        if "auth" in named or secret is not None or not (seen or asserted):
            yield _found(call, "token request", client, secret)
        elif beside:
            yield _found(call, "token request", detail=other_proofs.NOT_SEEN)


def _callers(module: Module) -> Iterator[Found]:
    """Find calls of any function that gets a secret together with Entra's token address."""
    for call, client, secret in other_proofs.callers(module):
        yield _found(call, "token request", client, secret)


def _found(
    node: ast.expr,
    construct: str,
    client: ast.expr | None = None,
    secret: ast.expr | None = None,
    *,
    detail: str = "",
) -> Found:
    secrets = () if secret is None else (secret,)
    report = Report(
        reason=ReasonCode.RAW_HTTP, client=client, secrets=secrets, detail=detail, target=token_request.TARGET
    )
    return Found(node=node, construct=construct, report=report)


def _whole(module: Module, text: ast.Constant) -> ast.expr:
    """Give the f-string a text is a part of."""
    parent = module.parents[text]
    return parent if isinstance(parent, ast.JoinedStr) else text


def _is_docstring(module: Module, text: ast.Constant) -> bool:
    return isinstance(module.parents[text], ast.Expr)


# The host of storage and of databases ends like an older one of Entra's, which may be put together from parts.
_NAMES_ENTRA = frozenset({
    "microsoftonline", "chinacloudapi", *(f"{before}windows.net" for before in ("login.", "sts.", *"\"' }/")),
    "oauth2/",
})  # fmt: skip
_BEGINS_PATH = frozenset(f"oauth2{behind}" for behind in "\"'{}%\\")
_CALLS = frozenset(f"{name}{behind}" for name in map(str.lower, SENDS) for behind in ("(", " (", "\\"))
_EVIDENCE = (
    ("client_secret", GIVEN_SECRET, "grant_type"),
    ("client_secret", GIVEN_SECRET, _NAMES_ENTRA | _BEGINS_PATH),
    ("client_secret", "/.default"),
    ("secret", "/token", _NAMES_ENTRA),
    ("client_assertion",),
    ("token", _NAMES_ENTRA, _CALLS),
    ("/token", _BEGINS_PATH, _CALLS),
    ("client_secret", SECRET_ITEM, _CALLS | {"urlencode", "data=", "data ="}),
    ("client_secret", SECRET_ARGUMENT, "fetch_token", "token_url"),
    ("OAuth2Session",),
    ("OAuth2Client",),
)

TRANSFORM = Transform(
    name="raw-http",
    literals=(
        b"client_secret",
        b"client_assertion",
        b"login.microsoftonline",
        b"login.windows.net",
        b"sts.windows.net",
        b"chinacloudapi",
        b"oauth2/token",
        b"oauth2/v2.0/token",
        b"OAuth2Session",
        b"OAuth2Client",
    ),
    search=_search,
    evidence=_EVIDENCE,
)
