"""msal: the credential of a confidential client becomes an assertion that is asked for when it is needed.

    ConfidentialClientApplication(A, client_credential=SECRET, ...)
    ->  ConfidentialClientApplication(A, client_credential={"client_assertion": managed_identity_assertion}, ...)

``client_credential`` takes many things (a secret, a certificate dict, an assertion, None), so it is rewritten only when
the source shows that it is a secret or a certificate. A function is passed and never its result, which would expire.

Documentation: https://msal-python.readthedocs.io/en/latest/#msal.ClientApplication.params.client_credential
Since: a function as ``client_assertion`` works from msal 1.13; the token cache is used by ``acquire_token_for_client``
from 1.23 (https://github.com/AzureAD/microsoft-authentication-library-for-python/releases).
"""

from __future__ import annotations

import ast

from codemods.authority import authority_of, cloud_of, is_shared, not_entra, tenant_of, unseen
from codemods.client_credential import TARGET, VALUE, judge_credential
from codemods.model import ReasonCode
from codemods.transform import (
    Already,
    Argument,
    Call,
    Replace,
    Report,
    Rewrite,
    SameCallable,
    Transform,
    Verdict,
    hides_authority,
)

_CLAIMS_POSITION = 9
_SHARED = ReasonCode.PERSONAL_OR_COMMON_AUTHORITY


def _application(call: Call) -> Verdict | None:
    credential = call.argument(1, "client_credential")
    if credential is None:
        return _report(call, ReasonCode.HIDDEN_IN_KWARGS) if call.unpacks else None
    if isinstance(credential.value, ast.Constant) and credential.value.value is None:
        return None
    reason, already = judge_credential(call.module, credential.value)
    if already:
        return Already(client=call.value(0, "client_id"), tenant=tenant_of(call.module, _authority(call)))
    reason = reason or _judge_call(call)
    if reason is not None:
        return _report(call, reason, credential)
    return _rewrite(call, credential)


def _rewrite(call: Call, credential: Argument) -> Rewrite:
    return Rewrite(
        client=call.value(0, "client_id"),
        tenant=tenant_of(call.module, _authority(call)),
        secrets=(credential.value,),
        edits=(Replace(index=credential.index, keyword=credential.keyword, value=VALUE),),
        callee=SameCallable(),
        cloud=cloud_of(call.module, _authority(call)),
        authority=_authority(call),
        note=unseen(call.module, _authority(call)),
        target=TARGET,
    )


def _report(call: Call, reason: ReasonCode, credential: Argument | None = None) -> Report:
    return Report(
        reason=reason,
        client=call.told(0, "client_id"),
        tenant=tenant_of(call.module, _authority(call)),
        secrets=() if credential is None else (credential.value,),
        detail=not_entra(call.module, _authority(call)) if reason is _SHARED else "",
        target=TARGET,
    )


def _judge_call(call: Call) -> ReasonCode | None:
    claims = call.value(_CLAIMS_POSITION, "client_claims")
    if claims is not None and not (isinstance(claims, ast.Constant) and claims.value is None):
        return ReasonCode.CLIENT_CLAIMS
    if hides_authority(call):
        return ReasonCode.HIDDEN_IN_KWARGS
    authority = _authority(call)
    if authority is None and not call.unpacks_positions:
        return _SHARED
    if is_shared(authority_of(call.module, authority)) or call.argument(None, "oidc_authority") is not None:
        return _SHARED
    return _SHARED if not_entra(call.module, authority) else None


def _authority(call: Call) -> ast.expr | None:
    return call.value(2, "authority")


TRANSFORM = Transform(
    name="msal",
    literals=(b"ConfidentialClientApplication", b"ClientApplication"),
    constructs={
        f"{package}.{name}": _application
        for package in ("msal", "msal.application")
        for name in ("ConfidentialClientApplication", "ClientApplication")
    },
    targets={
        "ConfidentialClientApplication": f"ConfidentialClientApplication(client_id, {TARGET}, authority=authority)"
    },
    classes=frozenset({"msal.ConfidentialClientApplication", "msal.application.ConfidentialClientApplication"}),
)
