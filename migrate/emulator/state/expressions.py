"""The expression of a flexible federated identity credential: which claims an outside token must have.

Sources: pages "Flexible federated identity credentials" for the language and the issuers, "Set up a flexible federated
identity credential" and "Mutable subjects in federated identity credentials" for the claims that must and may be named;
the refusal for other claims is recorded. Assumed are the refusals for a foreign issuer and for what is no expression.
"""

import re
from dataclasses import dataclass
from typing import Final

from migrate.emulator.state.rules import RuleBreachError

LANGUAGE_VERSION: Final = 1
_TERM: Final = r"claims\['(?P<claim>[A-Za-z0-9_]+)'\] (?:eq|matches) '(?:[^']|'')+'"
_FIRST: Final = re.compile(_TERM)
_NEXT: Final = re.compile(f" and {_TERM}")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Platform:
    """An outside issuer whose tokens can be matched by expression."""

    issuer: re.Pattern[str]
    anchors: frozenset[str] = frozenset()
    """Claims that cannot be taken over by somebody else; one of them has to stand beside ``sub``."""
    others: frozenset[str] = frozenset()

    def allows(self, claims: frozenset[str]) -> bool:
        """Whether an expression may consist of these claims."""
        anchored = not self.anchors or not self.anchors.isdisjoint(claims)
        return "sub" in claims and anchored and claims <= {"sub"} | self.anchors | self.others


_PLATFORMS: Final = (
    _Platform(
        issuer=re.compile(r"https://token\.actions\.githubusercontent\.com"),
        anchors=frozenset({"repository_id", "repository_owner_id"}),
        others=frozenset({"job_workflow_ref"}),
    ),
    _Platform(
        issuer=re.compile(r"https://gitlab\.(?:com|[A-Za-z0-9-]+\.(?:com|ca))"),
        anchors=frozenset({"project_id", "namespace_id", "user_id"}),
    ),
    _Platform(issuer=re.compile(r"https://app\.(?:eu\.)?terraform\.io")),
)


def check_expression(issuer: str, value: str) -> None:
    """Refuse an expression that is none, or that names too few or other claims than the issuer's tokens carry."""
    platform = next((item for item in _PLATFORMS if item.issuer.fullmatch(issuer)), None)
    if platform is None:
        raise _refused(value, f"Expressions are not supported for issuer '{issuer}'.")
    claims = _claims(value)
    if claims is None:
        raise _refused(value, "Expression could not be parsed.")
    if not platform.allows(claims):
        raise _refused(
            value,
            f"Expression configured for issuer '{issuer}' either lacks all required claims or contains unallowed "
            "claims.",
        )


def _claims(value: str) -> frozenset[str] | None:
    match = _FIRST.match(value)
    found = []
    while match is not None:
        found.append(match["claim"])
        if match.end() == len(value):
            return frozenset(found)
        match = _NEXT.match(value, match.end())
    return None


def _refused(value: str, reason: str) -> RuleBreachError:
    return RuleBreachError(
        400,
        "InvalidFederatedIdentityCredentialValue",
        "The FederatedIdentityCredential.ClaimsMatchingExpression.Value is invalid. "
        f"Rule exception: {reason} paramName: FederatedIdentityCredential.ClaimsMatchingExpression.Value, "
        f"paramValue: {value}, objectType: Microsoft.Online.DirectoryServices.Application",
    )
