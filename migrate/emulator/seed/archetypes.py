"""The kinds of application that a real tenant holds, each as one small function from a draft to a draft."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Final

from migrate.emulator.clouds import EXCHANGE_APP_ID
from migrate.emulator.seed.identities import add_pair
from migrate.emulator.seed.maker import Draft, Maker
from migrate.emulator.state.records import ServicePrincipal

_NEVER: Final = datetime(2299, 12, 31, tzinfo=UTC)
_GITHUB: Final = "https://token.actions.githubusercontent.com"

Archetype = Callable[[Maker, Draft], Draft]


def _with_passwords(maker: Maker, draft: Draft, *lasts: float) -> Draft:
    made = tuple(
        maker.secret(days, display_name=maker.dice.choice((None, "ci", "rotated", "prod secret"))) for days in lasts
    )
    return replace(draft, application=replace(draft.application, passwords=(*draft.application.passwords, *made)))


def _principal(draft: Draft) -> ServicePrincipal:
    if draft.principal is None:
        raise ValueError(f"the draft of {draft.application.display_name} has no service principal")
    return draft.principal


def one_secret(maker: Maker, draft: Draft) -> Draft:
    """Give it one live secret."""
    return _with_passwords(maker, draft, maker.dice.uniform(60, 700))


def several_secrets(maker: Maker, draft: Draft) -> Draft:
    """Give it two to four secrets, one of them expired."""
    live = [maker.dice.uniform(60, 700) for _ in range(maker.dice.randrange(1, 4))]
    return _with_passwords(maker, draft, -maker.dice.uniform(10, 300), *live)


def expiring_soon(maker: Maker, draft: Draft) -> Draft:
    """Give it a secret that ends within days."""
    return _with_passwords(maker, draft, maker.dice.uniform(3, 25))


def expired(maker: Maker, draft: Draft) -> Draft:
    """Give it secrets that have all ended."""
    return _with_passwords(maker, draft, -maker.dice.uniform(5, 40), -maker.dice.uniform(50, 400))


def never_expiring(maker: Maker, draft: Draft) -> Draft:
    """Give it a secret that ends in 2299, as old scripts made them."""
    password = replace(maker.secret(100), end=_NEVER)
    return replace(draft, application=replace(draft.application, passwords=(password,)))


def tool(maker: Maker, draft: Draft) -> Draft:
    """Give it one secret that outlives whatever is tried in the tenant: the weeks of a rollout, and years."""
    (password,) = one_secret(maker, draft).application.passwords
    return replace(draft, application=replace(draft.application, passwords=(replace(password, end=_NEVER),)))


def portal_secret(maker: Maker, draft: Draft) -> Draft:
    """Give it an old portal secret: its description is UTF-16 in customKeyIdentifier, displayName is null."""
    password = maker.secret(maker.dice.uniform(60, 400), custom_key_identifier="portal key".encode("utf-16-le"))
    return replace(draft, application=replace(draft.application, passwords=(password,)))


def principal_secret(maker: Maker, draft: Draft) -> Draft:
    """Give it a secret on the service principal alone, which does not show under App registrations."""
    password = maker.secret(maker.dice.uniform(60, 400), display_name="sp only")
    return replace(draft, principal=replace(_principal(draft), passwords=(password,)))


def certificate(maker: Maker, draft: Draft) -> Draft:
    """Give it a live certificate, and now and then an expired one."""
    name = f"{draft.application.display_name}.contoso.example"
    keys = [maker.certificate(name, maker.dice.uniform(40, 500))]
    if maker.chance(0.3):
        keys.append(maker.certificate(name, -maker.dice.uniform(10, 90)))
    return replace(draft, application=replace(draft.application, keys=tuple(keys)))


def certificate_and_secret(maker: Maker, draft: Draft) -> Draft:
    """Give it both kinds of credential."""
    return one_secret(maker, certificate(maker, draft))


def _signing(maker: Maker, draft: Draft, *, mode: str | None, preferred: bool, digest: bool) -> Draft:
    # Page "Configure SAML-based single sign-on by using Microsoft Graph": a Sign key, a Verify key and a password with
    # the Sign key's id, all three with the same customKeyIdentifier.
    recipe = maker.recipe("Microsoft Azure Federated SSO Certificate", maker.dice.uniform(100, 1000))
    chosen = maker.dice.randbytes(32) if digest else None
    made = [
        maker.certificate(recipe.common_name, 0, usage=usage, recipe=recipe, custom_key_identifier=chosen)
        for usage in ("Sign", "Verify")
    ]
    password = replace(
        maker.secret(500), key_id=made[0].key_id, signing_certificate=recipe, custom_key_identifier=chosen
    )
    principal = replace(
        _principal(draft),
        keys=tuple(made),
        passwords=(password,),
        sso_mode=mode,
        signing_certificate=recipe if preferred else None,
        others=MappingProxyType({"notificationEmailAddresses": ["sso-team@contoso.example"]} if mode else {}),
    )
    return replace(draft, principal=principal)


def saml(maker: Maker, draft: Draft) -> Draft:
    """Give it SAML single sign-on with its signing triple."""
    return _signing(maker, draft, mode="saml", preferred=True, digest=maker.chance(0.5))


def old_saml(maker: Maker, draft: Draft) -> Draft:
    """Make it an older SAML application: the mode is null, the triple is there."""
    return _signing(maker, draft, mode=None, preferred=True, digest=False)


def saml_with_secret(maker: Maker, draft: Draft) -> Draft:
    """Give it SAML single sign-on for people and a secret for its own calls."""
    return one_secret(maker, saml(maker, draft))


def custom_signing(maker: Maker, draft: Draft) -> Draft:
    """Give it a custom signing key (claims mapping of an OpenID Connect application) and a secret."""
    return one_secret(maker, _signing(maker, draft, mode="oidc", preferred=False, digest=True))


def token_encryption(maker: Maker, draft: Draft) -> Draft:
    """Give it a certificate that encrypts tokens, beside a secret that authenticates."""
    key = maker.certificate("token encryption", maker.dice.uniform(100, 900))
    application = replace(draft.application, keys=(key,), token_encryption_key_id=key.key_id)
    return one_secret(maker, replace(draft, application=application))


def federated(maker: Maker, draft: Draft) -> Draft:
    """Federate it to its managed identity, with the old secret still there."""
    identity = add_pair(maker, draft.application.display_name, application=draft.application)
    credential = maker.for_identity(identity)
    done = replace(draft, application=replace(draft.application, federated=(credential,)))
    return one_secret(maker, done) if maker.chance(0.6) else done


def github(maker: Maker, draft: Draft) -> Draft:
    """Deploy it from GitHub by a federated credential of its own."""
    subject = f"repo:contoso/{draft.application.display_name}:environment:Production"
    credential = maker.federated("github-production", _GITHUB, subject, maker.tenant.cloud.exchange_audience)
    return replace(draft, application=replace(draft.application, federated=(credential,)))


def github_full(maker: Maker, draft: Draft) -> Draft:
    """Give it twenty federated credentials: no room for another one."""
    made = tuple(
        maker.federated(
            f"branch-{number:02}",
            _GITHUB,
            f"repo:contoso/{draft.application.display_name}:ref:refs/heads/release-{number}",
            maker.tenant.cloud.exchange_audience,
        )
        for number in range(20)
    )
    return one_secret(maker, replace(draft, application=replace(draft.application, federated=made)))


def _mistaken(maker: Maker, draft: Draft, mistake: str) -> Draft:
    identity = add_pair(maker, draft.application.display_name, application=draft.application)
    wrong = {
        "client-id": {"subject": identity.client_id},
        "upper-case": {"subject": identity.principal_id.upper()},
        "guid-audience": {"audience": EXCHANGE_APP_ID},
    }[mistake]
    credential = maker.for_identity(identity, **wrong)
    return one_secret(maker, replace(draft, application=replace(draft.application, federated=(credential,))))


def wrong_subject(maker: Maker, draft: Draft) -> Draft:
    """Federate it with the identity's client id where its principal id belongs."""
    return _mistaken(maker, draft, "client-id")


def wrong_case(maker: Maker, draft: Draft) -> Draft:
    """Federate it with the principal id in upper case."""
    return _mistaken(maker, draft, "upper-case")


def wrong_audience(maker: Maker, draft: Draft) -> Draft:
    """Federate it with the GUID of the exchange resource where its URI belongs."""
    return _mistaken(maker, draft, "guid-audience")


def multi_tenant(maker: Maker, draft: Draft) -> Draft:
    """Open it to other tenants."""
    done = one_secret(maker, draft)
    return replace(done, application=replace(done.application, sign_in_audience="AzureADMultipleOrgs"))


def personal(maker: Maker, draft: Draft) -> Draft:
    """Open it to personal accounts, whose applications have a much smaller write quota."""
    done = one_secret(maker, draft)
    return replace(done, application=replace(done.application, sign_in_audience="AzureADandPersonalMicrosoftAccount"))


def deactivated(maker: Maker, draft: Draft) -> Draft:
    """Deactivate it everywhere (isDisabled)."""
    done = one_secret(maker, draft)
    return replace(done, application=replace(done.application, is_disabled=True))


def switched_off(maker: Maker, draft: Draft) -> Draft:
    """Switch it off in this tenant (accountEnabled false)."""
    return replace(one_secret(maker, draft), principal=replace(_principal(draft), account_enabled=False))


def unprovisioned(maker: Maker, draft: Draft) -> Draft:
    """Leave it without a service principal."""
    return replace(one_secret(maker, draft), principal=None)


def public_client(maker: Maker, draft: Draft) -> Draft:
    """Make it a browser or desktop application: no credential at all."""
    uri = f"https://{maker.dice.randrange(100, 999)}.contoso.example/signin"
    others = MappingProxyType(
        {**draft.application.others, "spa": {"redirectUris": [uri]}, "isFallbackPublicClient": True}
    )
    return replace(draft, application=replace(draft.application, others=others))


RARE: Final[tuple[Archetype, ...]] = (
    certificate, several_secrets, principal_secret, expiring_soon, expired, never_expiring, portal_secret, saml,
    old_saml, saml_with_secret, custom_signing, token_encryption, federated, github, github_full, wrong_subject,
    wrong_case, wrong_audience, multi_tenant, personal, deactivated, switched_off, unprovisioned, public_client,
    certificate_and_secret,
)  # fmt: skip
"""Each appears at least once in a tenant that is large enough."""

COMMON: Final[tuple[tuple[Archetype, int], ...]] = (
    (one_secret, 40), (several_secrets, 14), (certificate, 10), (certificate_and_secret, 4), (expiring_soon, 5),
    (expired, 5), (never_expiring, 2), (portal_secret, 2), (principal_secret, 2), (saml, 4), (federated, 3),
    (github, 1), (multi_tenant, 1), (public_client, 7),
)  # fmt: skip
"""What fills the rest, with its weight."""

PAIRS_ITSELF: Final = (federated, wrong_subject, wrong_case, wrong_audience)
NEEDS_NO_IDENTITY: Final = (expired, saml, old_saml, public_client, github, unprovisioned)
