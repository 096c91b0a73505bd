"""``unsecret certificate`` on a rollout against an embedded tenant: written, signed, checked without the journal."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from migrate.cli.main import main
from migrate.entry import Entry, Kind
from migrate.rollout import removed as removals
from tests.support.journals import journal
from tests.support.rollout import rollout

HOSTILE = "'\"<x>\u202e\x1b[31m$(touch x)\n"
OTHER = "00000000-0000-4000-8000-00000000000b"


@pytest.fixture
def keys(tmp_path: Path) -> tuple[str, str]:
    """Give the files of a private and of its public key."""
    key = Ed25519PrivateKey.generate()
    pem = serialization.Encoding.PEM
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    public = key.public_key().public_bytes(pem, serialization.PublicFormat.SubjectPublicKeyInfo)
    (tmp_path / "key.pem").write_bytes(private)
    (tmp_path / "public.pem").write_bytes(public)
    return str(tmp_path / "key.pem"), str(tmp_path / "public.pem")


def test_every_removal_of_a_rollout_is_certified_and_checked_offline(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, keys: tuple[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    key, public = keys
    with rollout(tmp_path, monkeypatch, apps=16) as tenant:
        held = [each.key_id for app in tenant.emulator.tenant.applications for each in app.passwords]
        secrets = [tenant.emulator.tenant.secret_of(each) for each in held]
        plan = asyncio.run(tenant.ready())
        asyncio.run(tenant.retire(plan))
        removed = {key for _, (_, key) in removals(tenant.journal.entries())}
        assert len(removed) > 2
    monkeypatch.setenv("UNSECRET_JOURNAL", f"sqlite:///{tmp_path / 'journal.db'}")
    out = tmp_path / "certificates"
    assert main(["certificate", "write", "--out", str(out), "--key", key]) == 0
    assert f"{len(removed)} certificates in" in capsys.readouterr().out
    assert main(["certificate", "write", "--out", str(out), "--key", key]) == 0, "certificates may be replaced"
    files = sorted(out.iterdir())
    assert {json.loads(each.read_bytes())["claims"]["credential"]["key_id"] for each in files} == removed
    content = b"".join(each.read_bytes() for each in files)
    assert b"eyJ" not in content
    assert not any(secret.encode() in content for secret in secrets if secret)
    monkeypatch.setenv("UNSECRET_JOURNAL", "sqlite:////nowhere/x.db")
    assert main(["certificate", "verify", *map(str, files), "--public-key", public]) == 0
    assert capsys.readouterr().out.count(": sound: ") == len(files)
    one = files[0].read_bytes()
    files[0].write_bytes(one.replace(b'"sign_ins_with_it": 0', b'"sign_ins_with_it": 1'))
    assert main(["certificate", "verify", *map(str, files), "--public-key", public, "--format", "json"]) == 1
    first, *others = json.loads(capsys.readouterr().out)
    wrong = {each["where"] for each in first["problems"]}
    assert wrong == {"digest", "signature", "claims.negative_proof.sign_ins_with_it"}
    assert all(each["sound"] for each in others)


def test_a_removal_of_an_earlier_version_is_not_certified(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    url = f"sqlite:///{tmp_path / 'old.db'}"
    with journal(url) as opened, opened.lease("a"):  # type: ignore[arg-type]
        for kind in (Kind.RETIRE_MEANT, Kind.RETIRED):
            opened.record(Entry(kind=kind, plan="x", application="a", subject=HOSTILE, data={"gates": {}}))  # type: ignore[arg-type]
    monkeypatch.setenv("UNSECRET_JOURNAL", url)
    assert main(["certificate", "write", "--out", str(tmp_path / "out")]) == 1
    told = capsys.readouterr().out
    assert "NOT CERTIFIED: entry 1 does not say what the removal rested on" in told
    assert "\x1b" not in told
    assert "\u202e" not in told


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["write", "--out", "out", "--app", OTHER], f"no credential of application {OTHER} was removed"),
        (["write", "--out", "out", "--app", "nosuch"], "'nosuch' is no client id"),
        (["write", "--out", "out", "--key", "nokey.pem"], "nokey.pem is no private Ed25519 key"),
        (["write", "--out", "out", "--key", "public.pem"], "public.pem is no private Ed25519 key"),
        (["write", "--out", "out", "--key", "none.pem"], "cannot read none.pem"),
        (["write", "--out", "out", "--journal", "sqlite:///none.db"], "there is no journal"),
        (["verify", "none.json"], "cannot read none.json"),
        (["verify", "nokey.pem", "--public-key", "nokey.pem"], "nokey.pem is no public Ed25519 key"),
    ],
)
@pytest.mark.usefixtures("keys")
def test_what_cannot_be_done_is_told_in_one_line(
    arguments: list[str], told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("UNSECRET_JOURNAL", "sqlite:///j.db")
    with journal("sqlite:///j.db") as opened:
        opened.record(Entry(kind=Kind.PLAN, plan="x"))
    Path("nokey.pem").write_text("nothing of a key")
    assert main(["certificate", *arguments]) == 2
    error = capsys.readouterr().err
    assert told in error
    assert error.count("\n") == 1


def test_the_verdict_of_every_file_is_told_where_one_cannot_be_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("cut.json").write_text('{\n  "format"')
    Path("deep.json").write_text("[" * 200_000)
    Path("latin.json").write_bytes(b'"\xff"')
    assert main(["certificate", "verify", "none.json", "cut.json", "gone.json", "deep.json", "latin.json"]) == 2
    told = capsys.readouterr()
    assert told.out.splitlines() == [
        "cut.json: NOT SOUND: file: it is no JSON: see line 2, column 11",
        "gone.json: NOT READ: cannot read gone.json: No such file or directory; name a file that is there",
        "deep.json: NOT SOUND: file: it is nested too deeply for a certificate",
        "latin.json: NOT SOUND: file: it is no JSON",
    ]
    assert told.err.count("cannot read none.json: No such file or directory") == told.err.count("\n") == 1


@pytest.mark.usefixtures("keys")
def test_a_folder_stands_for_every_json_in_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("c/b.json", "c/a.json", "c/notes.txt", "c/inner/c.json"):
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_text("{}")
    assert main(["certificate", "verify", "c"]) == 1
    told = capsys.readouterr().out.splitlines()
    assert [line.split(": ")[0] for line in told] == ["c/a.json", "c/b.json"]
    Path("empty").mkdir()
    assert main(["certificate", "verify", "empty"]) == 2
    assert "empty holds no *.json" in capsys.readouterr().err


def test_a_file_that_is_no_certificate_is_neither_sound_nor_replaced(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "x.json").write_text("{}")
    assert main(["certificate", "verify", str(tmp_path / "x.json")]) == 1
    assert "NOT SOUND: format: it is no certificate of retirement" in capsys.readouterr().out
