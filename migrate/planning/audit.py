"""Federated credentials that exist already: what can never match, and what should not be there. Pure.

Entra stores each of these without an error, and they fail only at the exchange.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping

from inventory.estate import Tier
from inventory.hygiene_federated import Trust, federated
from inventory.model import Application, ClientId, FederatedCredential, ServicePrincipal, Snapshot
from migrate.model import ApplicationRef, TrustFault
from migrate.planning import clouds
from migrate.planning.facts import CLUSTER

_AGAIN = "delete it and create it again: it matches to the letter or not at all"


def audit(snapshot: Snapshot, principals: Mapping[ClientId, ServicePrincipal]) -> tuple[TrustFault, ...]:
    """Return what is wrong with federated credentials, by application, name and code."""
    trust = Trust.of(snapshot)
    issuers = {one.issuer.rstrip("/"): one.issuer for one in snapshot.hosts if one.type == CLUSTER and one.issuer}
    privileged = {role.principal_id: role.role for role in snapshot.roles if role.tier <= Tier.MANAGEMENT}
    found = [
        fault
        for application in snapshot.applications
        if application.federated
        for fault in (
            *_wrong(application, trust),
            *_doubled(application),
            *_of_clusters(application, issuers),
            *_of_other_clouds(application, snapshot),
            *_of_other_tenants(application, snapshot),
            *_on_privileged(application, principals.get(application.client_id), privileged),
        )
    ]
    return tuple(sorted(found, key=lambda one: (one.application.client_id, one.federated, one.code)))


def _fault(application: Application, one: FederatedCredential, code: str, explanation: str, advice: str) -> TrustFault:
    reference = ApplicationRef(
        id=application.id, client_id=application.client_id, display_name=application.display_name
    )
    return TrustFault(application=reference, federated=one.name, code=code, explanation=explanation, advice=advice)


def _wrong(application: Application, trust: Trust) -> Iterator[TrustFault]:
    for one in application.federated or ():
        for finding in federated(application, one, trust):
            yield _fault(application, one, finding.rule, finding.message, finding.advice)


def _doubled(application: Application) -> Iterator[TrustFault]:
    groups: defaultdict[tuple[str, str], list[FederatedCredential]] = defaultdict(list)
    for one in application.federated or ():
        if one.subject is not None:
            groups[one.issuer.rstrip("/").lower(), one.subject.lower()].append(one)
    for group in groups.values():
        for one in group[1:]:
            explanation = f"it means the same as {group[0].name}"
            yield _fault(application, one, "federated-duplicate", explanation, "delete the one that does not match")


def _of_clusters(application: Application, issuers: Mapping[str, str]) -> Iterator[TrustFault]:
    for one in application.federated or ():
        right = issuers.get(one.issuer.rstrip("/"))
        if right is not None and right != one.issuer:
            yield _fault(
                application, one, "federated-slash", f"the issuer is {one.issuer}, the cluster's is {right}", _AGAIN
            )


def _of_other_clouds(application: Application, snapshot: Snapshot) -> Iterator[TrustFault]:
    right, here = clouds.audience(snapshot.cloud), clouds.login_host(snapshot.cloud)
    for one in application.federated or ():
        host = clouds.host_of(one.issuer)
        if host in clouds.EXCHANGE_HOSTS and host != here:
            explanation = f"the issuer {host} is another cloud's; here it is {here}, and an exchange never crosses"
            yield _fault(application, one, "federated-other-cloud", explanation, "delete it")
            continue
        wrong = [each for each in one.audiences if each in clouds.AUDIENCES and each != right]
        if wrong:
            explanation = f"the audience {wrong[0]} is another cloud's; here it is {right}"
            yield _fault(application, one, "federated-other-cloud", explanation, _AGAIN)


def _of_other_tenants(application: Application, snapshot: Snapshot) -> Iterator[TrustFault]:
    for one in application.federated or ():
        ours = clouds.host_of(one.issuer) == clouds.login_host(snapshot.cloud)
        tenant = one.issuer.partition("://")[2].split("/")[1:2] if ours else []
        devops = (one.subject or "").startswith(clouds.DEVOPS_SUBJECT)
        if tenant and not devops and tenant[0].lower() != snapshot.tenant_id.lower():
            explanation = f"the issuer is of the tenant {tenant[0]}: identity and application must be in one tenant"
            yield _fault(application, one, "federated-other-tenant", explanation, "delete it: no exchange can match")


def _on_privileged(
    application: Application, principal: ServicePrincipal | None, privileged: Mapping[str, str]
) -> Iterator[TrustFault]:
    role = privileged.get(principal.id) if principal else None
    for one in application.federated or () if role else ():
        host = clouds.host_of(one.issuer)
        if host not in clouds.LOGIN_HOSTS:
            explanation = f"{host or 'an outside issuer'} can act as an application that holds {role}"
            advice = "make sure that its subject is as narrow as can be, or remove it"
            yield _fault(application, one, "federated-outside-issuer", explanation, advice)
