"""Where an application runs, and whether managed identities can serve there; if not, what can. Pure.

Sources: "Configure an application to trust a managed identity" (user-assigned only, one tenant, one cloud), "Use
Microsoft Entra Workload ID with AKS" (the pod's token is the assertion; a token of an identity that was itself
federated is refused with AADSTS700222), "Authenticate against Azure resources with Azure Arc-enabled servers".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from inventory.estate import Host
from inventory.model import Application, FederatedCredential
from migrate.planning import clouds, ways
from migrate.planning.decisions import Runs, RunsOn
from migrate.planning.facts import ARC, CLOUD_SHELL, CLUSTER, STATIC_SITE, UNATTACHABLE, Facts, Named, Naming
from migrate.refusalcodes import RefusalCode
from migrate.steps import Step

GITHUB = "token.actions.githubusercontent.com"
DEVOPS = "vstoken.dev.azure.com"
SERVICE_ACCOUNT = "system:serviceaccount:"


@dataclass(frozen=True, slots=True, kw_only=True)
class Elsewhere:
    """Why no managed identity can serve, and the way that does work."""

    code: RefusalCode
    explanation: str
    steps: tuple[Step, ...] = ()


_DECIDED = {
    Runs.AKS: RefusalCode.AKS,
    Runs.ARC_SERVER: RefusalCode.ARC_SERVER,
    Runs.CLOUD_SHELL: RefusalCode.CLOUD_SHELL,
    Runs.GITHUB_ACTIONS: RefusalCode.GITHUB_ACTIONS,
    Runs.AZURE_DEVOPS: RefusalCode.AZURE_DEVOPS,
    Runs.OTHER_ISSUER: RefusalCode.OTHER_ISSUER,
    Runs.OTHER_CLOUD: RefusalCode.OTHER_CLOUD,
    Runs.OTHER_TENANT: RefusalCode.SAME_TENANT_REQUIRED,
    Runs.OFF_AZURE: RefusalCode.OFF_AZURE_HOST,
}
_WORDS: Mapping[RefusalCode, str] = {
    RefusalCode.AKS: "on AKS the token of an identity is itself federated and is refused as an assertion "
    "(AADSTS700222): let the application trust the cluster directly",
    RefusalCode.ARC_SERVER: "Arc-enabled servers give tokens of their system-assigned identity only: move it to a host "
    "that takes a user-assigned one, or use a certificate",
    RefusalCode.CLOUD_SHELL: "Cloud Shell gives no token for the audience of an exchange: sign in as a person there",
    RefusalCode.STATIC_WEB_APP: "the managed functions of a static web app have no managed identity: bring an own "
    "Azure Functions application, which has",
    RefusalCode.GITHUB_ACTIONS: "a workflow has no managed identity: let the application trust GitHub directly",
    RefusalCode.AZURE_DEVOPS: "a pipeline has no managed identity: let the application trust Azure DevOps directly "
    "(a service connection with workload identity federation)",
    RefusalCode.OTHER_ISSUER: "it runs where an OpenID Connect issuer can vouch for it: let it trust that directly",
    RefusalCode.OTHER_CLOUD: "an exchange never crosses from one Microsoft cloud to another: register an application "
    "in the other cloud",
    RefusalCode.SAME_TENANT_REQUIRED: "application and identity must be in one tenant: create the identity in a "
    "subscription of this tenant, or register the application in the other one",
    RefusalCode.OFF_AZURE_HOST: "it runs outside of Azure, where there is no managed identity: let it trust an OpenID "
    "Connect issuer that is there, or move it",
}
_BY_TYPE = {
    CLUSTER: RefusalCode.AKS,
    ARC: RefusalCode.ARC_SERVER,
    CLOUD_SHELL: RefusalCode.CLOUD_SHELL,
    STATIC_SITE: RefusalCode.STATIC_WEB_APP,
}
_DIRECT = frozenset({
    RefusalCode.AKS, RefusalCode.GITHUB_ACTIONS, RefusalCode.AZURE_DEVOPS, RefusalCode.OTHER_ISSUER,
})  # fmt: skip


def decided(application: Application, runs: RunsOn, facts: Facts) -> Elsewhere:
    """Return what a decision on where it runs means."""
    code = _DECIDED[runs.on]
    said = f"unsecret.toml says that it runs on {runs.on}" + (f" ({runs.reason})" if runs.reason else "")
    clusters = [one for one in facts.running(application.client_id) if one.host.type == CLUSTER]
    issuer = runs.issuer or (clusters[0].host.issuer if clusters else None)
    return _elsewhere(application, facts, code, said, issuer=issuer, subject=runs.subject)


def unsuited(application: Application, facts: Facts) -> Elsewhere | None:
    """Return why a host that the application runs on cannot serve; one of several is enough, as it keeps the secret."""
    found = [one for one in facts.running(application.client_id) if one.host.type in UNATTACHABLE]
    parts = [_on_host(application, one, facts) for one in found if one.host.type == found[0].host.type]
    if not parts:
        return None
    told = next((one for one in parts if one.steps), parts[0])
    return replace(told, steps=tuple(step for one in parts for step in one.steps))


def _on_host(application: Application, named: Named, facts: Facts) -> Elsewhere:
    trust = _trust_of(application, named.host)
    return _elsewhere(
        application,
        facts,
        _BY_TYPE[named.host.type],
        f"it runs on {named.host.name}: {named.how}",
        issuer=named.host.issuer,
        subject=trust.subject if trust else None,
        present=trust,
        cluster=named.host.name,
    )


def _trust_of(application: Application, host: Host) -> FederatedCredential | None:
    issuer = (host.issuer or "").rstrip("/")
    return next(
        (one for one in application.federated or () if issuer and one.issuer.rstrip("/") == issuer), None
    )  # fmt: skip


def _elsewhere(
    application: Application,
    facts: Facts,
    code: RefusalCode,
    said: str,
    *,
    issuer: str | None,
    subject: str | None,
    present: FederatedCredential | None = None,
    cluster: str = "",
) -> Elsewhere:
    if code is RefusalCode.AKS and issuer:
        issuer = issuer.rstrip("/") + "/"  # compared to the letter; AKS issues with a slash at the end
    explanation = f"{said}; {_WORDS[code]}"
    if code not in _DIRECT:
        return Elsewhere(code=code, explanation=explanation)
    if present and (present.issuer, present.audiences) == (issuer, (facts.audience,)):
        return Elsewhere(code=code, explanation=f"{explanation}; its federated credential {present.name} does that")
    what = {RefusalCode.AKS: f"the cluster {cluster}".rstrip(), RefusalCode.GITHUB_ACTIONS: "GitHub"}.get(code, "")
    what = what or ("Azure DevOps" if code is RefusalCode.AZURE_DEVOPS else "the issuer")
    step = ways.direct(application, facts, issuer=issuer, subject=subject, what=what)
    return Elsewhere(code=code, explanation=explanation, steps=(step,))


# --- when no identity fits -------------------------------------------------------------------------------------------


def explained(application: Application, facts: Facts) -> Elsewhere | None:
    """Return a better reason than that no identity was found, and the steps that lead out of it, where there is one."""
    hosts = [one for one in facts.running(application.client_id) if one.host.type not in UNATTACHABLE]
    if application.client_id in facts.privileged:  # whoever may tag a host must not get the role by that
        hosts = [one for one in hosts if not one.tagged]
    if hosts:
        return _without_identity(application, hosts, facts)
    for trust in application.federated or ():
        found = _outside(application, trust, facts)
        if found is not None:
            return found
    return _by_address(application, facts) or _off_azure(application, facts)


def _by_address(application: Application, facts: Facts) -> Elsewhere | None:
    """Say that it signs in from a cluster, where the address is of one cluster and of nothing else."""
    for address in sorted(facts.addresses.get(application.client_id, ())):
        sharers = facts.by_address.get(address, ())
        if len(sharers) == 1 and sharers[0].type == CLUSTER:
            said = f"it signs in from {address}, an outbound address of the cluster {sharers[0].name}"
            return _elsewhere(application, facts, RefusalCode.AKS, said, issuer=sharers[0].issuer, subject=None)
    return None


def _without_identity(application: Application, named: list[Named], facts: Facts) -> Elsewhere:
    using = [one for one in named if one.naming is Naming.USES] or named
    hosts = [one.host for one in using]
    names = ", ".join(host.name for host in hosts[:3]) + (f" and {len(hosts) - 3} more" if len(hosts) > 3 else "")  # noqa: PLR2004
    located = facts.located
    foreign = [one for host in hosts for one in host.identities if located is not None and one not in located]
    steps = ways.new_identity(application, hosts, facts)
    if foreign and not any(facts.attached(host) for host in hosts):
        code, why = _foreign(foreign[0], facts)
    elif all(host.system_principal and not host.identities for host in hosts):
        code, why = (
            RefusalCode.SYSTEM_ASSIGNED_ONLY,
            "they have a system-assigned identity only, which cannot be trusted",
        )
    else:
        code, why = RefusalCode.NO_IDENTITY, "none of their identities clearly belongs to it"
    runs = "it runs on" if using[0].naming is Naming.USES else "it is named on"
    return Elsewhere(code=code, explanation=f"{runs} {names}; {why}: create one for it", steps=steps)


def _foreign(resource_id: str, facts: Facts) -> tuple[RefusalCode, str]:
    """Tell a deleted identity, which hosts go on naming, from one of another tenant: a subscription has one tenant."""
    subscription = resource_id.split("/")[2:3]
    if subscription and subscription[0] in facts.subscriptions:
        return RefusalCode.NO_IDENTITY, f"{resource_id}, which they have, is not there any more"
    return RefusalCode.SAME_TENANT_REQUIRED, f"no identity of this tenant is {resource_id}, which they have"


def _outside(application: Application, trust: FederatedCredential, facts: Facts) -> Elsewhere | None:
    code = _code_of(trust, facts)
    if code is None:
        return None
    said = f"its federated credential {trust.name} trusts {trust.issuer}"
    return _elsewhere(application, facts, code, said, issuer=trust.issuer, subject=trust.subject, present=trust)


def _code_of(trust: FederatedCredential, facts: Facts) -> RefusalCode | None:
    host, tenant = clouds.host_of(trust.issuer), facts.snapshot.tenant_id.lower()
    if host in clouds.LOGIN_HOSTS:
        if (trust.subject or "").startswith(clouds.DEVOPS_SUBJECT):
            return RefusalCode.AZURE_DEVOPS
        if host != clouds.login_host(facts.snapshot.cloud):
            return RefusalCode.OTHER_CLOUD
        return None if tenant in trust.issuer.lower() else RefusalCode.SAME_TENANT_REQUIRED
    if host == GITHUB:
        return RefusalCode.GITHUB_ACTIONS
    if host == DEVOPS:
        return RefusalCode.AZURE_DEVOPS
    return RefusalCode.AKS if (trust.subject or "").startswith(SERVICE_ACCOUNT) else RefusalCode.OTHER_ISSUER


def _off_azure(application: Application, facts: Facts) -> Elsewhere | None:
    """Say that it signs in from outside, where every host of the tenant tells its addresses and none has these."""
    seen = facts.addresses.get(application.client_id)
    if not seen or not facts.every_address or seen & facts.every_address:
        return None
    where = f"it signs in from {min(seen)}" + (f" and {len(seen) - 1} more addresses" if len(seen) > 1 else "")
    explanation = f"{where}, which no host of the tenant has; {_WORDS[RefusalCode.OFF_AZURE_HOST]}"
    return Elsewhere(code=RefusalCode.OFF_AZURE_HOST, explanation=explanation)
