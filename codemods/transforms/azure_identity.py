"""azure-identity: secret and certificate credentials become client assertions.

    ClientSecretCredential(T, A, SECRET)        ->  ClientAssertionCredential(T, A, managed_identity_assertion)
    CertificateCredential(T, A, PATH, ...)      ->  ClientAssertionCredential(T, A, managed_identity_assertion)
    aio.ClientSecretCredential(T, A, SECRET)    ->  ManagedIdentityAssertionCredential(T, A)      (helper module)
    OnBehalfOfCredential(T, A, client_secret=S) ->  OnBehalfOfCredential(T, A, client_assertion_func=managed_...)

The argument that held the secret keeps its slot, so comments and layout stay. The asynchronous classes are replaced by
a class of the helper: azure-identity calls the assertion function without ``await``, and a synchronous call to the
managed identity would block the event loop.

Signatures: https://learn.microsoft.com/python/api/azure-identity/azure.identity.clientassertioncredential
Since: https://github.com/Azure/azure-sdk-for-python/blob/main/sdk/identity/azure-identity/CHANGELOG.md
(``ClientAssertionCredential`` 1.9.0; with any keyword argument 1.17.0).

``OnBehalfOfCredential`` takes an assertion as ``client_assertion_func`` since 1.17.0, and refuses it beside a secret or
a certificate. ``AuthorizationCodeCredential`` has no parameter for an assertion at all.
"""

from __future__ import annotations

import ast

from codemods.authority import cloud_of, is_shared, not_entra, unseen
from codemods.model import ReasonCode
from codemods.transform import (
    ASSERTION,
    Already,
    Argument,
    ArgumentEdit,
    Call,
    Callee,
    HelperClass,
    Judge,
    Remove,
    Renamed,
    Replace,
    Report,
    Rewrite,
    SameCallable,
    Transform,
    Verdict,
    hides_authority,
)

_CERTIFICATE = ("certificate_path", "certificate_data", "password", "send_certificate_chain")
_ON_BEHALF_OF = ("client_secret", "client_certificate", "password", "send_certificate_chain")
_TARGET = "ClientAssertionCredential(tenant_id, client_id, managed_identity_assertion)"
_ON_BEHALF_OF_TARGET = (
    "OnBehalfOfCredential(tenant_id, client_id, client_assertion_func=managed_identity_assertion, user_assertion=...)"
)
_CODE_TARGET = (
    'msal.ConfidentialClientApplication(client_id, {"client_assertion": managed_identity_assertion}, authority=...)'
    ".acquire_token_by_authorization_code(code, scopes, redirect_uri=...)"
)


def _secret_call(call: Call) -> Verdict:
    secret = call.argument(2, "client_secret")
    return _hidden(call) if secret is None or call.unpacks_positions else _rewrite(call, (secret,))


def _certificate_call(call: Call) -> Verdict:
    # ** may hold certificate_data or password: the assertion-based class swallows them without a word.
    if call.unpacks:
        return _hidden(call)
    named = (call.argument(None, keyword) for keyword in _CERTIFICATE[1:])
    dropped = tuple(argument for argument in (call.argument(2, "certificate_path"), *named) if argument is not None)
    if not dropped:
        return _hidden(call)
    return _rewrite(call, tuple(sorted(dropped, key=lambda argument: argument.index)))


def _rewrite(call: Call, dropped: tuple[Argument, ...]) -> Verdict:
    reason, detail = None, ""
    if (other := _other_authority(call)) is not None:
        reason, detail = ReasonCode.PERSONAL_OR_COMMON_AUTHORITY, other
    elif hides_authority(call):
        reason, detail = ReasonCode.HIDDEN_IN_KWARGS, "** may hold an authority"
    if reason is not None:
        return _report(call, reason, dropped, detail=detail, target=_TARGET)
    return _rewritten(call, dropped, edits=_edits(call, dropped), callee=_callee(call), note=_note(call))


def _other_authority(call: Call) -> str | None:
    """Say what authority a call names where it is not of one organization's Entra tenant."""
    authority, tenant = call.value(None, "authority"), call.value(0, "tenant_id")
    shared = is_shared(call.module.constant(tenant))
    return not_entra(call.module, authority, tenant) or ("" if shared else None)


def _rewritten(
    call: Call,
    dropped: tuple[Argument, ...],
    *,
    edits: tuple[ArgumentEdit, ...],
    callee: Callee,
    note: str = "",
    target: str = _TARGET,
) -> Rewrite:
    return Rewrite(
        client=call.value(1, "client_id"),
        tenant=call.value(0, "tenant_id"),
        secrets=_secrets(dropped),
        files=_files(call, dropped),
        edits=edits,
        callee=callee,
        cloud=cloud_of(call.module, call.value(None, "authority")),
        note="; ".join(part for part in (note, unseen(call.module, call.value(None, "authority"))) if part),
        target=target,
    )


def _report(
    call: Call, reason: ReasonCode, dropped: tuple[Argument, ...], *, detail: str = "", target: str = _TARGET
) -> Report:
    return Report(
        reason=reason,
        client=call.told(1, "client_id"),
        tenant=call.told(0, "tenant_id"),
        secrets=_secrets(dropped),
        files=_files(call, dropped),
        detail=detail,
        target=target,
    )


def _secrets(dropped: tuple[Argument, ...]) -> tuple[ast.expr, ...]:
    return tuple(argument.value for argument in dropped if argument.keyword != "send_certificate_chain")


def _files(call: Call, dropped: tuple[Argument, ...]) -> tuple[ast.expr, ...]:
    path = call.argument(2, "certificate_path") if call.construct.endswith("CertificateCredential") else None
    return tuple(argument.value for argument in dropped if argument is path)


def _callee(call: Call) -> Callee:
    return HelperClass() if ".aio." in call.construct else Renamed(name="ClientAssertionCredential")


def _edits(call: Call, dropped: tuple[Argument, ...]) -> tuple[ArgumentEdit, ...]:
    """Put the function into the first slot that falls away, and take the others out."""
    if ".aio." in call.construct:
        return tuple(Remove(index=argument.index) for argument in dropped)
    first, *rest = dropped
    keyword = None if first.keyword is None else "func"
    replaced = Replace(index=first.index, keyword=keyword, value=ASSERTION)
    return (replaced, *(Remove(index=argument.index) for argument in rest))


def _note(call: Call) -> str:
    inside = call.module.parents.get(call.node)
    if isinstance(inside, ast.Call) and (call.module.qualified(inside.func) or "").endswith(".ChainedTokenCredential"):
        return "part of a chain: without a managed identity the next credential is tried in silence"
    return ""


def _hidden(call: Call) -> Report:
    reason = ReasonCode.HIDDEN_IN_KWARGS if call.unpacks else ReasonCode.UNSUPPORTED_FORM
    return _report(call, reason, ())


def _on_behalf_of(call: Call) -> Verdict | None:
    named = (call.argument(None, keyword) for keyword in _ON_BEHALF_OF)
    dropped = tuple(sorted((item for item in named if item is not None), key=lambda argument: argument.index))
    secrets = _secrets(dropped)
    if call.argument(None, "client_assertion_func") is not None and not secrets:
        return Already(client=call.value(1, "client_id"), tenant=call.value(0, "tenant_id"))
    reason, detail = None, ""
    if call.unpacks:  # ** may hold client_certificate, which is refused beside an assertion
        reason = ReasonCode.HIDDEN_IN_KWARGS
    elif (other := _other_authority(call)) is not None:
        reason, detail = ReasonCode.PERSONAL_OR_COMMON_AUTHORITY, other
    elif not secrets or call.argument(None, "client_assertion_func") is not None:
        reason = ReasonCode.UNSUPPORTED_FORM
    if reason is not None:
        return _report(call, reason, dropped, detail=detail, target=_ON_BEHALF_OF_TARGET)
    replaced = Replace(index=dropped[0].index, keyword="client_assertion_func", value=ASSERTION)
    edits: tuple[ArgumentEdit, ...] = (replaced, *(Remove(index=argument.index) for argument in dropped[1:]))
    note = "the event loop waits while the managed identity is asked" if ".aio." in call.construct else ""
    return _rewritten(call, dropped, edits=edits, callee=SameCallable(), note=note, target=_ON_BEHALF_OF_TARGET)


def _authorization_code(call: Call) -> Verdict | None:
    secret = call.value(None, "client_secret")
    if secret is None and not call.unpacks:
        return None
    return Report(
        reason=ReasonCode.UNSUPPORTED_FORM,
        client=call.value(1, "client_id"),
        tenant=call.value(0, "tenant_id"),
        secrets=() if secret is None else (secret,),
        detail="this class takes no assertion: use msal's authorization code flow with a client_assertion",
        target=_CODE_TARGET,
    )


def _assertion(call: Call) -> Already:
    return Already(client=call.value(1, "client_id"), tenant=call.value(0, "tenant_id"))


def _private(call: Call) -> Report:
    return Report(
        reason=ReasonCode.UNSUPPORTED_FORM,
        client=call.value(1, "client_id"),
        detail="imported from a private module of azure-identity: import it from azure.identity",
        target=_TARGET,
    )


_JUDGES: dict[str, Judge] = {
    "ClientSecretCredential": _secret_call,
    "CertificateCredential": _certificate_call,
    "OnBehalfOfCredential": _on_behalf_of,
    "AuthorizationCodeCredential": _authorization_code,
    "ClientAssertionCredential": _assertion,
}
_PACKAGES = ("azure.identity", "azure.identity.aio")
_PRIVATE: dict[str, Judge] = {
    f"{package}._credentials.{module}.{name}": _private
    for package in _PACKAGES
    for module, name in (("client_secret", "ClientSecretCredential"), ("certificate", "CertificateCredential"))
}

TRANSFORM = Transform(
    name="azure-identity",
    literals=(*(name.encode() for name in _JUDGES), b"_client_credential"),
    constructs={f"{package}.{name}": judge for package in _PACKAGES for name, judge in _JUDGES.items()} | _PRIVATE,
    classes=frozenset(
        f"{package}.{name}"
        for package in _PACKAGES
        for name in ("ClientSecretCredential", "CertificateCredential", "OnBehalfOfCredential")
    ),
    private_attributes=frozenset({"_client_credential"}),
    targets={
        "ClientSecretCredential": _TARGET,
        "CertificateCredential": _TARGET,
        "OnBehalfOfCredential": _ON_BEHALF_OF_TARGET,
        "_client_credential": "credential.get_token(scope): the assertion-based class holds no secret to look at",
    },
)
