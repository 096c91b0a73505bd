"""Proofs that are made on a host without the journal: carried to it once, refused where they are not what was asked."""

from __future__ import annotations

import asyncio
import dataclasses
import hashlib
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from migrate import certificate, planfile, rollout
from migrate.cli.main import main
from migrate.cli.proof import _known
from migrate.entry import Kind
from migrate.errors import ProofError
from migrate.proofs import Known, taken
from tests.support import rollout as tenants

DAY = timedelta(days=1)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Made:
    """A tenant, its plan, and a file of proofs that was not imported yet."""

    tenant: tenants.Rollout
    plan: Path
    file: Path
    nonce: str
    known: Known


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Made]:
    folder = tmp_path_factory.mktemp("carried")
    with pytest.MonkeyPatch.context() as patch, tenants.rollout(folder, patch, apps=12) as tenant:
        plan = asyncio.run(tenant.plan())
        asyncio.run(tenant.federate(plan))
        path = folder / "plan.json"
        planfile.write(plan, path)
        url = f"sqlite:///{folder / 'journal.db'}"
        patch.chdir(folder)
        patch.setenv("UNSECRET_JOURNAL", url)
        patch.setattr("secrets.token_hex", lambda _: "0123456789abcdef" * 2)
        assert main(["proof", "request", "plan.json"]) == 0
        nonce = "0123456789abcdef" * 2
        patch.setenv("UNSECRET_JOURNAL", "sqlite:////nowhere/journal.db")
        given = [
            "verify",
            "plan.json",
            "--nonce",
            nonce,
            "--proof-out",
            "proof.json",
            "--tries",
            "2",
            "--interval",
            "0",
        ]
        assert main(given) == 0
        patch.setenv("UNSECRET_JOURNAL", url)
        known = _known(tenant.journal)
        yield Made(tenant=tenant, plan=path, file=folder / "proof.json", nonce=nonce, known=known)


def refused(made: Made, content: bytes | None = None, known: Known | None = None, *, days: int = 0) -> str:
    with pytest.raises(ProofError) as error:
        taken(content or made.file.read_bytes(), known or made.known, datetime.now(UTC) + days * DAY, DAY)
    return str(error.value)


def forged(made: Made, **changes: Any) -> bytes:
    """Give the file with changes, and a digest that fits."""
    document = {**json.loads(made.file.read_bytes()), **changes}
    rest = {key: value for key, value in document.items() if key != "digest"}
    return certificate.file({**rest, "digest": hashlib.sha256(certificate.canonical(rest)).hexdigest()})


def with_try(made: Made, **changes: Any) -> bytes:
    tries = json.loads(made.file.read_bytes())["tries"]
    return forged(made, tries=[{**tries[0], **changes}, *tries[1:]])


def test_a_file_holds_what_tokens_say_and_no_token(made: Made) -> None:
    content = made.file.read_bytes()
    assert b"eyJ" not in content
    nonce, entries = taken(content, made.known, datetime.now(UTC), DAY)
    assert nonce == made.nonce
    assert {each.kind for each in entries} == {Kind.PROVEN}
    assert len(entries) == 2 * len(made.known.pairings)


def test_what_is_not_what_was_asked_is_refused(made: Made) -> None:
    assert "older than 24 hours" in refused(made, days=1)
    assert "answers no request" in refused(made, forged(made, nonce="f" * 32))
    assert "another plan" in refused(made, forged(made, plan="x"))
    assert "another plan" in refused(made, known=dataclasses.replace(made.known, plan="x"))
    assert "imported already" in refused(made, known=dataclasses.replace(made.known, imported=frozenset({made.nonce})))
    first = json.loads(made.file.read_bytes())["tries"][0]
    trust, claims = first["federated_credential"], first["claims"]
    assert "not asked for" in refused(made, with_try(made, application=made.nonce))
    assert "another identity" in refused(made, with_try(made, identity="x"))
    assert "another identity" in refused(made, with_try(made, federated_credential={**trust, "audience": "x"}))
    assert "the token is for tenant x" in refused(made, with_try(made, claims={**claims, "tenant": "x"}))
    assert "not got by an assertion" in refused(made, with_try(made, claims={**claims, "credential_class": "1"}))
    old = {**claims, "issued_at": "2026-01-01T00:00:00Z"}
    assert "between the request and now" in refused(made, with_try(made, claims=old))
    since = {first["application"]: datetime.now(UTC)}
    assert "before its exchange failed" in refused(made, known=dataclasses.replace(made.known, failed=since))
    earlier = {first["application"]: datetime.fromisoformat(claims["issued_at"]) - DAY}
    assert len(
        taken(made.file.read_bytes(), dataclasses.replace(made.known, failed=earlier), datetime.now(UTC), DAY)[1]
    )
    assert "neither" in refused(made, with_try(made, claims=None))
    assert "no file of" in refused(made, b"{}")
    assert "no file of" in refused(made, forged(made, more=1))
    changed = made.file.read_bytes().replace(made.nonce.encode(), b"f" * 32)
    assert "changed on the way" in refused(made, changed)


def test_a_file_is_imported_once_and_counts_as_a_proof(made: Made, capsys: pytest.CaptureFixture[str]) -> None:
    url = f"sqlite:///{made.tenant.folder / 'journal.db'}"
    given = ["proof", "import", str(made.file), "--journal", url]
    assert main(given) == 0
    assert f"{2 * len(made.known.pairings)} exchanges worked, 0 failed" in capsys.readouterr().out
    entries = made.tenant.journal.entries()
    for pairing in made.known.pairings:
        assert len(rollout.proofs(pairing, entries)) == 2
    assert main(given) == 2
    assert "imported already" in capsys.readouterr().err
    assert len(made.tenant.journal.entries()) == len(entries)


def test_a_file_goes_with_its_nonce(made: Made, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["verify", str(made.plan), "--proof-out", "x.json"]) == 2
    assert main(["verify", str(made.plan), "--proof-out", "x.json", "--nonce", "$(touch x)"]) == 2
    assert main(["proof", "import", str(made.plan)]) == 2
    assert main(["proof", "import", "none.json"]) == 2
    errors = capsys.readouterr().err
    assert "go together" in errors
    assert "no nonce" in errors
    assert f"unsecret: {made.plan}: it is no file of" in errors
    assert "no file of: unsecret verify" in errors
    assert "cannot read none.json" in errors
