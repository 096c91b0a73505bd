"""The seeded tenant: the same from the same arguments, and as varied as a real one."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography import x509

from migrate.emulator.certificates import der, pool_key, prime
from migrate.emulator.errors import EmulatorError, NotInTenantError
from migrate.emulator.graph.shapes import application_body, service_principal_body
from migrate.emulator.seed import seed_tenant
from migrate.emulator.seed.names import HOSTILE
from migrate.emulator.state.records import Application, ServicePrincipal
from migrate.emulator.state.tenant import Tenant

START = datetime(2026, 3, 1, 12, tzinfo=UTC)


def make(apps: int = 60, seed: int = 1, start: datetime = START) -> Tenant:
    return seed_tenant(apps=apps, seed=seed, start=start, retention=timedelta(days=30))


@pytest.fixture(scope="module")
def tenant() -> Tenant:
    return make()


def bodies(tenant: Tenant) -> str:
    shown: list[Any] = [application_body(tenant, item, "v1.0", with_key=True) for item in tenant.applications]
    shown += [service_principal_body(tenant, item, "beta") for item in tenant.service_principals]
    shown += [str(item) for item in tenant.sign_ins.entries()]
    return json.dumps(shown)


def test_the_same_arguments_give_the_same_tenant(tenant: Tenant) -> None:
    assert bodies(make()) == bodies(tenant)
    assert bodies(make(seed=2)) != bodies(tenant)


def test_dates_move_with_the_start(tenant: Tenant) -> None:
    later = make(start=START + timedelta(days=10))
    for one, other in zip(tenant.applications, later.applications, strict=True):
        assert one.id == other.id
        assert other.created - one.created == timedelta(days=10)


@pytest.mark.parametrize("apps", [0, 5, 6, 17, 40, 300])
def test_the_size_is_the_one_asked_for(apps: int) -> None:
    made = make(apps)
    assert len(made.applications) == max(apps, 5)
    for name in ("orders-api", "invoice-worker", "report-mailer"):
        application = made.application_named(name)
        assert made.live_secret_of(application).end > START
        assert application.owners
        identity = made.identity_named(f"id-{name}")
        assert identity.principal_id in made.hosts[f"vm-{name}"].identities
        assert [item.name for item in made.identities.values()].count(f"id-{name}") == 1


def has(test: Callable[[Application], bool]) -> Callable[[Tenant], bool]:
    return lambda tenant: any(test(item) for item in tenant.applications)


def principal(test: Callable[[ServicePrincipal], bool]) -> Callable[[Tenant], bool]:
    return lambda tenant: any(test(item) for item in tenant.service_principals)


VARIETY: list[tuple[str, Callable[[Tenant], bool]]] = [
    ("four secrets or three", has(lambda item: len(item.passwords) >= 3)),
    ("no credential", has(lambda item: not item.passwords and not item.keys)),
    ("certificate", has(lambda item: bool(item.keys) and item.token_encryption_key_id is None)),
    ("encryption certificate", has(lambda item: item.token_encryption_key_id in [key.key_id for key in item.keys])),
    ("never expires", has(lambda item: any(secret.end.year == 2299 for secret in item.passwords))),
    ("expired", has(lambda item: any(secret.end < START for secret in item.passwords))),
    ("expires soon", has(lambda i: any(START < secret.end < START + timedelta(days=30) for secret in i.passwords))),
    ("portal secret", has(lambda item: any(secret.custom_key_identifier for secret in item.passwords))),
    ("github", has(lambda item: any("github" in fic.issuer for fic in item.federated))),
    ("full", has(lambda item: len(item.federated) == 20)),
    ("audience guid", has(lambda item: any(fic.audiences[0].startswith("fb60") for fic in item.federated))),
    ("upper-case subject", has(lambda item: any(fic.subject.isupper() for fic in item.federated))),
    ("deactivated", has(lambda item: item.is_disabled is True)),
    ("multi-tenant", has(lambda item: item.sign_in_audience == "AzureADMultipleOrgs")),
    ("personal accounts", has(lambda item: "Personal" in item.sign_in_audience)),
    ("no owner", has(lambda item: not item.owners)),
    ("several owners", has(lambda item: len(item.owners) > 1)),
    ("seven digits", has(lambda item: item.created.microsecond > 0)),
    ("saml", principal(lambda item: item.sso_mode == "saml" and item.signing_certificate is not None)),
    ("old saml", principal(lambda item: item.sso_mode is None and item.signing_certificate is not None)),
    ("custom signing", principal(lambda item: item.sso_mode == "oidc" and bool(item.keys))),
    ("switched off", principal(lambda item: not item.account_enabled)),
    ("microsoft", principal(lambda item: str(item.owner_tenant).startswith("f8cdef31"))),
    ("system-assigned", principal(lambda item: "isExplicit=False" in item.alternative_names)),
    ("user-assigned", principal(lambda item: item.is_user_assigned_identity)),
    ("disabled owner", lambda t: any(not t.users[who].account_enabled for app in t.applications for who in app.owners)),
    ("unprovisioned", lambda t: any(not t.service_principals.with_app_id(item.app_id) for item in t.applications)),
]  # fmt: skip


@pytest.mark.parametrize("test", [case[1] for case in VARIETY], ids=[case[0] for case in VARIETY])
def test_the_variety_of_a_real_tenant_is_there(tenant: Tenant, test: Callable[[Tenant], bool]) -> None:
    assert test(tenant)


def test_every_hostile_name_is_there(tenant: Tenant) -> None:
    assert set(HOSTILE) <= {item.display_name for item in tenant.applications}


def test_a_signing_triple_shares_its_ids(tenant: Tenant) -> None:
    signed = [item for item in tenant.service_principals if any(key.usage == "Sign" for key in item.keys)]
    assert len(signed) >= 4
    for item in signed:
        sign, verify = item.keys
        (password,) = item.passwords
        assert (sign.type, verify.type) == ("X509CertAndPassword", "AsymmetricX509Cert")
        assert password.key_id == sign.key_id != verify.key_id
        assert password.identifier == sign.identifier == verify.identifier
    assert {len(item.keys[0].identifier) for item in signed} == {20, 32}


def test_resource_ids_and_ids_are_unique() -> None:
    tenant = make(apps=600)
    resources = [identity.resource_id.lower() for identity in tenant.identities.values()]
    assert len(resources) == len(set(resources))
    objects = [item.id for item in (*tenant.applications, *tenant.service_principals)]
    assert len(objects) == len(set(objects))
    keys = [secret.key_id for item in tenant.applications for secret in item.passwords]
    keys += [key.key_id for item in (*tenant.applications, *tenant.service_principals) for key in item.keys]
    assert len(keys) == len(set(keys))


def ends(application: Application) -> list[datetime]:
    return [item.end for item in application.passwords] + [item.end for item in application.keys]


def test_most_applications_with_a_live_credential_have_one_clear_identity() -> None:
    tenant = make(apps=600)
    names = [item.name for item in tenant.identities.values() if item.user_assigned]
    live = [item for item in tenant.applications if max([START, *ends(item)]) > START]
    patterns = ("id-{}", "{}-identity", "uami-{}")
    clear = [item for item in live if sum(names.count(form.format(item.display_name)) for form in patterns) == 1]
    twice = [item for item in live if sum(names.count(form.format(item.display_name)) for form in patterns) > 1]
    assert 0.5 < len(clear) / len(live) < 0.75
    assert twice


def test_certificates_are_real_and_made_only_when_looked_at(tenant: Tenant) -> None:
    keys = [key for item in tenant.applications for key in item.keys]
    for key in keys:
        certificate = x509.load_der_x509_certificate(der(key.certificate))
        assert certificate.not_valid_after_utc == key.end
        assert certificate.public_key() == tenant.private_key_of(key.key_id).public_key()
    with pytest.raises(NotInTenantError):
        tenant.private_key_of("nobody")


def test_the_pools_primes_are_primes() -> None:
    for number in range(8):
        candidate = prime(number)
        assert candidate.bit_length() == 1024
        assert all(pow(base, candidate - 1, candidate) == 1 for base in (2, 3, 5, 7))
    assert pool_key(0).key_size == 2048


def test_names_that_are_not_there_are_refused(tenant: Tenant) -> None:
    for look_up in (tenant.application_named, tenant.identity_named, tenant.secret_of):
        with pytest.raises(NotInTenantError):
            look_up("nobody")
    with pytest.raises(EmulatorError, match="no cloud is called"):
        seed_tenant(apps=5, seed=1, cloud="moon", retention=timedelta(days=30))
