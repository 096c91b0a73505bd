"""What Terraform and Bicep leave to a person, and the command for it."""

from __future__ import annotations

import shlex

import pytest

from migrate.export import bicep, terraform
from migrate.export.attaching import command
from migrate.export.work import Attachment
from tests.migrate.export.test_export import kinds, plan, terraformed, work

GROUP = "/subscriptions/5e4c3b2a-0000-4000-8000-000000000001/resourceGroups/rg-(a).b"
IDENTITY = f"{GROUP}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-one"


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("Microsoft.Compute/virtualMachines/vm", ["vm", "--identities"]),
        ("microsoft.compute/virtualmachinescalesets/set", ["vmss", "--identities"]),
        ("microsoft.web/sites/web", ["webapp", "--identities"]),
        ("microsoft.app/containerapps/one", ["containerapp", "--user-assigned"]),
        ("microsoft.app/jobs/one", ["containerapp", "job", "--user-assigned"]),
        ("microsoft.containerinstance/containergroups/one", None),
        ("microsoft.hybridcompute/machines/one", None),
        ("microsoft.compute/virtualmachines/vm/slots/x", None),
        ("microsoft.web/sites/$(touch x)", None),
        ("microsoft.web/sites/web\ntouch x", None),
    ],
)
def test_a_kind_of_host_has_its_command_or_none(host: str, expected: list[str] | None) -> None:
    where = f"{GROUP}/providers/{host}"
    made = command(Attachment(host=where, identity=IDENTITY))
    if expected is None:
        assert made is None
        return
    *group, option = expected
    assert made is not None
    assert shlex.split(made) == ["az", *group, "identity", "assign", "--ids", where, option, IDENTITY]


def test_a_slot_is_named_beside_its_site() -> None:
    made = command(Attachment(host=f"{GROUP}/providers/microsoft.web/sites/web/slots/blue", identity=IDENTITY))
    assert made is not None
    words = shlex.split(made)
    assert words[4:8] == ["--ids", f"{GROUP}/providers/microsoft.web/sites/web", "--slot", "blue"]


def test_an_identity_that_is_no_arm_id_reaches_no_command() -> None:
    assert command(Attachment(host=f"{GROUP}/providers/microsoft.web/sites/web", identity="/a b\n")) is None


def test_terraform_and_bicep_say_that_they_do_not_attach_and_how_it_is_done() -> None:
    found = work(plan())
    (attachment,) = [one for job in found.jobs for one in job.attachments]
    for text, mark in ((terraform.render(found), "#"), (bicep.render(found), "//")):
        assert "1 attachments, which are comments alone" in text
        lines = [line for line in text.splitlines() if attachment.host in line or "identity assign" in line]
        assert len(lines) == 2
        assert all(line.startswith(mark) for line in lines)
        assert (command(attachment) or "no command") in text
    assert len(terraformed(terraform.render(found))["resource"]) == 4
    assert not [node for node in kinds(bicep.render(found)) if node.is_error or node.is_missing]
