"""Bodies of Microsoft Graph."""

from typing import Any

from tests.emulator.conftest import World
from tests.emulator.fidelity.fetching.registry import asked, body, graph


@body("application")
def application(world: World) -> Any:
    return graph(world, f"/v1.0/applications/{rich(world)}")


@body("application in beta")
def application_in_beta(world: World) -> Any:
    return graph(world, f"/beta/applications/{rich(world)}")


def rich(world: World) -> str:
    return world.certificate_holder()[0].id


@body("chosen properties of applications")
def chosen_properties(world: World) -> Any:
    return asked(
        world.web.get(
            "/v1.0/applications",
            params={
                "$select": "appId,identifierUris,displayName,publisherDomain,signInAudience",
                "$filter": "startswith(displayName,'o')",
                "$count": "true",
                "$top": "999",
            },
            headers={**world.bearer(), "ConsistencyLevel": "eventual"},
        ),
        200,
    )


@body("service principal")
def service_principal(world: World) -> Any:
    principals = world.emulator.tenant.service_principals
    chosen = next(item for item in principals if item.signing_certificate is not None)
    return graph(world, f"/v1.0/servicePrincipals/{chosen.id}")


@body("federated credential that was made")
def federated_credential(world: World) -> Any:
    return asked(world.federate(world.new_application(), description="d"), 201)


@body("federated credentials")
def federated_credentials(world: World) -> Any:
    made = world.new_application()
    world.federate(made)
    return graph(world, f"/v1.0/applications/{made.id}/federatedIdentityCredentials")


@body("federated credential that was upserted")
def upserted(world: World) -> Any:
    path = f"/v1.0/applications/{world.new_application().id}/federatedIdentityCredentials(name='upserted')"
    content = {
        "issuer": world.issuer,
        "subject": world.identity.principal_id,
        "audiences": ["api://AzureADTokenExchange"],
    }
    headers = {**world.bearer(), "Prefer": "create-if-missing"}
    return asked(world.web.patch(path, json=content, headers=headers), 201)


@body("new secret")
def new_secret(world: World) -> Any:
    path = f"/v1.0/applications/{world.new_application().id}/addPassword"
    return graph(world, path, method="POST", json={"passwordCredential": {"displayName": "Password friendly name"}})


@body("name of a federated credential taken")
def name_taken(world: World) -> Any:
    made = world.new_application()
    world.federate(made)
    return asked(world.federate(made, subject="another"), 409)


@body("issuer and subject taken")
def issuer_and_subject_taken(world: World) -> Any:
    made = world.new_application()
    world.federate(made)
    return asked(world.federate(made, name="another"), 400)


@body("object that does not exist")
def not_found(world: World) -> Any:
    return graph(world, "/v1.0/applications/8a8a8a8a-1111-4111-8111-111111111111", 404)


@body("throttled")
def throttled(world: World) -> Any:
    faults = f"{world.emulator.control_endpoint}/faults"
    plan = {"faults": [{"kind": "throttle", "buckets": ["reports"], "limits": {"reports": 1}}]}
    assert world.web.put(faults, json=plan).status_code == 200
    try:
        graph(world, "/v1.0/auditLogs/signIns")
        return graph(world, "/v1.0/auditLogs/signIns", 429)
    finally:
        assert world.web.delete(faults).status_code == 200


@body("changes of applications")
def changes(world: World) -> Any:
    first = graph(world, "/v1.0/applications/delta", params={"$top": "5"})
    assert "@odata.nextLink" in first
    made = world.new_application()
    last = graph(world, "/v1.0/applications/delta?$select=id,displayName")
    assert made.id in {item["id"] for item in last["value"]}
    assert "@odata.deltaLink" in last
    return {**first, "@odata.deltaLink": last["@odata.deltaLink"]}


@body("answers of a batch")
def batch(world: World) -> Any:
    made = world.new_application()
    requests = [
        {"id": "1", "method": "GET", "url": "/applications?$top=1"},
        {"id": "2", "method": "GET", "url": "/applications/8a8a8a8a-1111-4111-8111-111111111111"},
        {"id": "3", "method": "DELETE", "url": f"/applications/{made.id}"},
    ]
    answered = graph(world, "/v1.0/$batch", method="POST", json={"requests": requests})
    assert {part["status"] for part in answered["responses"]} == {200, 404, 204}
    return answered


def deleted(world: World) -> str:
    made = world.new_application()
    gone = world.web.delete(f"/v1.0/applications/{made.id}", headers=world.bearer())
    assert gone.status_code == 204
    return made.id


@body("deleted applications")
def deleted_applications(world: World) -> Any:
    made = deleted(world)
    listed = graph(world, "/v1.0/directory/deletedItems/microsoft.graph.application")
    assert made in {item["id"] for item in listed["value"]}
    return listed


@body("restored object")
def restored_object(world: World) -> Any:
    path = f"/v1.0/directory/deletedItems/{deleted(world)}/restore"
    shown = graph(world, path, method="POST")
    envelope = ("@odata.context", "@odata.type", "id", "displayName")
    return {name: shown[name] for name in envelope}


@body("default policy about credentials")
def default_policy(world: World) -> Any:
    path = "/v1.0/policies/defaultAppManagementPolicy"
    since = {"restrictForAppsCreatedAfterDateTime": "2021-01-01T10:37:00Z"}
    restrictions = {
        "passwordCredentials": [{"restrictionType": "passwordLifetime", "maxLifetime": "P4DT12H30M5S", **since}],
        "keyCredentials": [{"restrictionType": "asymmetricKeyLifetime", "maxLifetime": "P30D", **since}],
    }
    headers = world.bearer()
    assert world.web.patch(path, json={"applicationRestrictions": restrictions}, headers=headers).status_code == 204
    return graph(world, path)


@body("recommendation about unused credentials")
def recommendation(world: World) -> Any:
    return graph(world, "/beta/directory/recommendations")


@body("sign-ins")
def sign_ins(world: World) -> Any:
    kinds = ("servicePrincipal", "managedIdentity")
    condition = " or ".join(f"signInEventTypes/any(t:t eq '{kind}')" for kind in kinds)
    return graph(world, "/beta/auditLogs/signIns", params={"$filter": condition, "$top": "500"})


@body("credential activity")
def credential_activity(world: World) -> Any:
    return graph(world, "/beta/reports/appCredentialSignInActivities")


@body("application activity")
def application_activity(world: World) -> Any:
    return graph(world, "/beta/reports/servicePrincipalSignInActivities")
