"""The script that ``federate --export az`` writes, run by bash and the real Azure CLI."""

from __future__ import annotations

import dataclasses
import json
import shlex
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from migrate import planfile
from migrate.cli.main import main
from migrate.emulator.server import Emulator
from migrate.export.attaching import command
from migrate.export.work import Attachment
from migrate.model import Plan
from migrate.steps import Action
from tests.emulator.az.conftest import Az, make_az
from tests.support.rollout import isolate

pytestmark = [pytest.mark.az, pytest.mark.timeout(1800)]
APPS, SEED, START = 12, 3, datetime(2026, 5, 1, tzinfo=UTC)
GONE = "id-report-mailer"
"""An identity that is deleted, so that its application gets steps."""
MADE_ANEW = {"id", "@odata.id", "systemData", "etag", "createdTime", "changedTime"}
"""What a service makes up for each object."""


@dataclass(kw_only=True)
class World:
    """A tenant, a folder with its plan, and an Azure CLI that is signed in to it."""

    emulator: Emulator
    folder: Path
    az: Az

    def planned(self) -> Plan:
        assert self.unsecret("scan") == 0
        assert self.unsecret("plan", "snapshot.db") == 0
        return planfile.read(self.folder / "plan.json")

    def unsecret(self, *arguments: str) -> int:
        with pytest.MonkeyPatch.context() as patch:
            isolate(patch)
            patch.chdir(self.folder)
            for name, value in self.emulator.environment().items():
                patch.setenv(name, value)
            return main(list(arguments))

    def script(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = ["bash", str(self.folder / "federate.sh"), *arguments]
        path = f"{self.folder}:{self.az.environment['PATH']}"
        return subprocess.run(
            command, env=self.az.environment | {"PATH": path}, capture_output=True, text=True, check=False
        )

    def state(self) -> dict[str, Any]:
        """Return applications with their federated credentials, identities and hosts, as Graph and ARM show them.

        What Azure made up for an identity is written as the identity's ARM id.
        """
        applications = self.az("rest", "--url", "https://graph.microsoft.com/v1.0/applications?$top=999")["value"]
        listed = self.az("resource", "list")
        found = {
            "applications": {
                each["appId"]: {**plain(each), "federated": self.federated(each["id"])} for each in applications
            },
            "resources": {each["id"].lower(): plain(each) for each in listed},
        }
        text = json.dumps(found)
        for each in self.az("identity", "list"):
            for made in ("principalId", "clientId"):
                text = text.replace(each[made], each["id"].lower())
        state: dict[str, Any] = json.loads(text)
        return state

    def federated(self, application: str) -> list[dict[str, Any]]:
        url = f"https://graph.microsoft.com/v1.0/applications/{application}/federatedIdentityCredentials"
        return sorted((plain(each) for each in self.az("rest", "--url", url)["value"]), key=lambda each: each["name"])

    def host_of(self, identity: str) -> dict[str, Any]:
        """Return the host that has an identity."""
        found = [each for each in self.az("resource", "list") if identity.lower() in attached(each)]
        (host,) = found
        return dict(host)


def attached(resource: dict[str, Any]) -> set[str]:
    identity = resource.get("identity") or {}
    return {each.lower() for each in identity.get("userAssignedIdentities") or {}}


def differences(one: Any, other: Any, path: str = "") -> list[str]:
    """Return where two states differ, and how."""
    if isinstance(one, dict) and isinstance(other, dict):
        keys = sorted(one.keys() | other.keys())
        return [each for key in keys for each in differences(one.get(key), other.get(key), f"{path}/{key}")]
    return [] if one == other else [f"{path}: {one} | {other}"]


def plain(value: dict[str, Any]) -> dict[str, Any]:
    return {name: each for name, each in value.items() if name not in MADE_ANEW}


@pytest.fixture(scope="module")
def worlds(az_python: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[World, World]]:
    """Give two tenants that are equal, each with its own plan."""
    same: dict[str, Any] = {"apps": APPS, "seed": SEED, "start": START}
    with Emulator(**same) as one, Emulator(**same) as other:
        made = tuple(world(emulator, az_python, tmp_path_factory.mktemp("world")) for emulator in (one, other))
        yield made[0], made[1]


def world(emulator: Emulator, python: Path, folder: Path) -> World:
    az = make_az(emulator, python, folder / "home", emulator.proxied_environment())
    (folder / "home").mkdir()
    az.sign_in()
    (folder / "az").write_text(f'#!/bin/sh\nexec {python} -m azure.cli "$@"\n')
    (folder / "az").chmod(0o755)
    made = World(emulator=emulator, folder=folder, az=az)
    az("identity", "delete", "--ids", emulator.tenant.identity_named(GONE).resource_id)
    made.planned()
    return made


def test_the_script_makes_the_tenant_that_federate_makes_and_changes_nothing_twice(worlds: tuple[World, World]) -> None:
    ours, theirs = worlds
    assert ours.unsecret("federate", "plan.json", "--steps", "--apply") == 0
    assert theirs.unsecret("federate", "plan.json", "--steps", "--export", "az", "--out", "federate.sh") == 0
    before = theirs.state()
    told = theirs.script()
    assert (told.returncode, told.stderr) == (0, "")
    assert "would create: federated credential" in told.stdout
    assert theirs.state() == before
    done = theirs.script("--apply")
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    after = theirs.state()
    assert after != before
    assert differences(after, ours.state()) == []
    again = theirs.script("--apply")
    assert (again.returncode, again.stderr) == (0, "")
    assert "created" not in again.stdout
    assert theirs.state() == after


def test_an_identity_is_made_and_attached_and_the_host_keeps_those_it_has(worlds: tuple[World, World]) -> None:
    world = worlds[1]
    lost = world.emulator.tenant.identity_named("id-orders-api")
    host = world.host_of(lost.resource_id)
    world.az("identity", "delete", "--ids", lost.resource_id)
    client_id = world.emulator.tenant.application_named("orders-api").app_id
    refusal = next(each for each in world.planned().refusals if each.application.client_id == client_id)
    assert [step.action for step in refusal.steps] == [
        Action.CREATE_IDENTITY, Action.ATTACH_IDENTITY, Action.CREATE_FEDERATED,
    ]  # fmt: skip
    assert world.unsecret("federate", "plan.json", "--export", "az", "--app", client_id, "--out", "federate.sh") == 0
    group = ("--resource-group", host["resourceGroup"])
    kept = world.az("identity", "create", *group, "--name", "id-platform")["id"]
    body = {"identity": {"type": "SystemAssigned, UserAssigned", "userAssignedIdentities": {kept: {}}}}
    world.az("resource", "patch", "--ids", host["id"], "--is-full-object", "--properties", json.dumps(body))
    dry = world.script()
    assert (dry.returncode, dry.stdout.count("would ")) == (0, 3), dry.stderr
    done = world.script("--apply")
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    made = world.az("identity", "show", "--ids", refusal.steps[0].on)
    after = world.az("resource", "show", "--ids", host["id"])
    assert attached(after) == {kept.lower(), made["id"].lower()}
    assert after["identity"]["type"].replace(" ", "") == "SystemAssigned,UserAssigned"
    assert made["principalId"] in {each["subject"] for each in world.federated(refusal.application.id)}
    state = world.state()
    again = world.script("--apply")
    assert (again.returncode, again.stdout.count("present")) == (0, 3), again.stderr
    assert world.state() == state
    world.planned()
    assert client_id in {each.application.client_id for each in world.planned().pairings}


def test_a_conflict_is_told_and_left_and_another_tenant_is_refused(worlds: tuple[World, World]) -> None:
    world = worlds[1]
    pairing = next(each for each in world.planned().pairings if each.federated.exists)
    url = f"https://graph.microsoft.com/v1.0/applications/{pairing.application.id}/federatedIdentityCredentials"
    before = world.federated(pairing.application.id)
    name = f"{url}/{pairing.federated.name}"
    world.az("rest", "--method", "patch", "--url", name, "--body", json.dumps({"audiences": ["api://other"]}))
    changed = dataclasses.replace(
        world.planned(),
        pairings=(dataclasses.replace(pairing, federated=dataclasses.replace(pairing.federated, exists=False)),),
    )
    planfile.write(changed, world.folder / "plan.json")
    assert world.unsecret("federate", "plan.json", "--export", "az", "--out", "federate.sh") == 0
    done = world.script("--apply")
    assert done.returncode == 1
    assert "LEFT ALONE: a federated credential has the name" in done.stdout
    assert world.federated(pairing.application.id) == [
        {**each, "audiences": ["api://other"]} if each["name"] == pairing.federated.name else each for each in before
    ]
    script = world.folder / "federate.sh"
    script.write_text(script.read_text().replace(f"check_tenant {world.emulator.tenant_id}", "check_tenant another"))
    refused = world.script("--apply")
    assert refused.returncode == 2
    assert "this is for the tenant another" in refused.stderr
    assert world.script("--aply").returncode == 2


def test_the_commands_in_terraform_and_bicep_attach_and_keep_what_a_host_has(worlds: tuple[World, World]) -> None:
    az = worlds[1].az
    new = az("identity", "create", "--resource-group", az("group", "list")[0]["name"], "--name", "id-new")["id"]
    hosts = {each["type"].lower(): each for each in az("resource", "list")}
    for kind in ("microsoft.compute/virtualmachines", "microsoft.web/sites"):
        before = attached(hosts[kind])
        made = command(Attachment(host=hosts[kind]["id"], identity=new))
        assert made is not None
        az(*shlex.split(made)[1:])
        assert attached(az("resource", "show", "--ids", hosts[kind]["id"])) == {*before, new.lower()}
