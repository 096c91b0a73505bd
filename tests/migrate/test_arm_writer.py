"""What is sent to Azure Resource Manager, and what is made of answers that an embedded tenant does not give."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from inventory.errors import PermissionMissingError, ReadFailedError, TenantUnreachableError
from migrate.arm_writer import ArmWriter
from migrate.attachment import NewIdentity
from migrate.errors import WriteFailedError
from tests.inventory.madeup_arm import GROUP, MadeUpArm
from tests.support.rollout import PatientClock

VM = f"{GROUP}/providers/Microsoft.Compute/virtualMachines/vm"
IDENTITIES = f"{GROUP}/providers/Microsoft.ManagedIdentity/userAssignedIdentities"
OURS, OTHER = f"{IDENTITIES}/ours", f"{IDENTITIES}/other"


def do(arm: MadeUpArm, job: Callable[[ArmWriter], Awaitable[Any]]) -> Any:
    async def run() -> Any:
        async with arm.reached() as connection:
            return await job(ArmWriter(connection, PatientClock()))

    return asyncio.run(run())


def host(*identities: str, system: bool = False, etag: str | None = None) -> dict[str, Any]:
    kinds = [*(["SystemAssigned"] if system else []), *(["UserAssigned"] if identities else [])]
    block = {"type": ",".join(kinds) or "None", "userAssignedIdentities": {each: {} for each in identities}}
    return {"id": VM, "identity": block, **({"etag": etag} if etag else {})}


def patches(arm: MadeUpArm) -> list[tuple[str | None, Any]]:
    return [(one.headers.get("if-match"), json.loads(one.body)) for one in arm.requests if one.method == "PATCH"]


def test_a_change_of_somebody_else_is_refused_by_the_etag_and_everything_is_read_anew() -> None:
    arm = MadeUpArm()
    for answer in (host(etag="1"), host(etag="1")):
        arm.answer(VM, answer)
    arm.answer(VM, {"error": {"code": "PreconditionFailed"}}, status=412)
    for answer in (host(OTHER, system=True, etag="2"), host(OTHER, system=True, etag="2"), host(OTHER, OURS)):
        arm.answer(VM, answer)
    assert do(arm, lambda writer: writer.attach(VM, OURS))
    (first, _), (second, body) = patches(arm)
    assert (first, second) == ("1", "2")
    named = {"type": "SystemAssigned, UserAssigned", "userAssignedIdentities": {OTHER: {}, OURS: {}}}
    assert body == {"identity": named}


def test_a_host_that_has_it_already_is_not_touched() -> None:
    arm = MadeUpArm()
    arm.answer(VM, host(OURS.upper()))
    assert not do(arm, lambda writer: writer.attach(VM, OURS))
    assert not do(arm, lambda writer: writer.detach(VM, OTHER))
    assert patches(arm) == []


def test_the_last_one_goes_by_its_type_where_null_is_refused_and_nobody_came_meanwhile() -> None:
    only: dict[str, Any] = {"identity": {"type": "None"}}
    for now, last in ((host(OURS), only), (host(OURS, OTHER), None)):
        arm = MadeUpArm()
        for answer in (host(OURS), host(OURS)):
            arm.answer(VM, answer)
        arm.answer(VM, {"error": {"code": "FailedIdentityOperation"}}, status=400)
        for answer in (now, now, host()):
            arm.answer(VM, answer)
        assert do(arm, lambda writer: writer.detach(VM, OURS))
        bodies = [body for _, body in patches(arm)]
        assert bodies[0]["identity"]["userAssignedIdentities"] == {OURS: None}
        wanted: dict[str, Any] = {"type": "UserAssigned", "userAssignedIdentities": {OURS: None, OTHER: {}}}
        assert bodies[1] == (last or {"identity": wanted})


def test_a_patch_is_sent_once_when_nobody_answers() -> None:
    arm = MadeUpArm()
    for answer in (host(), host()):
        arm.answer(VM, answer)
    arm.answer(VM, host(OURS), cut=5)
    with pytest.raises(TenantUnreachableError):
        do(arm, lambda writer: writer.attach(VM, OURS))
    assert len(patches(arm)) == 1


def test_a_host_on_which_another_operation_goes_on_is_given_up_in_the_end() -> None:
    arm = MadeUpArm()
    for _ in range(6):
        for answer in (host(), host()):
            arm.answer(VM, answer)
        arm.answer(VM, {"error": {"code": "Conflict"}}, status=409)
    with pytest.raises(WriteFailedError, match="another operation goes on"):
        do(arm, lambda writer: writer.attach(VM, OURS))
    assert len(patches(arm)) == 6


def test_a_right_that_is_missing_on_the_identity_is_the_one_that_is_named() -> None:
    arm = MadeUpArm()
    for answer in (host(), host()):
        arm.answer(VM, answer)
    message = (
        "The client has permission to perform action 'Microsoft.Compute/virtualMachines/write' on scope 'x'; however, "
        "it does not have permission to perform action(s) "
        "'Microsoft.ManagedIdentity/userAssignedIdentities/assign/action' on the linked scope(s)"
    )
    arm.answer(VM, {"error": {"code": "LinkedAuthorizationFailed", "message": message}}, status=403)
    with pytest.raises(WriteFailedError, match="userAssignedIdentities/assign/action"):
        do(arm, lambda writer: writer.attach(VM, OURS))


@pytest.mark.parametrize(
    "kind", ["Microsoft.ContainerInstance/containerGroups", "Microsoft.ContainerService/managedClusters"]
)
def test_what_no_patch_changes_is_told_before_anything_is_asked(kind: str) -> None:
    arm = MadeUpArm()
    with pytest.raises(WriteFailedError, match="cannot be changed by a request that keeps the others"):
        do(arm, lambda writer: writer.attach(f"{GROUP}/providers/{kind}/x", OURS))
    assert arm.requests == []


def test_an_identity_is_unused_only_when_everything_could_be_read() -> None:
    arm = MadeUpArm()
    arm.answer(f"{OURS}/listAssociatedResources", {"totalCount": 0, "value": []})
    arm.answer(f"{OURS}/federatedIdentityCredentials", {"value": []})
    arm.answer("/subscriptions", {"value": [{"id": "/subscriptions/one"}]})
    roles = "/subscriptions/one/providers/Microsoft.Authorization/roleAssignments"
    arm.answer(roles, {"error": {"code": "AuthorizationFailed"}}, status=403)
    arm.answer(roles, {"value": [{"id": "a", "properties": {"scope": "/subscriptions/one"}}]})
    arm.answers["/subscriptions"].pop(0)
    identity = NewIdentity(resource_id=OURS, principal_id="p", client_id="c")
    with pytest.raises(PermissionMissingError, match="roleAssignments/read"):
        do(arm, lambda writer: writer.identity_use(identity))
    assert do(arm, lambda writer: writer.identity_use(identity)).roles == ("/subscriptions/one",)
    assert "principalId%20eq%20%27p%27" in arm.requests[-1].target


def test_pages_of_hosts_that_lead_in_a_circle_end_the_reading() -> None:
    arm = MadeUpArm()
    for number in range(2):
        link = f"{{url}}{OURS}/listAssociatedResources?$skiptoken={1 - number}"
        arm.pages[f"?$skiptoken={number}"] = {"value": [], "nextLink": link}
    arm.pages[f"{OURS}/listAssociatedResources"] = {"value": [], "nextLink": arm.pages["?$skiptoken=1"]["nextLink"]}
    identity = NewIdentity(resource_id=OURS, principal_id="p", client_id="c")
    with pytest.raises(ReadFailedError, match="one that was read before"):
        do(arm, lambda writer: writer.identity_use(identity))
