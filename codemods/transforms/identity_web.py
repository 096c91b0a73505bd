"""identity (sign-in for Flask, Django, Quart): its client credential is msal's and becomes an assertion.

    Auth(app, A, authority=..., client_credential=SECRET)
    ->  Auth(app, A, authority=..., client_credential={"client_assertion": managed_identity_assertion})

The value goes to msal's ConfidentialClientApplication as it is (read in the source of identity 0.11), so it is judged
as msal's. ``oidc_authority`` and the parameters of B2C lead to providers that know nothing of managed identities.

Documentation: https://identity-library.readthedocs.io/en/latest/
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

_CLIENT_PLACES = {"web": None, "flask": 1, "django": 0, "quart": 1}
_SHARED = ReasonCode.PERSONAL_OR_COMMON_AUTHORITY
_ELSEWHERE = ("oidc_authority", "b2c_tenant_name", "b2c_signup_signin_user_flow")


def _auth(call: Call) -> Verdict | None:
    credential = call.argument(None, "client_credential")
    if credential is None:
        return _report(call, ReasonCode.HIDDEN_IN_KWARGS) if call.unpacks else None
    if isinstance(credential.value, ast.Constant) and credential.value.value is None:
        return None
    reason, already = judge_credential(call.module, credential.value)
    if already:
        return Already(client=_client(call), tenant=tenant_of(call.module, call.value(None, "authority")))
    reason = reason or _judge_authority(call)
    return _rewrite(call, credential) if reason is None else _report(call, reason, credential)


def _judge_authority(call: Call) -> ReasonCode | None:
    if call.unpacks_positions or hides_authority(call):
        return ReasonCode.HIDDEN_IN_KWARGS
    authority = call.value(None, "authority")
    shared = is_shared(authority_of(call.module, authority)) or bool(not_entra(call.module, authority))
    if authority is None or shared or any(call.argument(None, keyword) is not None for keyword in _ELSEWHERE):
        return ReasonCode.PERSONAL_OR_COMMON_AUTHORITY
    return None


def _rewrite(call: Call, credential: Argument) -> Rewrite:
    authority = call.value(None, "authority")
    return Rewrite(
        client=_client(call),
        tenant=tenant_of(call.module, authority),
        secrets=(credential.value,),
        edits=(Replace(index=credential.index, keyword=credential.keyword, value=VALUE),),
        callee=SameCallable(),
        cloud=cloud_of(call.module, authority),
        authority=authority,
        note=unseen(call.module, authority),
        target=TARGET,
    )


def _report(call: Call, reason: ReasonCode, credential: Argument | None = None) -> Report:
    return Report(
        reason=reason,
        client=_client(call),
        tenant=tenant_of(call.module, call.value(None, "authority")),
        secrets=() if credential is None else (credential.value,),
        detail=not_entra(call.module, call.value(None, "authority")) if reason is _SHARED else "",
        target=TARGET,
    )


def _client(call: Call) -> ast.expr | None:
    return call.value(_CLIENT_PLACES[call.construct.split(".")[1]], "client_id")


TRANSFORM = Transform(
    name="identity-web",
    literals=(b"client_credential", *(f"identity.{module}".encode() for module in _CLIENT_PLACES)),
    constructs={f"identity.{module}.Auth": _auth for module in _CLIENT_PLACES},
)
