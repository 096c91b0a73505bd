from __future__ import annotations

from datetime import timedelta

import pytest

from inventory.hygiene import findings
from inventory.model import Application, FederatedCredential, Purpose
from reports.model import Severity
from tests.inventory import values
from tests.inventory.values import IDENTITY_CLIENT, ISSUER, NOW, PRINCIPAL, TENANT, trust


def _rules(*applications: Application) -> list[str]:
    return [finding.rule for finding in findings(values.snapshot(*applications))]


def test_a_tidy_application_has_no_finding() -> None:
    assert _rules(values.application(credentials=(values.secret(),), federated=(trust(),))) == []


def test_dates_are_found_on_authentication_credentials_only() -> None:
    expired = values.secret(1, end=NOW - timedelta(days=1))
    endless = values.secret(2, end=None)
    signing = values.secret(3, end=None, purpose=Purpose.SIGNING)
    assert _rules(values.application(credentials=(expired, endless, signing))) == [
        "credential-expired",
        "credential-endless",
    ]
    on_principal = values.snapshot(principals=(values.principal(credentials=(endless,)),))
    assert [finding.rule for finding in findings(on_principal)] == ["credential-endless"]


def test_unknown_owners_are_not_missing_owners() -> None:
    assert _rules(values.application(owners=None)) == []
    [note] = findings(values.snapshot(values.application(owners=())))
    [warning] = findings(values.snapshot(values.application(owners=(), credentials=(values.secret(),))))
    assert (note.severity, warning.severity) == (Severity.NOTE, Severity.WARNING)


def test_several_live_secrets_are_told_by_their_key_ids() -> None:
    secrets = (values.secret(1), values.secret(2), values.secret(3, end=NOW - timedelta(days=1)))
    [_, finding] = findings(values.snapshot(values.application(credentials=secrets)))
    assert finding.rule == "several-live-secrets"
    assert secrets[0].key_id in finding.message
    assert secrets[2].key_id not in finding.message


@pytest.mark.parametrize(
    ("federated", "rule"),
    [
        (trust(), ""),
        (trust("repo:contoso/app:ref:refs/heads/main", issuer="https://token.actions.githubusercontent.com"), ""),
        (trust(None, issuer="https://token.actions.githubusercontent.com"), ""),
        (trust(audience="fb60f99c-7a34-4190-8149-302f77469936"), "federated-audience-is-id"),
        (trust(issuer=ISSUER + "/"), "federated-issuer-is-bent"),
        (trust(issuer=f"https://sts.windows.net/{TENANT}/"), "federated-issuer-is-bent"),
        (trust(issuer=ISSUER.replace(TENANT, TENANT.upper())), "federated-issuer-is-bent"),
        (trust(IDENTITY_CLIENT), "federated-subject-is-client-id"),
        (trust(PRINCIPAL.upper()), "federated-subject-in-wrong-case"),
        (trust(values.guid("0", 0)), "federated-identity-is-gone"),
    ],
)
def test_a_federated_credential_that_cannot_match_is_found(federated: FederatedCredential, rule: str) -> None:
    assert _rules(values.application(federated=(federated,))) == ([rule] if rule else [])


def test_federated_credentials_that_could_not_be_read_are_no_finding() -> None:
    assert _rules(values.application(federated=None)) == []
