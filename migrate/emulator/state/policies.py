"""App management policies: which credentials may still be added to an application or a service principal.

Sources: pages "application authentication methods API overview" and "appManagementPolicy", reference pages
"passwordCredentialConfiguration" and "Create appManagementPolicy"; both refusals are recorded. A policy of its own
replaces the tenant's default as a whole, and no policy ever keeps a token back or takes a credential away. Assumed: a
policy that is assigned and switched off restricts nothing, not even what the default restricts.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from migrate.emulator.state.records import Application, ServicePrincipal
from migrate.emulator.state.rules import RuleBreachError

PASSWORD_ADDITION: Final = "passwordAddition"  # noqa: S105 - the name of a rule
PASSWORD_LIFETIME: Final = "passwordLifetime"  # noqa: S105 - the name of a rule
CUSTOM_PASSWORD_ADDITION: Final = "customPasswordAddition"  # noqa: S105 - the name of a rule
SYMMETRIC_KEY_ADDITION: Final = "symmetricKeyAddition"
SYMMETRIC_KEY_LIFETIME: Final = "symmetricKeyLifetime"
ASYMMETRIC_KEY_LIFETIME: Final = "asymmetricKeyLifetime"
PASSWORD_RESTRICTIONS: Final = (
    PASSWORD_ADDITION, PASSWORD_LIFETIME, CUSTOM_PASSWORD_ADDITION, SYMMETRIC_KEY_ADDITION, SYMMETRIC_KEY_LIFETIME,
)  # fmt: skip
KEY_RESTRICTIONS: Final = (ASYMMETRIC_KEY_LIFETIME,)
DEFAULT_ID: Final = "00000000-0000-0000-0000-000000000000"
CREATED_WHEN_UNKNOWN: Final = datetime(2019, 1, 1, tzinfo=UTC)
"""What counts for a service principal without createdDateTime (reference page "Create appManagementPolicy")."""

Holder = Application | ServicePrincipal


@dataclass(frozen=True, slots=True, kw_only=True)
class Restriction:
    """One rule of a policy."""

    type: str
    enabled: bool = True
    lifetime: timedelta | None = None
    lifetime_text: str | None = None
    """The ISO 8601 duration as it was written, for the answers."""
    created_from: datetime | None = None
    """Objects that are older are spared; None spares none."""
    excluded_actors: Any = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Restrictions:
    """The rules of a policy, each type at most once."""

    passwords: tuple[Restriction, ...] = ()
    keys: tuple[Restriction, ...] = ()
    of_applications: Any = None
    """What concerns no credential, as it was sent (identifier URIs, audiences, ...): kept and told, never enforced."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """An app management policy; only the default has other rules for service principals than for applications."""

    id: str
    display_name: str
    description: str
    enabled: bool = False
    restrictions: Restrictions = Restrictions()
    principal_restrictions: Restrictions | None = None

    def rules_for(self, holder: Holder) -> tuple[Restriction, ...]:
        """Give the rules that a kind of object is under."""
        chosen = self.restrictions
        if isinstance(holder, ServicePrincipal) and self.principal_restrictions is not None:
            chosen = self.principal_restrictions
        return (*chosen.passwords, *chosen.keys) if self.enabled else ()


# Name and description as the reference page "Get tenantAppManagementPolicy" shows them.
DEFAULT_POLICY: Final = Policy(
    id=DEFAULT_ID,
    display_name="Default app management tenant policy",
    description=(
        "Default tenant policy that enforces app management restrictions on applications and service principals. "
        "To apply policy to targeted resources, create a new policy under appManagementPolicies collection."
    ),
    principal_restrictions=Restrictions(),
)


@dataclass(slots=True, kw_only=True)
class PolicyBook:
    """A tenant's policies and the objects they are assigned to; whoever changes it holds the tenant's lock."""

    default: Policy = DEFAULT_POLICY
    custom: dict[str, Policy] = field(default_factory=dict)
    assigned: dict[str, str] = field(default_factory=dict)
    """Policy id by object id."""

    def policy_of(self, holder: Holder) -> Policy:
        """Give the one policy that an object is under."""
        return self.custom.get(self.assigned.get(holder.id, ""), self.default)

    def delete(self, policy_id: str) -> None:
        """Drop a policy; the objects it was assigned to fall back to the default (assumed)."""
        del self.custom[policy_id]
        self.assigned = {holder: policy for holder, policy in self.assigned.items() if policy != policy_id}


def refuse_type(book: PolicyBook, holder: Holder, kind: str) -> None:
    """Refuse a kind of credential that may not be added at all."""
    policy, restriction = _in_force(book, holder, kind)
    if restriction is not None:
        raise RuleBreachError(
            400,
            "CredentialTypeNotAllowedAsPerAppPolicy",
            f"Credential type not allowed as per assigned policy '{policy.id}'.",
        )


def refuse_lifetime(book: PolicyBook, holder: Holder, kind: str, life: timedelta) -> None:
    """Refuse a credential that would live for too long; what the default end date makes of it counts too."""
    policy, restriction = _in_force(book, holder, kind)
    if restriction is not None and restriction.lifetime is not None and life > restriction.lifetime:
        raise RuleBreachError(
            400,
            "CredentialInvalidLifetimeAsPerAppPolicy",
            f"Credential lifetime exceeds the max value allowed as per assigned policy '{policy.id}'.",
        )


def _in_force(book: PolicyBook, holder: Holder, kind: str) -> tuple[Policy, Restriction | None]:
    policy = book.policy_of(holder)
    created = holder.created or CREATED_WHEN_UNKNOWN
    for rule in policy.rules_for(holder):
        if rule.type == kind and rule.enabled and (rule.created_from is None or rule.created_from <= created):
            return policy, rule
    return policy, None
