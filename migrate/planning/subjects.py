"""The applications of a snapshot with all their credentials, and those that are refused whatever identities exist."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from inventory.classify import reconcile
from inventory.model import Application, ApplicationId, ClientId, Credential, ServicePrincipal, Snapshot
from migrate.model import ApplicationRef, Candidate, PlannedCredential, Refusal
from migrate.planning import eligibility, managed, ways
from migrate.planning.decisions import Decisions
from migrate.planning.facts import Facts
from migrate.planning.resolve import Resolved
from migrate.planning.risk import Surroundings
from migrate.planning.unused import unused
from migrate.refusalcodes import RefusalCode
from migrate.steps import Step


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """An application that holds credentials, its service principal's included."""

    application: Application
    principal: ServicePrincipal | None
    credentials: tuple[Credential, ...]
    planned: tuple[PlannedCredential, ...]

    @property
    def reference(self) -> ApplicationRef:
        """Return what a plan keeps of the application."""
        one = self.application
        return ApplicationRef(id=one.id, client_id=one.client_id, display_name=one.display_name)

    def refuse(
        self,
        code: RefusalCode,
        explanation: str,
        *,
        candidates: tuple[Candidate, ...] = (),
        steps: tuple[Step, ...] = (),
    ) -> Refusal:
        """Return the refusal of this application."""
        return Refusal(
            application=self.reference,
            code=code,
            explanation=explanation,
            candidates=candidates,
            credentials=self.planned,
            steps=steps,
        )


def subjects(snapshot: Snapshot, principals: Mapping[ClientId, ServicePrincipal]) -> Iterator[Subject]:
    """Yield the applications that hold a credential, by client id."""
    for application in sorted(snapshot.applications, key=lambda one: one.client_id):
        principal = principals.get(application.client_id)
        credentials = reconcile(application, principal)
        if credentials:
            yield Subject(
                application=application,
                principal=principal,
                credentials=credentials,
                planned=eligibility.planned(credentials),
            )


def ineligible(subject: Subject, decisions: Decisions, resolved: Resolved, snapshot: Snapshot) -> Refusal | None:
    """Return why an application is left alone whatever identities there are; None where it is to be paired."""
    application = subject.application
    excluded = resolved.excluded.get(application.client_id)
    if excluded is not None:
        explanation = f"unsecret.toml excludes it until {excluded.until}: {excluded.reason}"
        return subject.refuse(RefusalCode.EXCLUDED, explanation)
    refused = eligibility.refusal(
        application, subject.principal, subject.credentials, subject.planned, snapshot.taken_at
    )
    if refused is not None:
        return subject.refuse(*refused)
    if application.client_id in resolved.pairs:
        return None
    tool = managed.tool_of(application, decisions.managed)
    if tool:
        explanation = f"{tool} makes and renews its credentials: let that tool stop using secrets"
        return subject.refuse(RefusalCode.MANAGED_BY_OTHER_TOOL, explanation)
    return None


def idle(subject: Subject, facts: Facts, around: Surroundings) -> Refusal | None:
    """Return the refusal of an application that nobody uses, and that no host and no code names."""
    application = subject.application
    if facts.named.get(application.client_id) or any(one.client_id == application.client_id for one in facts.sites):
        return None
    uses = around.uses.get(application.client_id, ())
    days = facts.decisions.thresholds.unused_days
    shown = unused(application, subject.credentials, uses, facts.snapshot, days)
    if not shown:
        return None
    explanation = f"nobody uses it: {shown}; deactivate it, and delete it later, instead of federating it"
    return subject.refuse(RefusalCode.UNUSED, explanation, steps=ways.abandon(application))


def without_application(snapshot: Snapshot) -> Iterator[Refusal]:
    """Yield service principals with credentials whose application lives elsewhere, or nowhere."""
    registered = {application.client_id for application in snapshot.applications}
    for principal in snapshot.service_principals:
        if principal.client_id not in registered:
            credentials = eligibility.planned(principal.credentials)
            if credentials:
                yield _without(principal, credentials, snapshot)


def _without(principal: ServicePrincipal, credentials: tuple[PlannedCredential, ...], snapshot: Snapshot) -> Refusal:
    if principal.home_tenant not in {None, snapshot.tenant_id}:
        code = RefusalCode.FOREIGN_APPLICATION
        explanation = f"it is registered in tenant {principal.home_tenant}; only its owner can federate it"
    else:
        code = RefusalCode.NO_APPLICATION
        explanation = "this service principal has no application registration to hold a federated credential"
    return Refusal(
        application=ApplicationRef(
            id=ApplicationId(principal.id), client_id=principal.client_id, display_name=principal.display_name
        ),
        code=code,
        explanation=explanation,
        candidates=(),
        credentials=credentials,
    )
