"""Tokens of somebody else in the place of a credential: a managed identity's, a cluster's, a pipeline's."""

from dataclasses import replace

from migrate.emulator.clouds import EXCHANGE_APP_ID, clouds
from migrate.emulator.state.records import Application, FederatedCredential
from migrate.emulator.state.tenant import Tenant
from migrate.emulator.tokens.assertions import Assertion, check_signature, check_times
from migrate.emulator.tokens.flexible import matches
from migrate.emulator.tokens.issue import FEDERATION_CLAIM
from migrate.emulator.tokens.keys import ALGORITHM, SigningKeys
from migrate.emulator.tokens.outside import OutsideIssuers
from migrate.emulator.tokens.refusals import Presented, Refusal, RefusedError


def verify_federated_assertion(
    tenant: Tenant, keys: SigningKeys, outside: OutsideIssuers, client: Application, assertion: Assertion
) -> Presented:
    """Match an outside token with the client's federated credentials and verify it.

    Issuer, subject and audience are compared with regard to case (page "Breaking changes", August 2024). Assumed is
    the order of the checks: issuer, signature, who issued it to whom, subject, audience, time. The times are judged by
    the tenant's clock alone, because both the tenant's tokens and those of the issuers kept here carry its time.
    """
    presented = Presented(
        credential_type="federatedIdentityCredential",
        assertion_id=assertion.token_id,
        assertion_issuer=assertion.issuer,
    )
    if not client.federated:
        raise RefusedError(Refusal.NO_FEDERATED_CREDENTIAL, presented, app=client.app_id, name=client.display_name)
    candidates = [credential for credential in client.federated if credential.issuer == assertion.issuer]
    if not candidates:
        raise RefusedError(Refusal.ISSUER_MISMATCH, presented, issuer=assertion.issuer)
    _check_origin(tenant, keys, outside, assertion, presented)
    matching = _matching_subject(candidates, assertion, presented)
    credential = _matching_audience(tenant, matching, assertion, presented)
    check_times(assertion, presented, tenant.clock.timestamp() + tenant.faults.skew("assertions"))
    return replace(presented, federated_credential_id=credential.id)


def _check_origin(
    tenant: Tenant, keys: SigningKeys, outside: OutsideIssuers, assertion: Assertion, presented: Presented
) -> None:
    kid = assertion.header.get("kid")
    own = assertion.issuer == tenant.cloud.issuer(tenant.id)
    if not own and _is_entras(assertion.issuer):
        raise RefusedError(Refusal.ISSUED_BY_ENTRA, presented)
    if not own and not outside.knows(assertion.issuer):
        raise RefusedError(Refusal.EXTERNAL_ISSUER, presented)
    key = keys.find(kid) if own else outside.find(assertion.issuer, kid)
    if key is None:
        raise RefusedError(Refusal.BAD_SIGNATURE, presented, reason="The key was not found.")
    check_signature(assertion, key, [ALGORITHM], presented)
    if own:
        _check_issued_to_identity(tenant, assertion, presented)


def _is_entras(issuer: str) -> bool:
    """Whether an issuer is Entra, for whichever tenant: another tenant's tokens are refused as such (recorded)."""
    names = {name for cloud in clouds() for name in (*cloud.login_hosts, cloud.sts_host)}
    return issuer.removeprefix("https://").partition("/")[0].lower() in names


def _check_issued_to_identity(tenant: Tenant, assertion: Assertion, presented: Presented) -> None:
    # Only user-assigned identities may stand in for a secret (page "Configure an application to trust a managed
    # identity"); a token that an application got with its own secret may not. A token that was itself got by federation
    # says so and is refused as well (recorded on AKS).
    holder = tenant.service_principals.get(assertion.subject)
    if holder is None or not holder.is_user_assigned_identity or FEDERATION_CLAIM in assertion.claims:
        raise RefusedError(Refusal.ISSUED_BY_ENTRA, presented)


def _matching_subject(
    candidates: list[FederatedCredential], assertion: Assertion, presented: Presented
) -> list[FederatedCredential]:
    matching = [
        credential for credential in candidates
        if credential.subject == assertion.subject or matches(credential.expression, assertion.claims)
    ]  # fmt: skip
    if matching:
        return matching
    folded = assertion.subject.casefold()
    near = any(credential.subject.casefold() == folded for credential in candidates)
    refusal = Refusal.SUBJECT_CASE_MISMATCH if near else Refusal.SUBJECT_MISMATCH
    raise RefusedError(refusal, presented, subject=assertion.subject)


def _matching_audience(
    tenant: Tenant, candidates: list[FederatedCredential], assertion: Assertion, presented: Presented
) -> FederatedCredential:
    # The token carries the resource's GUID while the credential must hold its URI (third-party reports agree on both).
    expected = tenant.cloud.exchange_audience
    presented_as = expected if assertion.audience == EXCHANGE_APP_ID else assertion.audience
    # A token of Entra's stands in for a secret only where it was issued for the exchange (page "Configure an
    # application to trust a managed identity"), whatever audience a federated credential names.
    serves = presented_as == expected or assertion.issuer != tenant.cloud.issuer(tenant.id)
    for credential in candidates:
        if serves and presented_as in credential.audiences and presented_as != EXCHANGE_APP_ID:
            return credential
    if presented_as == expected and any(EXCHANGE_APP_ID in credential.audiences for credential in candidates):
        raise RefusedError(Refusal.AUDIENCE_IS_GUID, presented, expected=expected, audience=EXCHANGE_APP_ID)
    raise RefusedError(Refusal.AUDIENCE_MISMATCH, presented, audience=assertion.audience)
