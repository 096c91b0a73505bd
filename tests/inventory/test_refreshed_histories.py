"""Whatever happens in a tenant between two scans: a refresh by delta queries says what a full scan says."""

from __future__ import annotations

import asyncio
import ssl
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inventory import snapshot
from inventory.cloud import Cloud
from inventory.graph import GraphConnection, GraphSettings
from inventory.graph_directory import GraphDirectory
from inventory.model import Snapshot
from inventory.scan import Readers, refresh, scan
from inventory.snapshot.digest import AGED
from migrate.emulator.server import Emulator
from tests.inventory.labelled import Builder

_FIC = {"issuer": "https://token.actions.githubusercontent.com", "audiences": ["api://AzureADTokenExchange"]}
_LOCK = {"isEnabled": True, "allProperties": True}


class _Tenant:
    """What happens in a tenant: a word of what, and a number that says to which object and how."""

    def __init__(self, build: Builder) -> None:
        self._build = build
        self._number = 0

    def happens(self, what: str, number: int) -> None:
        """Let it happen; what the tenant refuses, as a second deletion of one thing, does not."""
        kind, _, change = what.partition(" ")
        _HAPPENS[what](self, self._one(kind, number), number) if change != "new" else self._new(number)

    def ask(self, method: str, path: str, body: Any = None) -> dict[str, Any]:
        answer = self._build.web.request(method, f"/v1.0/{path}", json=body, headers=self._build.headers)
        assert answer.status_code < 500, answer.text
        found: dict[str, Any] = answer.json() if answer.content else {}
        return found

    def _one(self, kind: str, number: int) -> str:
        tenant = self._build.tenant
        operator = tenant.application_named("unsecret-operator").app_id
        if kind == "applications":
            ids = [one.id for one in tenant.applications if one.app_id != operator]
        else:
            own = {one.app_id for one in tenant.applications} - {operator}
            ids = [one.id for one in tenant.service_principals if one.app_id in own]
        return sorted(ids)[number % len(ids)] if ids else "00000000-0000-4000-8000-000000000000"

    def _new(self, number: int) -> None:
        self._number += 1
        made = self.ask("POST", "applications", {"displayName": f"made {self._number}"})
        if number % 3:
            self.ask("POST", "servicePrincipals", {"appId": made["appId"]})

    def removed(self, place: str, number: int) -> None:
        keys = [one["keyId"] for one in self.ask("GET", place).get("passwordCredentials", [])]
        if keys:
            self.ask("POST", f"{place}/removePassword", {"keyId": keys[number % len(keys)]})

    def restored(self, number: int) -> None:
        gone = self.ask("GET", "directory/deletedItems/microsoft.graph.application").get("value", [])
        if gone:
            self.ask("POST", f"directory/deletedItems/{gone[number % len(gone)]['id']}/restore")

    def signing(self, one: str, number: int) -> None:
        """Give it a signing triple, whose making is the service's own."""
        known = self._build.tenant.service_principals.get(one)
        made = self._build.saml(f"signing {number}").principal
        if known is not None and made is not None:
            held = replace(
                known, keys=made.keys, passwords=made.passwords, signing_certificate=made.signing_certificate
            )
            self._build.tenant.save_service_principal(held)

    def encrypted(self, one: str, number: int) -> None:
        keys = [each["keyId"] for each in self.ask("GET", f"applications/{one}").get("keyCredentials", [])]
        self.ask("PATCH", f"applications/{one}", {"tokenEncryptionKeyId": keys[0] if keys and number % 2 else None})


_Happens = Callable[[_Tenant, str, int], object]


def _patched(kind: str, make: Callable[[int], dict[str, Any]]) -> _Happens:
    return lambda tenant, one, number: tenant.ask("PATCH", f"{kind}/{one}", make(number))


_HAPPENS: dict[str, _Happens] = {
    "applications new": lambda *_: None,
    "applications named": _patched("applications", lambda number: {"displayName": f"name {number}"}),
    "applications tagged": _patched("applications", lambda number: {"tags": [f"tag{number}", "HideApp"][: number % 3]}),
    "applications disabled": _patched("applications", lambda number: {"isDisabled": bool(number % 2)}),
    "applications locked": _patched(
        "applications", lambda number: {"servicePrincipalLockConfiguration": _LOCK if number % 2 else None}
    ),
    "applications encrypted": lambda tenant, one, number: tenant.encrypted(one, number),
    "applications secret": lambda tenant, one, _: tenant.ask("POST", f"applications/{one}/addPassword", {}),
    "applications removed": lambda tenant, one, number: tenant.removed(f"applications/{one}", number),
    "applications trusting": lambda tenant, one, number: tenant.ask(
        "POST", f"applications/{one}/federatedIdentityCredentials",
        {**_FIC, "name": f"n-{number}", "subject": f"{number}"},
    ),
    "applications distrusting": lambda tenant, one, number: tenant.ask(
        "DELETE", f"applications/{one}/federatedIdentityCredentials/n-{number}"
    ),
    "applications deleted": lambda tenant, one, _: tenant.ask("DELETE", f"applications/{one}"),
    "applications restored": lambda tenant, _, number: tenant.restored(number),
    "servicePrincipals secret": lambda tenant, one, _: tenant.ask("POST", f"servicePrincipals/{one}/addPassword", {}),
    "servicePrincipals removed": lambda tenant, one, number: tenant.removed(f"servicePrincipals/{one}", number),
    "servicePrincipals signing": lambda tenant, one, number: tenant.signing(one, number),
    "servicePrincipals saml": _patched(
        "servicePrincipals", lambda number: {"preferredSingleSignOnMode": "saml" if number % 2 else None}
    ),
    "servicePrincipals disabled": _patched("servicePrincipals", lambda number: {"accountEnabled": bool(number % 2)}),
    "servicePrincipals tagged": _patched("servicePrincipals", lambda number: {"tags": [f"own{number}"]}),
    "servicePrincipals deleted": lambda tenant, one, _: tenant.ask("DELETE", f"servicePrincipals/{one}"),
}  # fmt: skip
_ROUNDS = st.lists(
    st.lists(st.tuples(st.sampled_from(sorted(_HAPPENS)), st.integers(0, 9)), min_size=1, max_size=12),
    min_size=1, max_size=3,
)  # fmt: skip


@contextmanager
def _running() -> Iterator[tuple[Emulator, _Tenant]]:
    with Emulator(apps=6, seed=3) as emulator, pytest.MonkeyPatch.context() as patch:
        for name, value in emulator.environment().items():
            patch.setenv(name, value)
        trust = ssl.create_default_context(cafile=str(emulator.ca_file))
        with httpx.Client(base_url=emulator.authority, verify=trust, trust_env=False) as web:
            yield emulator, _Tenant(Builder(emulator, web))


def _is_told(rounds: list[list[tuple[str, int]]]) -> None:
    with _running() as (emulator, tenant), tempfile.TemporaryDirectory() as folder:
        kept, whole = Path(folder, "kept.db"), Path(folder, "whole.db")

        async def read(how: Callable[..., Any], path: Path) -> None:
            async with GraphConnection(GraphSettings(graph_endpoint=emulator.graph_endpoint)) as connection:
                readers = Readers(directory=GraphDirectory(connection))
                await how(readers, path, cloud=Cloud.PUBLIC, progress=lambda *_: None)

        asyncio.run(read(scan, kept))
        for events in rounds:
            for what, number in events:
                tenant.happens(what, number)
            asyncio.run(read(refresh, kept))
            asyncio.run(read(scan, whole))
            _same(snapshot.read(kept), snapshot.read(whole))


def _same(kept: Snapshot, whole: Snapshot) -> None:
    for name in ("applications", "service_principals", "identities", "roles", "policies"):
        assert getattr(kept, name) == getattr(whole, name), name
    assert [one for one in kept.notes if one.subject != AGED] == list(whole.notes)
    assert kept.digest == whole.digest


_EACH = [[(what, number) for what in _HAPPENS for number in (1, 4)], [("applications restored", 0)]]


def test_a_refresh_says_what_a_full_scan_says_of_each_thing_that_can_happen() -> None:
    _is_told(_EACH)


@pytest.mark.slow
@settings(max_examples=15, deadline=None)
@given(_ROUNDS)
def test_a_refresh_says_what_a_full_scan_says_of_any_history(rounds: list[list[tuple[str, int]]]) -> None:
    _is_told(rounds)
