"""Rules about applications and service principals: owners, origin, where credentials are, what holders may do. Pure.

Sources: "servicePrincipal" (``appOwnerOrganizationId``), "application" (``createdByAppId``), "Verify first-party
Microsoft applications in sign-in reports" (the tenants and clients of Microsoft's own).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from inventory.estate import RoleHeld, Tier
from inventory.hygiene_context import Context, label, named
from inventory.hygiene_rules import finding
from inventory.model import Application, ServicePrincipal
from reports.model import Confidence, Finding, Severity

MICROSOFT_TENANTS: Final = frozenset({"f8cdef31-a31e-4b4a-93e4-5f571e91255a", "72f988bf-86f1-41af-91ab-2d7cd011db47"})
_TOOLS: Final = frozenset({
    "04b07795-8ddb-461a-bbee-02f9e1bf7b46",  # Azure CLI
    "14d82eec-204b-4c2f-b7e8-296a70dab67e",  # Microsoft Graph PowerShell
    "1950a258-227b-4e31-a9cf-717495945fc2",  # Azure PowerShell
    "74658136-14ec-4630-ad9b-26e160ff0fc6",  # the portal's directory pages
    "872cd9fa-d31f-45e0-9eab-6e460a02d1f1",  # Visual Studio
    "c44b4083-3bb0-49c1-b47d-974e53cbdf3c",  # the portal
    "de8bc8b5-d9f9-48b1-a8ad-b748da725064",  # Graph Explorer
})  # fmt: skip
"""Clients of Microsoft's with which people register applications."""
_SHOWN = 3


def owners(context: Context, application: Application) -> Iterator[Finding]:
    """Yield what is wrong with the owners of an application; those that could not be read are no finding."""
    if application.owners is None:
        return
    subject = label(application.display_name, application.client_id)
    live = any(context.in_force(each) for each in context.held(application.client_id))
    if not application.owners:
        message = "Nobody owns this application" + (", and it has a live credential." if live else ".")
        severity = Severity.WARNING if live else Severity.NOTE
        yield finding("application-without-owner", message, subject, severity=severity)
        return
    who = {each.object_id: each.display_name or each.object_id for each in application.owners}
    gone = [who[each.object_id] for each in application.owners if each.enabled is False]
    if gone:
        left = len(gone) < len(application.owners)
        message = f"The account of its owner {', '.join(gone)} is disabled" + ("." if left else "; no other is left.")
        yield finding("owner-disabled", message, subject, severity=Severity.NOTE if left else Severity.WARNING)
    if len(who) == 1 and live:
        message = f"Only {next(iter(who.values()))} owns this application."
        yield finding("application-with-single-owner", message, subject)


def origin(context: Context, application: Application) -> Iterator[Finding]:
    """Yield that another application registered this one; an id that this tenant does not know may be a tool's."""
    creator = application.created_by
    if creator is None or creator in _TOOLS or creator == application.client_id:
        return
    known = context.creators.get(creator)
    if isinstance(known, ServicePrincipal) and known.home_tenant in MICROSOFT_TENANTS:
        return
    who = label(known.display_name, creator) if known else f"{creator}, which this tenant does not know,"
    yield finding(
        "application-created-by-application",
        f"The application {who} registered it.",
        label(application.display_name, application.client_id),
        confidence=None if known else Confidence.LOW,
    )


def several(context: Context, holder: Application | ServicePrincipal) -> Iterator[Finding]:
    """Yield that more than one secret works at a time."""
    live = context.live_secrets(holder.client_id)
    if len(live) > 1:
        message = f"{len(live)} client secrets work at the same time: {named(live)}."
        yield finding("several-live-secrets", message, label(holder.display_name, holder.client_id))


def placed(context: Context, principal: ServicePrincipal) -> Iterator[Finding]:
    """Yield live credentials on a service principal: of an own application, another tenant's or Microsoft's."""
    live = tuple(one for one in principal.credentials if context.in_force(one))
    if not live:
        return
    kinds = " and ".join(dict.fromkeys(f"{one.kind.value}s" for one in live))
    yield finding(
        _place(context, principal),
        f"Live {kinds} on the service principal alone: {named(live)}.",
        label(principal.display_name, principal.client_id),
    )


def _place(context: Context, principal: ServicePrincipal) -> str:
    home = principal.home_tenant
    if home in MICROSOFT_TENANTS and home != context.snapshot.tenant_id:
        return "microsoft-principal-with-credential"
    if home is not None and home != context.snapshot.tenant_id:
        return "foreign-principal-with-credential"
    return "credential-on-service-principal"


def privileged(context: Context, holder: Application | ServicePrincipal) -> Iterator[Finding]:
    """Yield that whoever reads a secret of this application reaches the whole tenant, or nobody knows what."""
    roles = context.roles.get(holder.client_id, ())
    secrets = context.live_secrets(holder.client_id)
    if not roles or not secrets:
        return
    tier = min(role.tier for role in roles)
    worst = tuple(role for role in roles if role.tier is tier)
    if tier is Tier.WORKLOAD:
        worst = tuple(role for role in roles if role.tier is Tier.UNKNOWN)
        tier = Tier.UNKNOWN
    if not worst:
        return
    subject = label(holder.display_name, holder.client_id)
    signs = f"It signs in with {named(secrets)} and holds {_roles(worst)}."
    if tier is Tier.UNKNOWN:
        yield finding("privilege-unknown", signs, subject)
        return
    narrow = all(role.scope not in ("", "/") for role in worst)
    yield finding(
        "privileged-application-with-secret",
        signs,
        subject,
        severity=Severity.ERROR if tier is Tier.CONTROL else Severity.WARNING,
        confidence=Confidence.MEDIUM if narrow else None,
    )


def _roles(roles: tuple[RoleHeld, ...]) -> str:
    said = (f"{each.role}{_where(each)}: {each.reason}" for each in roles[:_SHOWN])
    return "; ".join(said) + (f"; and {len(roles) - _SHOWN} more" if len(roles) > _SHOWN else "")


def _where(role: RoleHeld) -> str:
    if role.resource:
        return f" ({role.resource})"
    return f" (in {role.scope})" if role.scope not in ("", "/") else ""
