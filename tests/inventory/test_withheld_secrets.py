"""Not one byte of a secret is kept or told, in whatever property of whatever object somebody put it."""

from __future__ import annotations

import asyncio
import copy
import dataclasses
import json
import logging
import sqlite3
import string
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from inventory import snapshot
from inventory.estate import AssignedIdentity, SettingKind
from inventory.graph_directory import GraphDirectory
from inventory.mending import decoded
from inventory.model import Application, ApplicationId, PrincipalId, ScanNote
from inventory.noting import noted
from inventory.secret_texts import WITHHELD, looks_secret, suspicious
from inventory.snapshot import entries
from inventory.tables import schema
from tests.inventory import values
from tests.inventory.madeup import MadeUpGraph
from tests.inventory.test_fuzz import _KINDS, _places
from tests.support.examples import share

_BASE64 = string.ascii_letters + string.digits + "+/"
_URL = string.ascii_letters + string.digits + "-_"


def _letters(alphabet: str, least: int, most: int | None = None) -> st.SearchStrategy[str]:
    return st.text(alphabet=alphabet, min_size=least, max_size=most or least)


def _mixed(alphabet: str, least: int, most: int) -> st.SearchStrategy[str]:
    """A text with a digit and letters of both sizes, as random ones of that length have."""
    return st.tuples(_letters(alphabet, least, most), st.sampled_from(("aB3", "Z9x", "7qK"))).map("".join)


_BEHIND = {
    "a bearer token": ("Authorization: Bearer ", _letters(_URL, 20, 60)),
    "a signature": ("https://a.blob.core.windows.net/c?sv=2022&sig=", _mixed(_BASE64, 40, 44)),
    "Pwd": ("Server=db;Uid=app;Pwd=", _letters(string.ascii_letters, 8, 24).map(lambda word: f"{word}!1")),
    "Password": ("Server=db; Password = ", _letters(string.ascii_letters, 8, 24).map(lambda word: f"{word}%2")),
    "AccountKey": ("AccountName=a;AccountKey=", _letters(_BASE64, 86).map(lambda key: f"{key}==")),
    "SharedAccessKey": ("Endpoint=sb://x/;SharedAccessKey=", _letters(_BASE64, 43).map(lambda key: f"{key}=")),
    "a secret of Entra": ("", st.tuples(
        _letters(string.ascii_letters, 3), st.sampled_from(string.digits), _letters(_URL + ".~", 34)
    ).map(lambda parts: f"{parts[0]}{parts[1]}Q~{parts[2]}")),
    "a private key": ("-----BEGIN RSA PRIVATE KEY-----\n", _letters(_BASE64, 64, 200)),
    "a JWT": ("eyJ0eXAiOiJKV1QiLCJhbGciOiJSUzI1NiJ9.", _letters(_URL, 30, 90)),
    "a key behind its name": ('{"clientSecret": "', _mixed(_BASE64, 24, 44)),
    "a password in words": ("the password is: ", _mixed(_BASE64, 24, 44)),
}  # fmt: skip
_SECRETS = st.sampled_from(sorted(_BEHIND)).flatmap(
    lambda name: st.tuples(st.just(_BEHIND[name][0]), _BEHIND[name][1], st.sampled_from(("", ";", " (old)", '"}')))
)


def _planted(draw: st.DataObject, whole: dict[str, Any], text: str) -> Any:
    """Put a text in some place of an object, known or not, or in the name of a member."""
    body = copy.deepcopy(whole)
    place = draw.draw(st.sampled_from([*(each for each in _places(body) if each), ("somethingNew",), ("inner", "a")]))
    inside: Any = body
    for key in place[:-1]:
        inside = inside.setdefault(key, {}) if isinstance(inside, dict) else inside[key]
    if isinstance(inside, dict) and draw.draw(st.integers(0, 4)) == 0:
        inside[text] = 1
    else:
        around: Any = draw.draw(st.sampled_from(("text", "list", "object")))
        inside[place[-1]] = {"text": text, "list": [text], "object": {"deep": [{"x": text}]}}[around]
    return body


@pytest.mark.parametrize("kind", ["applications", "service principals", "identities", "app roles", "directory roles",
                                  "default policy", "policies", "federated"])  # fmt: skip
@settings(max_examples=share(40), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), secret=_SECRETS)
def test_no_secret_in_any_property_of_any_object_is_kept_or_told(
    kind: str, data: st.DataObject, secret: tuple[str, str, str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    make, whole = _KINDS[kind]
    body = json.dumps({"value": [whole, *(_planted(data, whole, "".join(secret)) for _ in range(2))]}).encode()
    raw = _written(tuple(one for one in decoded(make().page, body).entries if one is not None))
    assert secret[1].encode() not in raw
    assert secret[1] not in caplog.text


def _written(found: tuple[Any, ...]) -> bytes:
    """Add entries as a scan does, and give every byte of the database."""
    with closing(sqlite3.connect(":memory:")) as database:
        for statement in (*schema.statements(), *schema.unfinished()):
            database.execute(statement)
        entries.remember(database)
        entries.add(database, "some", found)
        database.commit()
        return database.serialize() + database.serialize(name="temp")


@settings(max_examples=share(40), deadline=None)
@given(secret=_SECRETS)
def test_no_secret_in_what_is_said_of_a_host_is_kept(secret: tuple[str, str, str]) -> None:
    text = "".join(secret)
    host = dataclasses.replace(
        values.host(1, settings=(values.setting(text, SettingKind.OTHER), values.setting("PLAIN", SettingKind.OTHER))),
        name=text,
        location=text,
        tags=(("env", text), (text, "x")),
        addresses=(text, "203.0.113.1"),
    )
    use = dataclasses.replace(values.use(1), resource=text, credential_type=text, address=text)
    note = ScanNote(subject=text, text=f"unreadable: {text}")
    odd = dataclasses.replace(host, resource_id=text)
    raw = _written((host, odd, use, values.source(blind=(text, "other")), note, values.application(1, name=text)))
    assert secret[1].encode() not in raw
    assert b"PLAIN" in raw
    assert b"203.0.113.1" in raw


@settings(max_examples=share(40), deadline=None)
@given(secret=_SECRETS)
def test_no_secret_in_tags_and_owners_of_identities_or_in_notes_is_kept(secret: tuple[str, str, str]) -> None:
    text = "".join(secret)
    tags = (("env", text), (text, "x"), ("plain", "PLAIN"))
    owned = dataclasses.replace(values.identity(), tags=tags, owners=(values.owner(name=text),))
    listed = AssignedIdentity(
        resource_id="r", name=text, principal_id=PrincipalId("p"), client_id=values.IDENTITY_CLIENT, tags=tags,
        subscription_id="s", resource_group=text, location=text,
    )  # fmt: skip
    pointing = dataclasses.replace(values.application(1), noted=(*noted(f"https://a.example/b/{text}"), text))
    raw = _written((owned, listed, pointing))
    assert secret[1].encode() not in raw
    assert b"PLAIN" in raw


def test_what_is_withheld_is_marked_and_the_rest_stays(tmp_path: Path) -> None:
    named = values.application(1, name="Pwd=hunter2")
    tagged = dataclasses.replace(values.application(2), tags=("plain", "sig=x"), id=ApplicationId("Bearer abcdefgh"))
    snapshot.write(
        tmp_path / "s.db",
        values.snapshot(named, dataclasses.replace(tagged, id=ApplicationId(values.guid("c", 2))), tagged),
    )
    with closing(sqlite3.connect(tmp_path / "s.db")) as database:
        told = database.execute("SELECT display_name, tags FROM applications ORDER BY id").fetchall()
        lost = database.execute("SELECT collection, object_id, reason FROM unreadable").fetchall()
    assert told == [
        (WITHHELD, '["a","ü"]'),
        (tagged.display_name, json.dumps(["plain", WITHHELD], separators=(",", ":"))),
    ]
    assert lost == [("applications", "", "its id looks like a secret")]


_HARMLESS = (
    "orders-api", "secret for ci", "Password reset", "Key Vault reader", "token service", "Bearer of news",
    "repo:contoso/app:environment:secret", "api://orders/.default", "AzureWebJobsSecretStorageType", "ADMIN_PASSWORD",
    "ConnectionStrings__Key", "C=DE, O=Contoso, CN=orders", "https://login.microsoftonline.com/x/v2.0", "bypass=true",
    "isExplicit=True", "a client secret that belongs to no signing key", "AsymmetricX509Cert",
)  # fmt: skip


@pytest.mark.parametrize("text", _HARMLESS)
def test_ordinary_names_stay(text: str) -> None:
    assert not looks_secret(text)


@given(secret=_SECRETS, before=st.text(max_size=8), after=st.text(max_size=8))
def test_the_quick_look_overlooks_nothing_that_the_careful_one_finds(
    secret: tuple[str, str, str], before: str, after: str
) -> None:
    text = f"{before} {''.join(secret)} {after}"
    assert looks_secret(text)
    assert suspicious(["harmless", text])
    assert suspicious([json.dumps({"x": text})])


@given(st.text())
def test_the_quick_look_is_never_stricter(text: str) -> None:
    assert suspicious([text]) or not looks_secret(text)


def test_unknown_properties_without_a_secret_stay() -> None:
    make, whole = _KINDS["applications"]
    new = {"mode": "strict", "since": "2026-01-01T00:00:00Z", "of": values.guid("1", 1), "count": 7, "list": ["a"]}
    [found] = make().page(json.dumps({"value": [{**whole, **new}]}).encode()).entries
    assert isinstance(found, Application)
    assert json.loads(found.unknown) == new


def test_nothing_of_a_secret_is_told_on_the_way(graph: MadeUpGraph, caplog: pytest.LogCaptureFixture) -> None:
    """The log of requests, which -v shows, has no bodies."""
    caplog.set_level(logging.DEBUG)
    secret = "abc8Q~" + "Zx9" * 12

    async def read() -> list[Any]:
        async with graph.connected(paced=False) as connection:
            return [entry async for page in GraphDirectory(connection).applications() for entry in page.entries]

    rows = [
        {"id": secret, "appId": secret, "displayName": 7},
        {"id": "o1", "appId": "a", "tags": [secret], "x": secret},
    ]
    graph.answer("/v1.0/applications", {"value": rows})
    found = asyncio.run(read())
    assert len(found) == 2
    assert caplog.records
    assert secret not in caplog.text
    assert secret.encode() not in _written(tuple(found))


def test_of_a_hint_no_more_is_kept_than_three_characters() -> None:
    """Graph documents three; whoever answers with more would answer with the secret."""
    make, whole = _KINDS["applications"]
    secret = "correct horse battery staple"
    body = {**whole, "passwordCredentials": [{"keyId": "p", "hint": secret}, {"keyId": "q", "hint": "ab"}]}
    [found] = make().page(json.dumps({"value": [body]}).encode()).entries
    assert isinstance(found, Application)
    assert sorted(one.hint or "" for one in found.credentials if one.hint) == ["ab", "cor"]
