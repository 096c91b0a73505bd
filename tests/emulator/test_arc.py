"""The identity endpoint of an Azure Arc server: a challenge answered by reading a file, and only its own identity.

Clients look for the file in one folder that takes a privileged user to make; here they are told of another.
"""

import asyncio
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import jwt
import msal  # type: ignore[import-untyped]  # has no annotations
import msal.managed_identity  # type: ignore[import-untyped]  # has no annotations
import pytest
import requests
from azure.core.exceptions import ClientAuthenticationError, HttpResponseError
from azure.identity import ManagedIdentityCredential
from azure.identity._credentials import azure_arc
from azure.identity.aio import ManagedIdentityCredential as AsyncManagedIdentityCredential

from migrate.emulator import host_environments
from migrate.emulator.seed.azure import ARC_MACHINE
from migrate.emulator.server import Emulator
from migrate.emulator.web import identity_arc
from migrate.emulator.web.identity_arc import ArcKeys, agent_folder

EXCHANGE = "api://AzureADTokenExchange"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("azcmagent") / "tokens"


@pytest.fixture(scope="module")
def arc(folder: Path) -> Iterator[Emulator]:
    with Emulator(apps=10, seed=5, arc_keys=folder) as running:
        yield running


@pytest.fixture
def on_arc(arc: Emulator, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Make this process a program on the Arc server, and give the server's identity."""
    for name in host_environments.STEERING:
        monkeypatch.delenv(name, raising=False)
    for name, value in arc.host_environment(ARC_MACHINE).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(azure_arc, "_get_key_file_path", lambda: str(folder))
    monkeypatch.setattr(msal.managed_identity, "_supported_arc_platforms_and_their_prefixes", {"linux": str(folder)})
    monkeypatch.setattr("sys.platform", "linux")
    return arc.tenant.identities[arc.tenant.hosts[ARC_MACHINE].identities[0]]


def ask(arc: Emulator, authorization: str = "", host: str = f"/hosts/{ARC_MACHINE}", **query: str) -> httpx.Response:
    asked = {"api-version": "2020-06-01", "resource": EXCHANGE, **query}
    headers = {"Metadata": "true", **({"Authorization": authorization} if authorization else {})}
    address = f"{arc.imds_endpoint}{host}/arc/metadata/identity/oauth2/token"
    return httpx.get(address, params=asked, headers=headers, trust_env=False)


def key_file(challenge: httpx.Response) -> Path:
    assert challenge.status_code == 401
    scheme, _, place = challenge.headers["www-authenticate"].partition("=")
    assert scheme == "Basic realm"
    return Path(place)


def test_real_clients_meet_the_challenge(on_arc: Any, folder: Path) -> None:
    with ManagedIdentityCredential() as credential:
        tokens = [credential.get_token(f"{EXCHANGE}/.default").token]

    async def asynchronously() -> str:
        async with AsyncManagedIdentityCredential() as later:
            return str((await later.get_token(f"{EXCHANGE}/.default")).token)

    tokens.append(asyncio.run(asynchronously()))
    with requests.Session() as session:
        client = msal.ManagedIdentityClient(msal.SystemAssignedManagedIdentity(), http_client=session)
        tokens.append(client.acquire_token_for_client(resource=EXCHANGE)["access_token"])
    assert {jwt.decode(token, options={"verify_signature": False})["oid"] for token in tokens} == {on_arc.principal_id}
    assert not list(folder.glob("*.key")), "a key that was used is gone"


def test_the_challenge_names_a_file_that_clients_accept(arc: Emulator, folder: Path) -> None:
    challenge = ask(arc)
    place = key_file(challenge)
    assert (place.parent, place.suffix) == (folder, ".key")
    assert 0 < place.stat().st_size <= 4096
    assert stat.S_IMODE(place.stat().st_mode) == 0o600, "only the user of the emulator may read it"
    body = challenge.json()
    assert (body["error"], body["error_description"]) == ("unauthorized_client", "Missing Basic Authorization header")
    assert body["error_codes"] == [401]


def test_a_key_opens_once(arc: Emulator) -> None:
    content = key_file(ask(arc)).read_text()
    assert ask(arc, f"Basic {content}").status_code == 200
    again = ask(arc, f"Basic {content}")
    assert key_file(again).read_text() != content, "a replayed key meets a new challenge"


@pytest.mark.parametrize("authorization", ["Basic", "Basic wrong", "Bearer {key}", "{key}"])
def test_anything_but_the_key_meets_another_challenge(arc: Emulator, authorization: str) -> None:
    place = key_file(ask(arc))
    assert ask(arc, authorization.format(key=place.read_text())).status_code == 401
    assert place.exists(), "a wrong answer does not use the key up"


def test_a_user_assigned_identity_is_refused(arc: Emulator, on_arc: Any) -> None:
    other = arc.tenant.identity_named("id-orders-api")
    content = key_file(ask(arc)).read_text()
    answer = ask(arc, f"Basic {content}", client_id=other.client_id)
    assert (answer.status_code, answer.json()["error"]) == (404, "identity_not_found")
    with (
        ManagedIdentityCredential(client_id=other.client_id) as credential,
        pytest.raises((ClientAuthenticationError, HttpResponseError)),
    ):
        credential.get_token(f"{EXCHANGE}/.default")
    del on_arc


@pytest.mark.parametrize(
    ("query", "status"), [({"resource": ""}, 400), ({"api-version": ""}, 400), ({"api-version": "1"}, 400)]
)
def test_a_malformed_request_is_refused_before_the_challenge(arc: Emulator, query: dict[str, str], status: int) -> None:
    assert ask(arc, **query).status_code == status


def test_the_jump_host_has_the_endpoint_but_no_identity_of_its_own(arc: Emulator) -> None:
    content = key_file(ask(arc, host="")).read_text()
    assert ask(arc, f"Basic {content}", host="").json()["error_description"] == "Identity not found"


def test_an_arc_server_has_no_metadata_service(arc: Emulator) -> None:
    address = f"{arc.imds_endpoint}/hosts/{ARC_MACHINE}/metadata/identity/oauth2/token"
    answer = httpx.get(address, params={"resource": EXCHANGE}, headers={"Metadata": "true"}, trust_env=False)
    assert answer.status_code == 403


def test_key_files_go_when_the_emulator_stops(tmp_path: Path) -> None:
    with Emulator(apps=3, arc_keys=tmp_path / "made" / "here") as emulator:
        assert not (tmp_path / "made").exists(), "nothing is written before the first challenge"
        assert key_file(ask(emulator)).exists()
    assert not (tmp_path / "made").exists()


def test_a_folder_that_was_there_stays(tmp_path: Path) -> None:
    (tmp_path / "other").touch()
    keys = ArcKeys(tmp_path)
    assert keys.challenge() is not None
    keys.close()
    assert [place.name for place in tmp_path.iterdir()] == ["other"]


def test_where_the_folder_cannot_be_made_another_serves(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    keys = ArcKeys(tmp_path / "file" / "tokens", otherwise=tmp_path)
    place = keys.challenge()
    assert place is not None
    assert place.parent == tmp_path
    keys.close()
    assert ArcKeys(tmp_path / "file" / "tokens").challenge() is None


def test_waiting_keys_do_not_pile_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(identity_arc, "_MOST_PENDING", 3)
    keys = ArcKeys(tmp_path)
    made = [keys.challenge() for _ in range(5)]
    assert sorted(tmp_path.iterdir()) == sorted(made[2:])  # type: ignore[type-var]  # all were written
    keys.close()


def test_the_folder_is_the_one_that_azure_identity_insists_on() -> None:
    assert str(agent_folder()) == azure_arc._get_key_file_path()
