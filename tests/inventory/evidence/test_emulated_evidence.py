"""Evidence of the embedded tenant, which knows every sign-in: late logs, gaps, 7 days, both spellings."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from azure.identity import ClientSecretCredential

from inventory.directory import FederatedOf
from inventory.evidence import sources
from inventory.evidence_source import EvidenceRequest
from inventory.graph import GraphConnection, GraphSettings
from inventory.graph_directory import GraphDirectory
from inventory.model import Application, Credential, Purpose
from inventory.usage import Source, Use
from inventory.usage_subject import federated_subject, subject
from inventory.usage_verdict import Unknown, Unused, Used, Verdict, verdict
from migrate.emulator.server import Emulator
from tests.inventory.evidence.support import Told, reading

GRAPH = ("graph-application-activity", "graph-credential-activity", "graph-sign-ins")


@pytest.fixture(scope="module")
def emulator() -> Iterator[Emulator]:
    with Emulator(apps=60, seed=6) as running:
        yield running


@pytest.fixture
def become(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    def change(emulator: Emulator, app: str = "unsecret-operator") -> None:
        for name, value in emulator.environment(app).items():
            monkeypatch.setenv(name, value)

    return change


@pytest.fixture
def faulty(tmp_path: Path, become: Callable[..., None]) -> Callable[..., dict[str, Told]]:
    def run(fault: str, **options: Any) -> dict[str, Told]:
        plan = tmp_path / "faults.toml"
        plan.write_text(f'[[faults]]\nkind = "sign-ins"\n{fault}\n')
        with Emulator(apps=60, seed=6, faults=plan, **options) as running:
            become(running)
            return told(running)

    return run


@dataclasses.dataclass(frozen=True)
class Seen:
    at: datetime
    applications: tuple[Application, ...]
    told: dict[str, Told]

    def uses(self) -> list[Use]:
        return [use for one in self.told.values() for use in one.uses]

    def sources(self) -> list[Source]:
        return [one.source for one in self.told.values()]

    def judged(self) -> Iterator[tuple[Credential, Verdict]]:
        uses, found = self.uses(), self.sources()
        for application in self.applications:
            for credential in application.credentials:
                yield credential, verdict(subject(credential, elsewhere=False), uses, found, self.at)


def look(emulator: Emulator) -> Seen:
    async def run() -> Seen:
        async with GraphConnection(GraphSettings(graph_endpoint=emulator.graph_endpoint)) as connection:
            directory = GraphDirectory(connection)
            at = await directory.now()
            request = EvidenceRequest(at=at, graph=connection)
            found = {source.name: await reading(source, request) for source in sources() if source.wanted(request)}
            applications = [one async for page in directory.applications() for one in page.entries]
            trusts = [one async for page in directory.federated() for one in page.entries]
            of = {one.holder_id: one.federated for one in trusts if isinstance(one, FederatedOf)}
            listed = tuple(
                dataclasses.replace(one, federated=of[one.id]) for one in applications if isinstance(one, Application)
            )
            return Seen(at=at, applications=listed, told={str(name): one for name, one in found.items()})

    return asyncio.run(run())


def told(emulator: Emulator) -> dict[str, Told]:
    return look(emulator).told


def successes(emulator: Emulator, since: datetime) -> dict[str, datetime]:
    """Last success of every key id and federated credential since a time, as the tenant itself knows it."""
    entries = [one for one in emulator.tenant.sign_ins.entries() if one.error_code == 0 and one.created >= since]
    named = ((one.federated_credential_id or one.key_id, one.created) for one in entries)
    return {name: created for name, created in named if name}


def test_every_sign_in_that_the_log_holds_is_counted_once(emulator: Emulator, become: Callable[..., None]) -> None:
    become(emulator)
    seen = look(emulator)
    log = seen.told["graph-sign-ins"]
    oldest = seen.at - timedelta(days=30)
    entries = [one for one in emulator.tenant.sign_ins.entries() if one.created >= oldest]
    good = sum(one.error_code == 0 for one in entries)
    own = [one.created for one in entries if one.event == "servicePrincipal"]
    assert sum(use.successes or 0 for use in log.uses) in {good, good - 1}, "our own token may come between"
    assert sum(use.failures or 0 for use in log.uses) == sum(one.error_code != 0 for one in entries)
    assert (log.source.since, log.source.retention_days, log.source.missing) == (min(own), 30, "")
    assert {use.address for use in log.uses if use.address} == {one.ip_address for one in entries}
    assert any(use.credential_type == "managedIdentity" for use in log.uses)


def test_no_credential_that_was_used_is_called_unused_and_reasons_are_told(
    emulator: Emulator, become: Callable[..., None]
) -> None:
    become(emulator)
    seen = look(emulator)
    truth = successes(emulator, seen.at - timedelta(days=28))
    verdicts = {credential.key_id: (credential, found) for credential, found in seen.judged()}
    kinds: dict[type[Verdict], int] = {Used: 0, Unused: 0, Unknown: 0}
    for key_id, (credential, found) in verdicts.items():
        kinds[type(found)] += 1
        used = key_id in truth and credential.purpose is Purpose.AUTHENTICATION
        assert isinstance(found, Used) is used, (credential.display_name, found)
        if isinstance(found, Unused):
            assert found.days >= 28
    assert min(kinds[Used], kinds[Unused]) > 5, kinds


def test_a_token_that_was_just_taken_is_use_of_that_secret_and_of_no_other(
    emulator: Emulator, become: Callable[..., None]
) -> None:
    become(emulator)
    variables = emulator.environment("invoice-worker")
    credential = ClientSecretCredential(
        *(variables[name] for name in ("AZURE_TENANT_ID", "AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET")),
        authority=emulator.authority,
        disable_instance_discovery=True,
        connection_verify=variables["SSL_CERT_FILE"],
    )
    before = emulator.tenant.clock.now() - timedelta(seconds=1)
    with credential:
        credential.get_token("https://graph.microsoft.com/.default")
    seen = look(emulator)
    fresh = [use for use in seen.told["graph-sign-ins"].uses if use.last_success and use.last_success >= before]
    mine = [use for use in fresh if use.client_id == variables["AZURE_CLIENT_ID"]]
    assert [use.credential_type for use in mine] == ["clientSecret"]
    key = mine[0].key_id
    (found,) = [found for credential, found in seen.judged() if credential.key_id == key]
    assert isinstance(found, Used)
    assert found.last >= before


def test_a_federated_credential_in_use_is_no_use_of_the_secret(emulator: Emulator, become: Callable[..., None]) -> None:
    become(emulator)
    seen = look(emulator)
    truth = successes(emulator, seen.at - timedelta(days=28))
    uses, found = seen.uses(), seen.sources()
    used = 0
    for application in seen.applications:
        for trust in application.federated or ():
            judged = verdict(federated_subject(application.client_id, trust, elsewhere=False), uses, found, seen.at)
            assert isinstance(judged, Used) is (trust.id in truth)
            used += isinstance(judged, Used)
    assert used > 0


def test_without_the_permission_every_source_says_so_and_nothing_is_unused(
    emulator: Emulator, become: Callable[..., None]
) -> None:
    become(emulator, "read-only-auditor")
    seen = look(emulator)
    assert {one.missing for one in seen.sources()} == {"AuditLog.Read.All not granted: usage is unknown"}
    assert all(isinstance(found, Unknown) for _, found in seen.judged())
    assert all("AuditLog.Read.All not granted" in " ".join(found.because) for _, found in seen.judged())


def test_the_spelling_of_the_documentation_says_the_same(
    emulator: Emulator, faulty: Callable[..., dict[str, Told]], become: Callable[..., None]
) -> None:
    start = emulator.tenant.clock.start
    with Emulator(apps=60, seed=6, start=start) as plain:
        become(plain)
        usual = told(plain)["graph-credential-activity"]
    documented = faulty('spelling = "documentation"', start=start)["graph-credential-activity"]

    def summary(found: Told) -> dict[Any, Any]:
        rows = [use for use in found.uses if use.last and use.last < start]
        return {
            use.key_id: (use.credential_type, use.last.replace(microsecond=0)) for use in rows if use.last is not None
        }

    assert summary(documented) == summary(usual)
    assert len(summary(usual)) > 20


def test_a_log_of_seven_days_is_too_short_for_unused(become: Callable[..., None]) -> None:
    with Emulator(apps=60, seed=6, retention_days=7) as running:
        become(running)
        seen = look(running)
        truth = successes(running, seen.at - timedelta(days=28))
    source = seen.told["graph-sign-ins"].source
    assert source.retention_days == 7
    for credential, found in seen.judged():
        assert not isinstance(found, Unused)
        if credential.purpose is Purpose.AUTHENTICATION and credential.key_id in truth:
            assert isinstance(found, Used), "the report remembers what the log forgot"


def test_a_late_log_is_not_fresh(tmp_path: Path, become: Callable[..., None]) -> None:
    plan = tmp_path / "late.toml"
    plan.write_text('[[faults]]\nkind = "sign-ins"\ndelay = 259200\n')
    with Emulator(apps=60, seed=6, faults=plan) as running:
        become(running)
        seen = look(running)
    source = seen.told["graph-sign-ins"].source
    assert source.until is not None
    assert source.until <= seen.at - timedelta(days=3)
    rest = [found for _, found in seen.judged() if not isinstance(found, Used)]
    assert rest
    assert all(isinstance(found, Unknown) for found in rest)
    assert any("its newest record is of" in " ".join(found.because) for found in rest)


def test_a_log_with_holes_never_makes_a_used_credential_unused(tmp_path: Path, become: Callable[..., None]) -> None:
    plan = tmp_path / "holes.toml"
    plan.write_text('[[faults]]\nkind = "sign-ins"\ndropped = 0.7\n')
    with Emulator(apps=60, seed=6, faults=plan) as running:
        become(running)
        seen = look(running)
        truth = successes(running, seen.at - timedelta(days=28))
    disagreements = 0
    for credential, found in seen.judged():
        if credential.purpose is Purpose.AUTHENTICATION and credential.key_id in truth:
            assert isinstance(found, Used)
            disagreements += "does not show it" in " ".join(found.because)
    assert disagreements > 0


def test_the_three_sources_of_graph_are_read(emulator: Emulator, become: Callable[..., None]) -> None:
    become(emulator)
    assert tuple(sorted(told(emulator))) == GRAPH
