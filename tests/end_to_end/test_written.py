"""Every byte that a whole run writes: no secret, no token, and no name that does anything.

The commands run as they are typed, all with ``-v``, in a tenant whose names are hostile and whose secrets are known, in
an environment and beside code that hold secrets too.
"""

from __future__ import annotations

import base64
import contextlib
import csv
import html
import io
import json
import logging
import re
import urllib.parse
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from azure.keyvault.secrets._shared import http_challenge_cache

from migrate import planfile, vault_writer
from migrate.cli.main import main
from migrate.demo import callers
from migrate.emulator.state.tenant import Tenant
from tests.support.estate import hosts_of
from tests.support.glass import ADD, TOML, failing
from tests.support.rollout import Rollout, rollout

HOSTILE = (
    "\"><script>alert(1)</script><img src=x onerror='alert(1)'>",
    "=cmd|' /C calc'!A0",
    "$(touch pwned)`touch pwned`; touch pwned",
    "a\x1b[31mred\x1b]0;title\x07\r\nforged line",
    "\u202egnp.exe\u200b\u2066",
    "|pipe| [link](javascript:alert(1)) {{ 7*7 }} {% include 'x' %} %s %(x)s",
    "{0.__class__} '; DROP TABLE entries; --",
    "N" * 10_000,
)
HARMLESS = vault_writer._HARMLESS
IN_CODE, IN_ENVIRONMENT = "cOd3~hardc0ded.Secret_In-Source/+value=9", "3nv~S3cret.in-the_environment/+value=7"
SITE = """import os
from azure.identity import ClientSecretCredential

credential = ClientSecretCredential("{tenant}", "{client}", os.environ["APP_SECRET"])
other = ClientSecretCredential("{tenant}", "{client}", "{secret}")
"""
FORMATS = ("html", "json", "csv", "markdown")


@dataclass(frozen=True, kw_only=True)
class Written:
    folder: Path
    secrets: frozenset[str]
    codes: dict[str, int]

    def files(self) -> Iterator[Path]:
        """Return what was written: not the code with its secret, which was there before."""
        yield from (each for each in self.folder.rglob("*") if each.is_file() and each.suffix != ".py")


def rename(tenant: Tenant) -> None:
    """Give hostile names to applications, principals, secrets, certificates and hosts' identities."""
    spared = ("orders-api", "read-only-auditor", "unsecret-operator")
    ones = [each for each in tenant.applications if each.display_name not in spared and (each.passwords or each.keys)]
    for number, application in enumerate(ones):
        name = HOSTILE[number % len(HOSTILE)]
        passwords = tuple(replace(each, display_name=name) for each in application.passwords)
        used = [one for one in tenant.identities.values() if one.user_assigned and hosts_of(tenant, one)]
        tags = (*application.tags, used[number % len(used)].name)
        tenant.save_application(replace(application, display_name=name, passwords=passwords, tags=tags))
        principal = tenant.service_principals.with_app_id(application.app_id)
        if principal is not None:
            tenant.save_service_principal(replace(principal, display_name=name))


def decide(folder: Path) -> None:
    """Pair what the plan leaves to a person: of privileged applications a tag of a machine is not believed."""
    refusals = json.loads((folder / "plan.json").read_text())["refusals"]
    pairs = (
        f'[[pair]]\napplication = "{one["application"]["client_id"]}"\nreason = "seen there"\n'
        f'identity = "{one["candidates"][0]["identity"]["principal_id"]}"\n'
        for one in refusals
        if one["code"] == "low-confidence"
    )
    (folder / "unsecret.toml").write_text("".join(pairs))


def code(folder: Path, base: Rollout, client: str) -> Path:
    root = folder / "code"
    root.mkdir()
    text = SITE.format(tenant=base.emulator.tenant_id, client=client, secret=IN_CODE)
    (root / "job.py").write_text(text)
    return root


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Written]:
    work, kept = tmp_path_factory.mktemp("written"), tmp_path_factory.mktemp("tenant")
    http_challenge_cache.clear()  # of vaults of the same name in the tenants of other tests
    with pytest.MonkeyPatch.context() as patch, rollout(kept, patch, apps=14) as base:
        rename(base.emulator.tenant)
        patch.chdir(work)
        patch.setenv("APP_SECRET", IN_ENVIRONMENT)
        patch.setenv("UNSECRET_GRAPH_ENDPOINT", base.emulator.graph_endpoint)
        patch.setenv("HTTPS_PROXY", base.emulator.proxy_endpoint)
        patch.setitem(vault_writer._OPTIONS, "retry_backoff_factor", 0.01)
        secrets = {each.secret for one in base.emulator.tenant.applications for each in one.passwords}
        codes = _run(work, base)
        tenant = base.emulator.tenant
        secrets |= {*tenant.used_credentials()[0].values(), *base.emulator.vaults.values()} - {HARMLESS}
        secrets |= {IN_CODE, IN_ENVIRONMENT}
        yield Written(folder=work, secrets=frozenset(secrets), codes=codes)


def _run(work: Path, base: Rollout) -> dict[str, int]:
    codes: dict[str, int] = {}

    def run(*arguments: str, name: str = "") -> None:
        name = name or arguments[0]
        out, err = (work / f"{len(codes):02}-{name}.{kind}" for kind in ("stdout", "stderr"))
        codes[f"{len(codes):02}-{name}"] = _captured(arguments, out, err)

    run("scan", "-v")
    run("plan", "snapshot.db", "-v")
    decide(work)
    run("plan", "snapshot.db", "-v")
    plan = json.loads((work / "plan.json").read_text())
    run("federate", "plan.json", "--apply", "-v")
    client = plan["pairings"][0]["application"]["client_id"]
    for extra in ((), ("--format", "json"), ("--format", "sarif"), ("--format", "markdown"), ("--apply",)):
        run(
            "rewrite",
            str(code(work, base, client) if not extra else work / "code"),
            "--plan",
            "plan.json",
            "-v",
            *extra,
        )
    run("verify", "plan.json", "--interval", "0", "-v")
    base.live(days=31)
    callers.moved(base.emulator, planfile.read(work / "plan.json").pairings)
    run("verify", "plan.json", "--interval", "0", "-v")
    run("retire", "plan.json", "-v")
    run("retire", "plan.json", "--apply", "-v")
    run("watch", "plan.json", "-v")
    told = "".join(each.read_text("utf-8") for each in work.glob("*-retire.stdout"))
    gone = set(re.findall(r"^retired  .* ([0-9a-f-]{36})$", told, re.MULTILINE))
    whose = {
        one["key_id"]: each["application"]["client_id"] for each in plan["pairings"] for one in each["credentials"]
    }
    app = next(app for key, app in whose.items() if key in gone)
    glass = ("break-glass", "plan.json", "--app", app, "-v")
    run(*glass, name="no-vault-failure")
    (work / "unsecret.toml").write_text(TOML)
    run(*glass)
    with failing(base.emulator.tenant, {"kind": "status", "methods": ["PUT"], "path": f"/secrets/unsecret-{app}",
                                        "status": 503}):  # fmt: skip
        run(*glass, "--apply", name="vault-failure")
    with failing(base.emulator.tenant, {"kind": "reset", "path": ADD, "when": "after", "times": 1}):
        run(*glass, "--apply", name="answer-failure")
    run(*glass, "--apply")
    run(*glass, "--apply", "--format", "json")
    for form in ("text", "json"):
        run("deactivate", "plan.json", "-v", "--format", form)
        run("status", "--all", "-v", "--format", form)
        run("retire", "plan.json", "-v", "--format", form)
    run("journal", "verify", name="journal")
    run("journal", "export", "--out", "journal.jsonl", name="export")
    run("revert", "plan.json", "--app", client, "-v")
    run("retire", "no-such-plan.json", "-v", name="failure")
    for source in ("snapshot.db", "plan.json", "unsecret.db"):
        for form in FORMATS:
            run("report", source, "--format", form, "--out", f"{source}.{form}")
    return codes


def _captured(arguments: tuple[str, ...], out: Path, err: Path) -> int:
    told, failed = (io.TextIOWrapper(io.BytesIO(), "utf-8", write_through=True) for _ in range(2))
    handler = logging.FileHandler(out.with_suffix(".log"))  # pytest has taken the place that -v writes its lines to
    logging.getLogger().addHandler(handler)
    try:
        with contextlib.redirect_stdout(told), contextlib.redirect_stderr(failed):
            code = main(list(arguments))
    finally:
        logging.getLogger().removeHandler(handler)
        handler.close()
    for path, stream in ((out, told), (err, failed)):
        stream.seek(0)
        path.write_bytes(stream.buffer.read())
    return code


def forms(secret: str) -> set[bytes]:
    """Return a secret as it may be written: plain, in a URL, in JSON, in HTML, and in base64 at every offset."""
    raw = secret.encode()
    found = {raw, urllib.parse.quote(secret, safe="").encode(), urllib.parse.quote_plus(secret).encode()}
    found |= {urllib.parse.quote(secret).encode(), html.escape(secret).encode()}
    found |= {json.dumps(secret)[1:-1].encode(), raw.hex().encode()}
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        for offset in range(3):
            text = encode(b"\0" * offset + raw).rstrip(b"=")
            # The first characters hold what comes before as well, the last one what comes after.
            found.add(text[(0, 2, 3)[offset] : -1])
    return found


def test_the_run_was_a_whole_one(written: Written) -> None:
    assert [name for name, each in written.codes.items() if each > 1 and "failure" not in name] == []
    journal = [json.loads(line) for line in (written.folder / "journal.jsonl").read_text().splitlines()[1:]]
    kinds = [each["kind"] for each in journal]
    assert {"federated", "proven", "code-scanned", "retire-meant", "retired"} <= set(kinds)
    assert [each for each in kinds if each.startswith("break-glass")] == [
        "break-glass-meant", "break-glass-over", "break-glass-meant", "break-glass-failed", "break-glass-over",
        "break-glass-meant", "break-glass-made",
    ]  # fmt: skip
    verbose = "".join(each.read_text() for each in written.folder.glob("*.log"))
    assert verbose.count("/v1.0/applications") > 20


def test_no_byte_holds_a_secret_or_a_token(written: Written) -> None:
    assert len(written.secrets) > 10
    sought = {form for secret in written.secrets for form in forms(secret)}
    found = []
    for path in written.files():
        content = path.read_bytes()
        found += [path.name for form in sought if form in content]
        found += [f"{path.name}: a token" for token in (b"eyJ0eX", b"eyJhbG", b"Bearer ey") if token in content]
    assert sorted(set(found)) == []


def test_nothing_of_a_name_was_executed(written: Written) -> None:
    assert [each.name for each in Path(written.folder).rglob("pwned*")] == []


def test_what_a_terminal_shows_has_no_control_character_and_no_line_of_a_name(written: Written) -> None:
    shown = sorted(written.folder.glob("*.std*"))
    assert any("⟨U+001B⟩" in each.read_text() for each in shown)
    for path in shown:
        text = path.read_text("utf-8")
        assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u202e\u2066]", text.replace("\r\n", "\n")), path.name
        assert not re.search(r"^forged line", text, re.MULTILINE), path.name


@pytest.mark.parametrize("source", ["snapshot.db", "plan.json", "unsecret.db"])
def test_reports_escape_what_names_hold(written: Written, source: str) -> None:
    page = (written.folder / f"{source}.html").read_text("utf-8")
    assert "<script>alert" not in page
    assert "<img src=x" not in page
    assert "&lt;script&gt;alert" in page
    markdown = (written.folder / f"{source}.markdown").read_text("utf-8")
    assert "<script>alert" not in markdown
    assert not re.search(r"(?<!\\)\[link\]\(javascript", markdown)
    for text in (page, markdown):
        assert not re.search("[\x1b\x07\u202e\u2066\u200b]", text)
    for row in csv.reader(io.StringIO((written.folder / f"{source}.csv").read_text("utf-8"))):
        for cell in row:
            assert not cell.startswith(("=", "+", "@", "\t", "\r")), cell[:40]
            assert not re.search("[\x1b\x07\u202e]", cell)


@pytest.mark.parametrize("before", range(3))
def test_what_is_sought_is_found_where_it_is(before: int) -> None:
    content = b"." * before + IN_CODE.encode() + b"after it"
    for written in (content, base64.b64encode(content), urllib.parse.quote(content).encode(), content.hex().encode()):
        assert any(form in written for form in forms(IN_CODE))
