"""Every body that Graph serves here parses with msgraph-sdk's models, with nothing left over and nothing misread."""

from collections.abc import Iterator
from typing import Any, Final

import httpx
import pytest

from migrate.emulator.graph import router
from migrate.emulator.server import Emulator
from tests.emulator.conftest import make_world
from tests.emulator.fidelity.beta import BETA_ONLY, OTHER_BODIES, UNDECLARED
from tests.emulator.fidelity.exemplars import EXEMPLARS, Exemplar
from tests.emulator.fidelity.operations import Pattern, families, first_segment, operations
from tests.emulator.fidelity.scene import Scene, leaves
from tests.emulator.fidelity.strict import Extras, misunderstandings

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # kiota and msgraph warn about themselves

ERROR: Final = "msgraph.generated.models.o_data_errors.o_data_error:ODataError"
REQUESTS: Final = [(exemplar, version) for exemplar in EXEMPLARS for version in exemplar.versions]

FILLED: Final = (
    "id", "appId", "displayName", "createdDateTime", "tags[]", "identifierUris[]", "notes", "value[].id",
    "passwordCredentials[].keyId", "passwordCredentials[].hint", "passwordCredentials[].endDateTime", "secretText",
    "value[].passwordCredentials[].customKeyIdentifier", "keyCredentials[].key", "keyCredentials[].customKeyIdentifier",
    "keyCredentials[].startDateTime", "value[].keyCredentials[].usage", "value[].tokenEncryptionKeyId",
    "value[].owners[].userPrincipalName", "owners[].appId", "owners[].displayName",
    "federatedIdentityCredentials[].subject", "value[].federatedIdentityCredentials[].audiences[]", "audiences[]",
    "value[].alternativeNames[]", "value[].appOwnerOrganizationId", "value[].preferredTokenSigningKeyThumbprint",
    "value[].preferredSingleSignOnMode", "value[].notificationEmailAddresses[]", "value[].accountEnabled",
    "web.redirectUris[]", "web.homePageUrl", "spa.redirectUris[]", "publicClient.redirectUris[]", "@odata.count",
    "requiredResourceAccess[].resourceAccess[].id", "servicePrincipalLockConfiguration.isEnabled", "@odata.nextLink",
    "value[].verifiedDomains[].name", "value[].servicePrincipalCredentialKeyId", "value[].federatedCredentialId",
    "value[].servicePrincipalCredentialThumbprint", "value[].managedServiceIdentity.associatedResourceId",
    "value[].status.errorCode", "value[].signInActivity.lastSuccessfulSignInDateTime",
    "value[].applicationAuthenticationClientSignInActivity.lastSignInDateTime",
)  # fmt: skip
"""Places that some exemplar's answer must have filled, because an empty one proves little about its form."""


def pattern_of(path: str, version: str = "v1.0") -> Pattern:
    return router._split(f"{version}/{path}")[0]


def model_of(method: str, pattern: Pattern) -> str | None:
    """Find the model that msgraph-sdk reads an answer with; None where v1.0 has no such operation."""
    found = [
        operation.model
        for family in families()
        if first_segment(family) == pattern[0]
        for operation in operations(family)
        if operation.pattern == pattern and operation.method == method
    ]
    return next((model for model in found if model), "") if found else None


class Answers:
    """The answers to exemplars, each asked for once."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._known: dict[tuple[int, str], httpx.Response] = {}

    def to(self, exemplar: Exemplar, version: str) -> httpx.Response:
        key = (id(exemplar), version)
        if key not in self._known:
            self._known[key] = self._scene.ask(exemplar, version)
        return self._known[key]


@pytest.fixture(scope="module")
def answers() -> Iterator[Answers]:
    """The answers of a small tenant of its own: what other tests made would have to be parsed too."""
    with Emulator(apps=30, seed=7) as running:
        world = make_world(running)
        yield Answers(Scene(world))
        world.web.close()


def complaints(exemplar: Exemplar, version: str, body: Any) -> list[str]:
    pattern = pattern_of(exemplar.path)
    model = ERROR if exemplar.status >= 400 else model_of(exemplar.method, pattern)
    if model is None:
        return [f"{item.kind}: {item.path}: {item.found}" for item in OTHER_BODIES[pattern].differences(body, "")]
    assert model, f"msgraph-sdk expects no object from {exemplar}"
    return misunderstandings(body, model, BETA_ONLY if version == "beta" else UNDECLARED)


def _once(exemplar: Exemplar, version: str) -> Any:
    """Leave what v1.0 answers as well to the slow tests: most of beta's answer is the same."""
    again = version == "beta" and len(exemplar.versions) > 1
    return pytest.param(exemplar, version, marks=[pytest.mark.slow] * again)


@pytest.mark.parametrize(("exemplar", "version"), [_once(*each) for each in REQUESTS], ids=str)
def test_an_answer_is_understood_by_the_sdk(answers: Answers, exemplar: Exemplar, version: str) -> None:
    answer = answers.to(exemplar, version)
    assert answer.status_code == exemplar.status, answer.text
    if answer.status_code == 204:
        assert answer.content == b""
    elif answer.headers["content-type"].startswith("text/plain"):
        assert answer.text.isdecimal()
        assert pattern_of(exemplar.path)[-1] == "$count"
    else:
        assert answer.headers["content-type"].startswith("application/json")
        assert complaints(exemplar, version, answer.json()) == []


def test_everything_that_is_served_has_an_exemplar() -> None:
    shown = {(pattern_of(item.path), item.method, version) for item, version in REQUESTS}
    served = {
        (pattern, method, version)
        for pattern, methods in router.ROUTES.items()
        for method, route in methods.items()
        for version in route.versions
    }
    missing = sorted(f"{version} {method} {'/'.join(pattern)}" for pattern, method, version in served - shown)
    assert missing == [], "write exemplars for what was added"


def test_the_answers_have_something_in_them(answers: Answers) -> None:
    found: set[str] = set()
    for exemplar, version in REQUESTS:
        answer = answers.to(exemplar, version)
        if answer.headers.get("content-type", "").startswith("application/json"):
            found.update(leaves(answer.json()))
    assert set(FILLED) - found == set()


def keys_of(body: Any) -> Iterator[str]:
    """List the names of all properties of a body, at whatever depth."""
    for name, value in body.items() if isinstance(body, dict) else enumerate(body) if isinstance(body, list) else ():
        if isinstance(name, str):
            yield name
        yield from keys_of(value)


@pytest.mark.parametrize(("version", "extras"), [("v1.0", UNDECLARED), ("beta", BETA_ONLY)])
def test_what_the_models_do_not_know_is_listed_exactly(answers: Answers, version: str, extras: Extras) -> None:
    bodies = [answers.to(exemplar, each) for exemplar, each in REQUESTS if each == version]
    found = {name for answer in bodies if "json" in answer.headers.get("content-type", "")
             for name in keys_of(answer.json())}  # fmt: skip
    assert {name for names in extras.values() for name in names} - found == set(), "listed and not served"
