"""Whether an application can be migrated at all, asked before any identity is looked for."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from inventory.model import Application, Credential, Purpose, ServicePrincipal
from inventory.usage_subject import has_agents
from migrate.model import PlannedCredential
from migrate.refusalcodes import RefusalCode

Refused = tuple[RefusalCode, str]


def planned(credentials: Iterable[Credential]) -> tuple[PlannedCredential, ...]:
    """Return the credentials that may be retired: those that authenticate, and nothing else."""
    chosen = (each for each in credentials if each.purpose is Purpose.AUTHENTICATION)
    return tuple(
        PlannedCredential(
            key_id=each.key_id,
            kind=each.kind,
            holder=each.holder,
            holder_id=each.holder_id,
            display_name=each.display_name,
            hint=each.hint,
            thumbprint=each.thumbprint,
            end=each.end,
        )
        for each in sorted(chosen, key=lambda each: (each.holder, each.key_id))
    )


def is_live(credential: PlannedCredential, at: datetime) -> bool:
    """Whether a credential still works at a time; an end that cannot be read counts as live."""
    return credential.end is None or credential.end > at


def refusal(
    application: Application,
    principal: ServicePrincipal | None,
    credentials: tuple[Credential, ...],
    retirable: tuple[PlannedCredential, ...],
    at: datetime,
) -> Refused | None:
    """Return why an application cannot be migrated, or None where it can; ``retirable`` are its planned credentials."""
    if not any(is_live(each, at) for each in retirable):
        return _nothing_live(credentials)
    checks = (
        (
            application.disabled,
            RefusalCode.DISABLED,
            "the application is deactivated (isDisabled); nothing can be proven for it",
        ),
        (
            principal is not None and principal.enabled is False,
            RefusalCode.DISABLED,
            "its service principal is disabled (accountEnabled); nothing can be proven for it",
        ),
        (
            application.sign_in_audience == "PersonalMicrosoftAccount",
            RefusalCode.PERSONAL_ACCOUNTS,
            "it serves personal accounts only, which have no tenant to exchange in",
        ),
        (
            has_agents((application, principal)),
            RefusalCode.AGENT_BLUEPRINT,
            "agent identities sign in by its credentials, under client ids of their own",
        ),
        (
            application.federated is None,
            RefusalCode.FEDERATED_UNREADABLE,
            "its federated credentials could not be read; scan again",
        ),
    )
    return next(((code, why) for holds, code, why in checks if holds), None)


def _nothing_live(credentials: tuple[Credential, ...]) -> Refused:
    purposes = {each.purpose for each in credentials}
    if Purpose.AUTHENTICATION in purposes:
        return RefusalCode.NO_LIVE_CREDENTIAL, "every credential has expired; there is nothing to migrate"
    if Purpose.UNKNOWN in purposes:
        return RefusalCode.PURPOSE_UNKNOWN, "what its credentials are for is unknown; removing one could break it"
    if Purpose.SIGNING in purposes:
        return RefusalCode.SIGNING_ONLY, "its credentials sign tokens (SAML); removing one breaks single sign-on"
    return RefusalCode.ENCRYPTION_ONLY, "its credentials encrypt tokens; removing one breaks sign-in"
