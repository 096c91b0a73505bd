"""Questions to gates that every gate answers with Open, to be bent one at a time."""

from __future__ import annotations

import dataclasses
from datetime import datetime, timedelta
from typing import Any

from inventory.model import ClientId, IdentityNow, KeyId, SignIn, SignInHistory
from migrate.circumstances import Circumstances, Policy
from migrate.exchanged import ExchangeClaims
from migrate.gate import CodeState, Question
from migrate.model import Pairing
from migrate.planning.plan import make_plan
from tests.support.tenants import ISSUER, NOW, TENANT, application, identity, principal, snapshot, trust

IDENTITY = identity("id-orders")
APPLICATION = application("orders", federated=(trust(IDENTITY),))
(PAIRING,) = make_plan(snapshot(APPLICATION, identities=(IDENTITY,))).pairings


def claims(pairing: Pairing = PAIRING, *, at: datetime = NOW, **changes: Any) -> ExchangeClaims:
    right = ExchangeClaims(
        application=pairing.application.client_id,
        tenant=TENANT,
        credential_class="2",
        audience="https://graph.microsoft.com",
        issued_at=at,
        expires_at=at + timedelta(hours=1),
        token_id="u",
        assertion_issuer=ISSUER,
        assertion_subject=pairing.federated.subject,
        assertion_audience="fb60f99c-7a34-4190-8149-302f77469936",
    )
    return dataclasses.replace(right, **changes)


def sign_in(*, days_ago: float = 1, key_id: str | None = None, **changes: Any) -> SignIn:
    plain = SignIn(
        at=NOW - timedelta(days=days_ago),
        client_id=ClientId(APPLICATION.client_id),
        key_id=KeyId(key_id) if key_id else None,
        thumbprint=None,
        federated_credential_id=None,
        credential_type="clientSecret",
        address="192.0.2.7",
        error_code=0,
        token_id=None,
    )
    return dataclasses.replace(plain, **changes)


def ours(minutes_ago: float = 1) -> SignIn:
    """Return the record of an exchange of ours."""
    kind, federated = "federatedIdentityCredential", trust(IDENTITY).id
    return sign_in(days_ago=minutes_ago / 1440, federated_credential_id=federated, credential_type=kind)


def history(*sign_ins: SignIn, covers_days: float | None = 30, missing: str = "") -> SignInHistory:
    """Return a history that has caught up with our last exchange."""
    return SignInHistory(
        client_id=ClientId(APPLICATION.client_id),
        as_of=NOW,
        covers_since=NOW - timedelta(days=covers_days) if covers_days is not None else None,
        sign_ins=(*sign_ins, ours()),
        missing=missing,
    )


def question(**changes: Any) -> Question:
    right = Question(
        pairing=PAIRING,
        credential=PAIRING.credentials[0],
        policy=Policy(),
        now=NOW,
        application=APPLICATION,
        principal=principal("orders"),
        held=APPLICATION.credentials,
        identity=IdentityNow(principal_id=IDENTITY.principal_id, client_id=IDENTITY.client_id, enabled=True),
        federated=(trust(IDENTITY),),
        history=history(),
        proofs=tuple(claims(at=NOW - timedelta(minutes=minutes)) for minutes in (30, 15, 1)),
        code=CodeState(roots=("/code",), findings=()),
        circumstances=Circumstances(taken_at=NOW - timedelta(days=1)),
    )
    return dataclasses.replace(right, **changes)
