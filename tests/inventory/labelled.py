"""A tenant that contains every kind of credential and holder that an inventory tells apart, each under a label.

What the tenant's own interface can make is made by it; the rest, which only years or other tenants make, is put there.
"""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from types import MappingProxyType
from typing import Any

import httpx

from migrate.emulator.seed import archetypes
from migrate.emulator.seed.archetypes import Archetype
from migrate.emulator.seed.maker import Draft, Maker
from migrate.emulator.server import Emulator
from migrate.emulator.state.records import (
    Application,
    FederatedCredential,
    KeyCredential,
    PasswordCredential,
    ServicePrincipal,
    User,
)

FOREIGN_TENANT = "eeeeeeee-0000-4000-8000-000000000001"
EXEMPT = {"customSecurityAttributes": [
    {"@odata.type": "#microsoft.graph.customSecurityAttributeStringValueExemption", "id": "Team_Exempt",
     "operator": "equals", "value": "yes"},
]}  # fmt: skip
MICROSOFT_TENANT = "f8cdef31-a31e-4b4a-93e4-5f571e91255a"


@dataclass
class Labels:
    """Key ids of credentials and client ids of holders, by label."""

    keys: dict[str, tuple[str, str]] = field(default_factory=dict)
    """Key id and kind."""
    clients: dict[str, str] = field(default_factory=dict)


class Builder:
    """Puts labelled things into a running tenant."""

    def __init__(self, emulator: Emulator, web: httpx.Client) -> None:
        self.emulator = emulator
        self.tenant = emulator.tenant
        self.web = web
        self.labels = Labels()
        application = self.tenant.application_named("unsecret-operator")
        form = {
            "grant_type": "client_credentials",
            "client_id": application.app_id,
            "client_secret": self.tenant.live_secret_of(application).secret,
            "scope": "https://graph.microsoft.com/.default",
        }
        token = web.post(f"/{emulator.tenant_id}/oauth2/v2.0/token", data=form).json()["access_token"]
        self.headers = {"Authorization": f"Bearer {token}"}

    def call(self, method: str, path: str, body: Any = None) -> Any:
        answer = self.web.request(method, f"/v1.0/{path}", json=body, headers=self.headers)
        assert answer.status_code in (200, 201, 204), answer.text
        return answer.json() if answer.content else None

    def maker(self, label: str) -> Maker:
        return Maker(self.tenant, 5, f"labelled {label}")

    def made(self, name: str) -> tuple[str, str]:
        """Make an application and its service principal by the interface; return their object ids."""
        application = self.call("POST", "applications", {"displayName": name})
        principal = self.call("POST", "servicePrincipals", {"appId": application["appId"]})
        self.labels.clients[name] = application["appId"]
        return application["id"], principal["id"]

    def kept(self, name: str, draft: Draft) -> None:
        """Put a draft into the tenant; its credentials are labelled by name, usage and number."""
        self.maker(name).store(draft)
        self.labels.clients[name] = draft.application.app_id
        self.label(name, draft.application)
        if draft.principal is not None:
            self.label(name, draft.principal)

    def label(self, name: str, holder: Application | ServicePrincipal) -> None:
        where = "principal" if isinstance(holder, ServicePrincipal) else "application"
        for number, password in enumerate(holder.passwords):
            self.labels.keys[f"{name}: {where} secret {number}"] = (password.key_id, "secret")
        for number, key in enumerate(holder.keys):
            self.labels.keys[f"{name}: {where} {key.usage} key {number}"] = (key.key_id, "certificate")

    def like(self, name: str, archetype: Archetype) -> None:
        maker = self.maker(name)
        self.kept(name, archetype(maker, maker.application(name)))

    def saml(self, name: str, **changes: Any) -> Draft:
        """Return a SAML application with its triple, whose password differs as told."""
        maker = self.maker(name)
        draft = archetypes.saml(maker, maker.application(name))
        principal = _principal(draft)
        password = replace(principal.passwords[0], **changes)
        return replace(draft, principal=replace(principal, passwords=(password,)))


def _principal(draft: Draft) -> ServicePrincipal:
    assert draft.principal is not None
    return draft.principal


def _by_interface(build: Builder) -> None:
    application, principal = build.made("plain")
    made = build.call("POST", f"applications/{application}/addPassword", {"passwordCredential": {"displayName": "ci"}})
    build.labels.keys["plain: secret"] = (made["keyId"], "secret")
    made = build.call("POST", f"servicePrincipals/{principal}/addPassword", {})
    build.labels.keys["plain: secret of the principal"] = (made["keyId"], "secret")
    build.call("PATCH", f"applications/{application}", {
        "servicePrincipalLockConfiguration": {"isEnabled": True, "allProperties": True},
    })  # fmt: skip
    _, saml = build.made("made for saml")
    made = build.call("POST", f"servicePrincipals/{saml}/addPassword", {})
    build.labels.keys["made for saml: secret of the principal"] = (made["keyId"], "secret")
    build.call("PATCH", f"servicePrincipals/{saml}", {"preferredSingleSignOnMode": "saml"})
    disabled, _ = build.made("deactivated")
    build.call("PATCH", f"applications/{disabled}", {"isDisabled": True})
    _policies(build, application)


def _policies(build: Builder, application: str) -> None:
    lifetime = {"restrictionType": "passwordLifetime", "state": "enabled", "maxLifetime": "P180D",
                "restrictForAppsCreatedAfterDateTime": None}  # fmt: skip
    build.call("PATCH", "policies/defaultAppManagementPolicy", {
        "isEnabled": True, "applicationRestrictions": {"passwordCredentials": [{**lifetime, "excludeActors": EXEMPT}]},
    })  # fmt: skip
    own = build.call("POST", "policies/appManagementPolicies", {
        "displayName": "lenient", "description": "for old ones", "isEnabled": True,
        "restrictions": {"passwordCredentials": [{**lifetime, "maxLifetime": "P2000D"}]},
    })  # fmt: skip
    build.call("POST", f"applications/{application}/appManagementPolicies/$ref", {
        "@odata.id": f"https://graph.microsoft.com/v1.0/policies/appManagementPolicies/{own['id']}",
    })  # fmt: skip


def _secrets(build: Builder) -> None:
    build.like("secret on the principal", archetypes.principal_secret)
    build.like("old portal secret", archetypes.portal_secret)
    maker = build.maker("described")
    described = maker.secret(90, custom_key_identifier="production".encode("utf-16-le"))
    draft = maker.application("described on saml")
    build.kept(
        "described on saml",
        replace(draft, principal=replace(_principal(draft), passwords=(described,), sso_mode="saml")),
    )
    maker = build.maker("marked")
    marked = maker.secret(90, custom_key_identifier=maker.dice.randbytes(20))
    draft = maker.application("marked on saml")
    build.kept(
        "marked on saml", replace(draft, principal=replace(_principal(draft), passwords=(marked,), sso_mode="saml"))
    )
    maker = build.maker("left over")  # of a signing triple whose keys were removed; no mode was ever set
    marked = maker.secret(90, custom_key_identifier=maker.dice.randbytes(20))
    draft = maker.application("left over")
    build.kept("left over", replace(draft, principal=replace(_principal(draft), passwords=(marked,), sso_mode=None)))


def _certificates(build: Builder) -> None:
    build.like("sha1 certificate", lambda maker, draft: _keys(draft, maker.certificate("one", 90)))
    build.like("sha256 certificate", lambda maker, draft: _keys(
        draft, maker.certificate("one", 90, custom_key_identifier=maker.dice.randbytes(32)),
    ))  # fmt: skip
    build.like("certificate for saml", lambda maker, draft: replace(
        draft, principal=replace(_principal(draft), keys=(maker.certificate("one", 90),), sso_mode="saml"),
    ))  # fmt: skip
    build.like("application certificate of saml", lambda maker, draft: replace(
        _keys(draft, maker.certificate("one", 90)), principal=replace(_principal(draft), sso_mode="saml"),
    ))  # fmt: skip
    for name, changes in (("new usage", {"usage": "Attest"}), ("new type", {"type": "PostQuantumKey"}),
                          ("usage encrypt", {"usage": "Encrypt"}), ("symmetric", {"type": "Symmetric"})):  # fmt: skip
        build.like(name, lambda maker, draft, changes=changes: _keys(  # type: ignore[misc]
            draft, replace(maker.certificate("one", 90), **changes)
        ))  # fmt: skip


def _keys(draft: Draft, *keys: KeyCredential) -> Draft:
    return replace(draft, application=replace(draft.application, keys=keys))


def _signing(build: Builder) -> None:
    build.like("saml", archetypes.saml)
    build.like("old saml", archetypes.old_saml)
    build.like("saml with a secret", archetypes.saml_with_secret)
    build.like("custom signing", archetypes.custom_signing)
    by_id = {"signing_certificate": None, "custom_key_identifier": None}
    build.kept("saml by key id", build.saml("saml by key id", **by_id))
    build.kept("saml by identifier", build.saml("saml by identifier", key_id=build.maker("another id").guid()))
    rest = build.saml("rest of a triple")
    principal = _principal(rest)
    left = replace(principal, keys=principal.keys[1:], sso_mode=None, signing_certificate=None)
    build.kept("rest of a triple", replace(rest, principal=left))
    torn = build.saml("torn triple")
    principal = _principal(torn)
    sign, verify = principal.keys
    build.kept("torn triple", Draft(
        application=replace(torn.application, keys=(verify,), passwords=principal.passwords),
        principal=replace(principal, keys=(sign,), passwords=(), sso_mode=None, signing_certificate=None),
    ))  # fmt: skip


def _encryption(build: Builder) -> None:
    build.like("token encryption", archetypes.token_encryption)
    maker = build.maker("encryption of the principal")
    draft, key = maker.application("encryption of the principal"), maker.certificate("tokens", 200)
    principal = replace(_principal(draft), keys=(key,), token_encryption_key_id=key.key_id)
    build.kept("encryption of the principal", replace(draft, principal=principal))
    maker = build.maker("encryption across")
    draft, key = maker.application("encryption across"), maker.certificate("tokens", 200)
    draft = replace(_keys(draft, key), principal=replace(_principal(draft), token_encryption_key_id=key.key_id))
    build.kept("encryption across", draft)


def _others(build: Builder) -> None:
    for name, home in (("foreign", FOREIGN_TENANT), ("of Microsoft", MICROSOFT_TENANT)):
        maker = build.maker(name)
        principal = replace(
            _principal(maker.application(name)),
            owner_tenant=home,
            passwords=(maker.secret(200, display_name="vendor"),),
        )
        build.tenant.save_service_principal(principal)
        build.labels.clients[name] = principal.app_id
        build.label(name, principal)
    maker = build.maker("flexible")
    draft = maker.application("flexible")
    expression = "claims['sub'] matches 'repo:contoso/*:ref:refs/heads/main'"
    flexible = FederatedCredential(
        id=maker.guid(), name="any-repository", issuer="https://token.actions.githubusercontent.com", subject="",
        audiences=(build.tenant.cloud.exchange_audience,), expression=expression,
    )  # fmt: skip
    others = MappingProxyType({"somethingNew": {"kind": 7}})
    build.kept("flexible", replace(draft, application=replace(draft.application, federated=(flexible,), others=others)))
    build.like("switched off", archetypes.switched_off)


def _owned(build: Builder) -> None:
    """Add applications with a live secret that differ in who owns them, where they come from and what they are for."""
    maker = build.maker("people")
    people = {}
    for name in ("Ann", "Bob", "Gone"):
        address = f"{name.lower()}@contoso.example"
        user = User(id=maker.guid(), display_name=name, user_principal_name=address, account_enabled=name != "Gone")
        build.tenant.users[user.id] = user
        people[name] = user.id
    tool = build.tenant.application_named("unsecret-operator").app_id
    for label, owners, changes in (
        ("no owner", (), {}),
        ("single owner", ("Ann",), {}),
        ("disabled owner", ("Gone",), {}),
        ("one owner of two disabled", ("Gone", "Ann"), {}),
        ("two owners", ("Ann", "Bob"), {}),
        ("several tenants", ("Ann", "Bob"), {"sign_in_audience": "AzureADMultipleOrgs"}),
        ("made by a program", ("Ann", "Bob"), {"others": MappingProxyType({"createdByAppId": tool})}),
    ):
        maker = build.maker(label)
        draft = maker.application(label, owners=tuple(people[one] for one in owners), **changes)
        build.kept(label, _secrets_of(draft, maker.secret(100, started=50, display_name="ci")))


def _dated(build: Builder) -> None:
    """Add secrets that differ in their dates and names."""
    for label, lasts, started, more in (
        ("expired", -10, 50, {}),
        ("expiring", 10, 50, {}),
        ("too long", 900, 1, {}),
        ("old", 100, 500, {}),
        ("unnamed", 100, 50, {"display_name": None}),
    ):
        maker = build.maker(label)
        secret = maker.secret(lasts, started=started, **{"display_name": "ci", **more})
        build.kept(label, _secrets_of(maker.application(label), secret))
    build.like("endless", archetypes.never_expiring)
    maker = build.maker("several")
    made = (maker.secret(lasts, started=50, display_name="ci") for lasts in (100, 110, -5))
    build.kept("several", _secrets_of(maker.application("several"), *made))


def _secrets_of(draft: Draft, *secrets: PasswordCredential) -> Draft:
    return replace(draft, application=replace(draft.application, passwords=secrets))


@contextmanager
def labelled_tenant() -> Iterator[tuple[Emulator, Labels]]:
    """Run the tenant; it has the fixed applications of every embedded tenant and three that hold directory roles."""
    with Emulator(apps=8, seed=5) as emulator:
        trust = ssl.create_default_context(cafile=str(emulator.ca_file))
        with httpx.Client(base_url=emulator.authority, verify=trust, trust_env=False) as web:
            build = Builder(emulator, web)
            for part in (_by_interface, _secrets, _certificates, _signing, _encryption, _others, _owned, _dated):
                part(build)
        emulator.advance(timedelta(hours=1))  # what was made just now begins before the scan
        yield emulator, build.labels
