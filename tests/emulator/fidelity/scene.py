"""The objects that exemplars name: some of the seed's, some made for one request."""

import base64
import re
import uuid
from collections.abc import Callable, Iterator
from functools import cached_property
from typing import Any, Final

import httpx

from migrate.emulator.certificates import der
from migrate.emulator.state.records import Application, ServicePrincipal
from tests.emulator.fidelity.exemplars import Exemplar

_GRAPH: Final = "00000003-0000-0000-c000-000000000000"
_OBJECTS: Final = "https://graph.microsoft.com/v1.0/directoryObjects"
_NAME: Final = re.compile(r"\{(\w+)\}")


class Scene:
    """A tenant seen by exemplars."""

    def __init__(self, world: Any) -> None:
        self.world = world
        self.tenant = world.emulator.tenant
        self.headers = world.bearer()

    def ask(self, exemplar: Exemplar, version: str) -> httpx.Response:
        """Send an exemplar."""
        answer: httpx.Response = self.world.web.request(
            exemplar.method,
            f"/{version}/{self.fill(exemplar.path)}",
            params={name: self.fill(value) for name, value in exemplar.query.items()},
            json=None if exemplar.body is None else self.fill(exemplar.body),
            headers={**self.headers, **exemplar.headers},
        )
        return answer

    def fill(self, value: Any) -> Any:
        """Replace the names in a text or inside a body."""
        if isinstance(value, str):
            return _NAME.sub(lambda found: str(getattr(self, f"_{found[1]}")()), value)
        if isinstance(value, dict):
            return {name: self.fill(item) for name, item in value.items()}
        return [self.fill(item) for item in value] if isinstance(value, list) else value

    @cached_property
    def rich(self) -> Application:
        """An application with a secret, a certificate, a federated credential and a service principal."""
        key = {"type": "AsymmetricX509Cert", "usage": "Verify", "key": self._certificate(), "displayName": "CN=x"}
        made: Application = self.world.new_application(
            keyCredentials=[key], tags=["rich"], identifierUris=[f"api://{self._unique()}"], notes="n"
        )
        assert self.world.federate(made, description="d").status_code == 201
        return self._now(made)

    def fresh(self) -> Application:
        """Make an application for one request."""
        made: Application = self.world.new_application()
        return self._now(made)

    def _now(self, application: Application) -> Application:
        found = self.tenant.applications.get(application.id)
        assert isinstance(found, Application)
        return found

    def _first(self, records: Any, condition: Callable[[Any], Any]) -> str:
        return str(next(record.id for record in records if condition(record)))

    def _unique(self) -> str:
        return uuid.uuid4().hex

    def _issuer(self) -> str:
        return str(self.world.issuer)

    def _subject(self) -> str:
        return str(self.world.identity.principal_id)

    def _certificate(self) -> str:
        return base64.b64encode(der(self.world.certificate_holder()[1].certificate)).decode()

    def _rich(self) -> str:
        return self.rich.id

    def _rich_app_id(self) -> str:
        return self.rich.app_id

    def _rich_federated(self) -> str:
        return self.rich.federated[0].id

    def _owned(self) -> str:
        users = self.tenant.users
        return self._first(self.tenant.applications, lambda item: any(owner in users for owner in item.owners))

    def _fresh(self) -> str:
        return self._keep(self.fresh()).id

    def _keep(self, application: Application) -> Application:
        self._last = application
        return application

    def _fresh_secret(self) -> str:
        return self._last.passwords[0].key_id

    def _fresh_without_principal(self) -> str:
        made = self.world.web.post("/v1.0/applications", json={"displayName": "alone"}, headers=self.headers)
        return str(made.json()["appId"])

    def _federated(self) -> str:
        application = self.fresh()
        assert self.world.federate(application).status_code == 201
        return self._keep(self._now(application)).id

    def _its_credential(self) -> str:
        return self._last.federated[0].id

    def _principal(self) -> str:
        return str(self.tenant.service_principal_of(self.rich).id)

    def _fresh_principal(self) -> str:
        self._last_principal: ServicePrincipal = self.tenant.service_principal_of(self.fresh())
        return str(self._last_principal.id)

    def _fresh_principal_secret(self) -> str:
        path = f"/v1.0/servicePrincipals/{self._last_principal.id}/addPassword"
        return str(self.world.web.post(path, json={}, headers=self.headers).json()["keyId"])

    def _signing_principal(self) -> str:
        return self._first(self.tenant.service_principals, lambda item: item.signing_certificate is not None)

    def _identity_principal(self) -> str:
        return str(self.world.identity.principal_id)

    def _unknown(self) -> str:
        return "8a8a8a8a-1111-4111-8111-111111111111"

    def _user(self) -> str:
        return str(next(iter(self.tenant.users)))

    def _domain(self) -> str:
        return str(self.tenant.domain)

    def _directory_role(self) -> str:
        return str(self._read("directoryRoles")["value"][0]["id"])

    def _role_definition(self) -> str:
        return str(self._read("roleManagement/directory/roleDefinitions")["value"][0]["id"])

    def _role_assignment(self) -> str:
        return str(self._read("roleManagement/directory/roleAssignments")["value"][0]["id"])

    def _role_holder(self) -> str:
        return self._first(self.tenant.service_principals, lambda item: bool(item.directory_roles))

    def _deleted(self) -> str:
        made = self.fresh()
        self.world.web.delete(f"/v1.0/applications/{made.id}", headers=self.headers)
        return made.id

    def _read(self, path: str) -> Any:
        return self.world.web.get(f"/v1.0/{path}", headers=self.headers).json()

    def _write(self, path: str, body: Any) -> Any:
        """Send something that the exemplar builds upon."""
        answer = self.world.web.post(f"/v1.0/{path}", json=self.fill(body), headers=self.headers)
        assert answer.status_code in (200, 201, 204), answer.text
        return answer.json() if answer.content else None

    # Owners.

    def _fresh_owned(self) -> str:
        return self._owned_by_user("applications", self.fresh().id)

    def _fresh_owned_principal(self) -> str:
        return self._owned_by_user("servicePrincipals", self._fresh_principal())

    def _owned_by_user(self, collection: str, object_id: str) -> str:
        self._write(f"{collection}/{object_id}/owners/$ref", {"@odata.id": f"{_OBJECTS}/{self._user()}"})
        return object_id

    @cached_property
    def owned_principal(self) -> str:
        """A service principal that a user and another service principal own."""
        made = self._owned_by_user("servicePrincipals", self._fresh_principal())
        self._write(f"servicePrincipals/{made}/owners/$ref", {"@odata.id": f"{_OBJECTS}/{self._principal()}"})
        return made

    def _owned_principal(self) -> str:
        return self.owned_principal

    def _owner_principal(self) -> str:
        assert self.owned_principal
        return self._principal()

    # Certificates and proofs of them.

    def _other_certificate(self) -> str:
        """Give a valid certificate that no application of the scene has."""
        now = self.tenant.clock.now()
        for application in self.tenant.applications:
            for key in application.keys:
                found = base64.b64encode(der(key.certificate)).decode()
                if key.start <= now < key.end and found != self._certificate():
                    return found
        raise AssertionError("the seed holds one valid certificate only")

    def _keyed(self) -> str:
        key = {"type": "AsymmetricX509Cert", "usage": "Verify", "key": self._certificate()}
        return self._keep(self._now(self.world.new_application(keyCredentials=[key]))).id

    def _keyed_key(self) -> str:
        return self._last.keys[0].key_id

    def _keyed_principal(self) -> str:
        principal = self._fresh_principal()
        key = {"type": "AsymmetricX509Cert", "usage": "Verify", "key": self._certificate()}
        path = f"/v1.0/servicePrincipals/{principal}"
        changed = self.world.web.patch(path, json={"keyCredentials": [key]}, headers=self.headers)
        assert changed.status_code == 204, changed.text
        return principal

    def _keyed_principal_key(self) -> str:
        found = self.tenant.service_principals.get(self._last_principal.id)
        return str(found.keys[0].key_id)

    def _proof(self) -> str:
        return self._proof_for(self._last.id)

    def _principal_proof(self) -> str:
        return self._proof_for(self._last_principal.id)

    def _proof_for(self, object_id: str) -> str:
        now = int(self.tenant.clock.timestamp())
        claims = {"aud": "00000002-0000-0000-c000-000000000000", "iss": object_id, "nbf": now, "exp": now + 600}
        return str(self.world.sign(self.world.certificate_holder()[1], claims))

    # App roles.

    def _operator(self) -> str:
        return str(self.tenant.service_principal_of(self.tenant.application_named("unsecret-operator")).id)

    def _graph_principal(self) -> str:
        return str(self.tenant.service_principals.with_app_id(_GRAPH).id)

    def _role(self) -> str:
        return str(self._read(f"servicePrincipals/{self._operator()}/appRoleAssignments")["value"][0]["appRoleId"])

    def _assignment(self) -> str:
        return str(self._read(f"servicePrincipals/{self._operator()}/appRoleAssignments")["value"][0]["id"])

    def _last_principal_id(self) -> str:
        return self._last_principal.id

    def _assigned(self) -> str:
        self._last_assignment = self._fresh_assignment()
        return self._last_principal.id

    def _its_assignment(self) -> str:
        return self._last_assignment

    def _fresh_assignment(self) -> str:
        principal = self._fresh_principal()
        body = {"principalId": principal, "resourceId": self._graph_principal(), "appRoleId": self._role()}
        return str(self._write(f"servicePrincipals/{principal}/appRoleAssignments", body)["id"])

    # Policies.

    @cached_property
    def policy(self) -> str:
        """A policy that governs an application and a service principal."""
        return self._fresh_policy()

    def _policy(self) -> str:
        return self.policy

    def _fresh_policy(self) -> str:
        body = {"displayName": "p", "description": "d", "isEnabled": True, "restrictions": {}}
        return str(self._write("policies/appManagementPolicies", body)["id"])

    def _fresh_governed(self) -> str:
        return self._governed_by_policy("applications", self.fresh().id)

    def _fresh_governed_principal(self) -> str:
        return self._governed_by_policy("servicePrincipals", self._fresh_principal())

    def _governed_by_policy(self, collection: str, object_id: str) -> str:
        link = {"@odata.id": f"https://graph.microsoft.com/v1.0/policies/appManagementPolicies/{self.policy}"}
        self._write(f"{collection}/{object_id}/appManagementPolicies/$ref", link)
        return object_id

    _governed = _fresh_governed
    _governed_principal = _fresh_governed_principal


def leaves(body: Any, path: str = "") -> Iterator[str]:
    """List the places of a body that hold something, without positions."""
    if isinstance(body, dict):
        for name, value in body.items():
            yield from leaves(value, f"{path}.{name}" if path else name)
    elif isinstance(body, list):
        for item in body:
            yield from leaves(item, f"{path}[]")
    elif body is not None:
        yield path
