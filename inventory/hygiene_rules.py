"""The rules of ``inventory.hygiene``, as docs/hygiene.md lists them: when, how bad it is, what to do. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from reports.model import Confidence, Finding, Severity

_ERROR, _WARNING, _NOTE = (Severity.ERROR,), (Severity.WARNING,), (Severity.NOTE,)
_RENEW: Final = "Delete it and create it again: a federated credential matches to the letter or not at all."


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One rule; the first of its severities holds where nothing milder or worse is said."""

    name: str
    severities: tuple[Severity, ...]
    when: str
    advice: str
    confidence: Confidence = Confidence.HIGH


_RULES: Final = (
    Rule(
        name="credential-expired",
        severities=_NOTE,
        when="it has ended and is still there",
        advice="Remove it: it authenticates nobody.",
    ),
    Rule(
        name="credential-expiring",
        severities=_WARNING,
        when="it ends within `expiring_days`",
        advice="Migrate its application before that day, or renew it.",
    ),
    Rule(
        name="signing-key-expiring",
        severities=_WARNING,
        when="a key that signs tokens ends within `expiring_days`",
        advice="Roll it over with those who verify its signatures: single sign-on ends with it.",
    ),
    Rule(
        name="credential-endless",
        severities=_WARNING,
        when="it has no end, or one more than 30 years after its begin",
        advice="Migrate this application first; a leaked copy works for ever.",
    ),
    Rule(
        name="credential-too-long",
        severities=_NOTE,
        when="it lives longer than `longest_days`",
        advice="Replace it by none, or by one that lives shorter.",
    ),
    Rule(
        name="credential-longer-than-policy",
        severities=_WARNING,
        when="it lives longer than the app management policy of its holder allows, which binds new ones only",
        advice="Replace it: the policy would not let it be made today.",
    ),
    Rule(
        name="credential-old",
        severities=_NOTE,
        when="it began more than `old_days` ago",
        advice="Replace it: the longer it has been around, the more places know it.",
    ),
    Rule(
        name="credential-unused",
        severities=_WARNING,
        when="no success in `unused_days`, a source shows all of them, and a report or log tells that no user signs in",
        advice="Ask its owners and remove it; a job that runs less often would not show.",
        confidence=Confidence.MEDIUM,
    ),
    Rule(
        name="credential-use-unknown",
        severities=_NOTE,
        when="neither use nor disuse can be shown; said once for all credentials of the same reasons",
        advice="Unknown is not unused: remove what is named here from the way, and scan again.",
    ),
    Rule(
        name="credential-unnamed",
        severities=_NOTE,
        when="a live secret has no display name",
        advice="Name secrets by who uses them: nobody can tell what breaks when this one goes.",
    ),
    Rule(
        name="several-live-secrets",
        severities=_NOTE,
        when="more than one secret of an application works today, those on its service principal counted",
        advice="Find out who uses which; a finished rotation leaves one.",
    ),
    Rule(
        name="credential-on-service-principal",
        severities=_WARNING,
        when="a live credential is on the service principal of an own application; App registrations does not show it",
        advice="Find out who added it there; move to the application or to a managed identity.",
    ),
    Rule(
        name="foreign-principal-with-credential",
        severities=_WARNING,
        when="somebody here added a credential to another tenant's application",
        advice="Ask its vendor whether it is needed: whoever has it acts here as that application.",
    ),
    Rule(
        name="microsoft-principal-with-credential",
        severities=_WARNING,
        when="an application of Microsoft's has a credential in this tenant",
        advice="Look up in the audit log who added it: attackers hide there.",
        confidence=Confidence.MEDIUM,
    ),
    Rule(
        name="privileged-application-with-secret",
        severities=(Severity.ERROR, Severity.WARNING),
        when="an application of tier control (error) or management (warning) signs in with a secret",
        advice="Migrate it first, or take the role away: whoever reads the secret may do the same.",
    ),
    Rule(
        name="privilege-unknown",
        severities=_NOTE,
        when="an application that signs in with a secret holds roles that this version does not know, and none above",
        advice="Look up what these roles allow; unknown is not harmless.",
    ),
    Rule(
        name="application-without-owner",
        severities=(Severity.WARNING, Severity.NOTE),
        when="nobody owns it (note where it has no live credential)",
        advice="Name an owner: somebody has to answer for the change.",
    ),
    Rule(
        name="application-with-single-owner",
        severities=_NOTE,
        when="one owner alone answers for a live credential",
        advice="Name a second owner before the first one leaves.",
    ),
    Rule(
        name="owner-disabled",
        severities=(Severity.WARNING, Severity.NOTE),
        when="the account of an owner is disabled (warning where no other owner is left)",
        advice="Name an owner who is still there.",
    ),
    Rule(
        name="application-created-by-application",
        severities=_NOTE,
        when="another application registered it, alone or for a person; Microsoft's own tools are left out",
        advice="Find out what made it, and whether it makes more.",
        confidence=Confidence.MEDIUM,
    ),
    Rule(
        name="federated-audience-is-id",
        severities=_ERROR,
        when="a federated credential names an audience by its id",
        advice=_RENEW,
    ),
    Rule(
        name="federated-issuer-is-bent",
        severities=_ERROR,
        when="its issuer names the tenant, and not as the tenant names itself",
        advice=_RENEW,
    ),
    Rule(
        name="federated-subject-is-client-id",
        severities=_ERROR,
        when="its subject is the client id of an identity, not the principal id",
        advice=_RENEW,
    ),
    Rule(
        name="federated-subject-in-wrong-case",
        severities=_ERROR,
        when="its subject differs from an identity's principal id in upper and lower case",
        advice=_RENEW,
    ),
    Rule(
        name="federated-identity-is-gone",
        severities=_WARNING,
        when="no managed identity of the tenant has its subject as principal id",
        advice="Delete it when the identity was deleted on purpose; nothing can use it.",
        confidence=Confidence.MEDIUM,
    ),
)
RULES: Final[Mapping[str, Rule]] = MappingProxyType({rule.name: rule for rule in _RULES})
"""By name, in the order of the page."""


def finding(
    name: str, message: str, subject: str, *, severity: Severity | None = None, confidence: Confidence | None = None
) -> Finding:
    """Return a finding of a rule, as bad and as sure as the rule says unless told otherwise."""
    rule = RULES[name]
    return Finding(
        rule=name,
        message=message,
        severity=severity or rule.severities[0],
        confidence=confidence or rule.confidence,
        subject=subject,
        advice=rule.advice,
    )
