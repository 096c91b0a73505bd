"""Exports hold what ``federate`` would do, and no name of a tenant is ever executed or evaluated."""

from __future__ import annotations

import dataclasses
import io
import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import hcl2
import pytest
import tree_sitter_bicep
from hypothesis import example, given
from hypothesis import strategies as st
from tree_sitter import Language, Node, Parser

from migrate import planfile
from migrate.errors import PlanError
from migrate.export import azcli, bicep, terraform
from migrate.export.work import Work, gather
from migrate.model import Plan
from migrate.planning.decisions import Decisions, Runs, RunsOn
from migrate.planning.plan import make_plan
from migrate.steps import Action
from tests.support.hostile import names
from tests.support.tenants import TENANT, application, host, identity, snapshot, trust

ORDERS, KEPT, LOST, BENT, POD, BLANK = map(application, ("orders", "kept", "lost", "bent", "pod", "blank"))
TO_ORDERS, TO_KEPT, TO_BENT = (identity(name) for name in ("id-orders", "id-kept", "id-bent"))
BICEP = Parser(Language(tree_sitter_bicep.language()))


def plan() -> Plan:
    """Return a plan of one to create, one that is right, one with steps, one conflict, two on clusters."""
    kept = dataclasses.replace(KEPT, federated=(trust(TO_KEPT),))
    bent = dataclasses.replace(BENT, federated=(trust(TO_BENT, audience="api://wrong"),))
    bare = host("web", uses=LOST, where="apps")
    told = RunsOn(application="pod", on=Runs.AKS, issuer="https://c/", subject="system:x")
    decisions = Decisions(runs=(told, RunsOn(application="blank", on=Runs.AKS)))
    tenant = snapshot(ORDERS, kept, LOST, bent, POD, BLANK, identities=(TO_ORDERS, TO_KEPT, TO_BENT), hosts=(bare,))
    return planfile.seal(make_plan(tenant, decisions))


def work(made: Plan) -> Work:
    return gather(made, made.pairings, made.refusals)


def renamed(made: Plan, name: str) -> Plan:
    """Return the plan with a name wherever a tenant or a person can write one."""

    writable = _WRITABLE if name else _WRITABLE - {"location"}

    def changed(value: Any) -> Any:
        if dataclasses.is_dataclass(value) and not isinstance(value, type):
            fields = {one.name: getattr(value, one.name) for one in dataclasses.fields(value)}
            return dataclasses.replace(
                value, **{key: name if key in writable else changed(each) for key, each in fields.items()}
            )
        return tuple(map(changed, value)) if isinstance(value, tuple) else value

    result: Plan = changed(made)
    return result


_WRITABLE = {"display_name", "explanation", "why_not", "text", "location"}


def test_only_what_is_missing_is_exported_and_what_needs_a_person_is_a_comment() -> None:
    found = work(plan())
    assert {job.application.display_name for job in found.jobs} == {"orders", "lost", "pod"}
    assert [len(job.trusts) for job in found.jobs] == [1, 1, 1]
    assert [(one.name, one.resource_group) for one in found.identities] == [(f"id-lost-{LOST.client_id[:8]}", "apps")]
    left = "\n".join(found.left)
    assert "bent: federated-conflict, left alone; by hand: delete the federated credential by-hand of bent" in left
    assert "blank: aks, left alone" in left


def test_an_identity_that_is_nowhere_is_an_error_in_words() -> None:
    made = plan()
    refusal = next(one for one in made.refusals if one.steps and one.steps[0].action is Action.CREATE_IDENTITY)
    wrong = dataclasses.replace(
        refusal, steps=(dataclasses.replace(refusal.steps[0], on="nowhere"), *refusal.steps[1:])
    )
    with pytest.raises(PlanError, match="nowhere, which is no ARM id"):
        gather(made, (), (wrong,))
    attach = dataclasses.replace(refusal, steps=(dataclasses.replace(refusal.steps[1], identity="a-guid"),))
    with pytest.raises(PlanError, match="scan with Azure rights"):
        gather(made, (), (attach,))


# --- Terraform -------------------------------------------------------------------------------------------------------


def terraformed(text: str) -> dict[str, Any]:
    found: dict[str, Any] = hcl2.load(io.StringIO(text))
    return found


def test_terraform_has_each_resource_with_its_provider() -> None:
    found = terraformed(terraform.render(work(plan())))
    resources = {kind: body for block in found["resource"] for kind, body in block.items()}
    trusts = [
        body
        for block in found["resource"]
        for kind, named in block.items()
        if "federated" in kind
        for body in named.values()
    ]
    assert len(trusts) == 3
    assert any(TO_ORDERS.principal_id in str(one["subject"]) for one in trusts)
    assert any("azurerm_user_assigned_identity.id_" in str(one["subject"]) for one in trusts)
    assert any(f"/applications/{ORDERS.id}" in str(one["application_id"]) for one in trusts)
    assert any("user_assigned" in kind for kind in resources)
    assert str(found["provider"]).count("azurerm") == 1


def test_terraform_is_formatted_as_its_own_tool_would() -> None:
    text = terraform.render(work(plan()))
    assert "  application_id = " in text
    assert "\t" not in text
    assert not [line for line in text.splitlines() if line != line.rstrip()]


@given(st.text())
@example("%{")
@example("${x} %{ if x }")
def test_a_string_of_terraform_means_its_text(text: str) -> None:
    quoted = terraform.quoted(text)
    inner = quoted[1:-1]
    assert "\n" not in quoted
    assert "\r" not in quoted
    assert json_like(inner) == text.replace("${", "$${").replace("%{", "%%{")
    # python-hcl2 8.1 takes an escaped brace only where it is closed, as Terraform itself does not ask for.
    if not re.search(r"[$%]\{(?![^}]*\})", text):
        (value,) = terraformed(f"a = {quoted}\n").values()
        assert isinstance(value, str)


def json_like(inner: str) -> str:
    """Read the escapes of HCL that JSON has too, and the long one that it lacks."""
    result, at = "", 0
    while at < len(inner):
        if inner[at] != "\\":
            assert inner[at] != '"'
            result, at = result + inner[at], at + 1
            continue
        kind = inner[at + 1]
        size = {"u": 4, "U": 8}.get(kind, 0)
        plain = {"n": "\n", "r": "\r", "t": "\t"}.get(kind, kind)
        result += chr(int(inner[at + 2 : at + 2 + size], 16)) if size else plain
        at += 2 + size
    return result


# --- Bicep -----------------------------------------------------------------------------------------------------------


def kinds(text: str) -> list[Node]:
    """Return the nodes of the syntax tree; the grammar is older than the word ``extension``."""
    source = text.replace("\nextension microsoftGraphV1\n", "\n\n").encode()
    waiting, found = [BICEP.parse(source).root_node], []
    while waiting:
        node = waiting.pop()
        found.append(node)
        waiting.extend(node.children)
    return found


def test_bicep_is_read_by_its_grammar_and_has_each_resource() -> None:
    text = bicep.render(work(plan()))
    nodes = kinds(text)
    assert not [node for node in nodes if node.is_error or node.is_missing]
    assert sum(node.type == "resource_declaration" for node in nodes) == 4
    assert text.count("= if (here == ") == 2
    assert f"subject: '{TO_ORDERS.principal_id}'" in text
    assert "!.properties.principalId" in text


@given(st.text(alphabet=st.characters(codec="utf-8")))
def test_a_string_of_bicep_is_one_string_without_an_expression(text: str) -> None:
    quoted = bicep.quoted(text)
    nodes = kinds(f"var a = {quoted}\nvar b = 1\n")
    assert not [node for node in nodes if node.is_error or node.is_missing or node.type == "interpolation"]
    assert sum(node.type == "variable_declaration" for node in nodes) == 2


# --- Azure CLI -------------------------------------------------------------------------------------------------------

BASH = shutil.which("bash") or "bash"
FAKE_AZ = """#!/bin/bash
printf '%s\\0' "$@" >>"$CALLS"
printf '\\n\\0' >>"$CALLS"
case "$*" in
  *"account show"*) printf '%s\\n' "$TENANT" ;;
  *"cloud show"*) echo https://graph.example/ ;;
  *"identity show"*) echo 99999999-9999-4999-8999-999999999999 ;;
  *"resource show"*) if [ -f "$MADE.host" ]; then cat "$MADE.host"; else printf '%s\\n' None; fi ;;
  *"resource patch"*) printf '%s\\n' "$@" | python3 -IS -c '
import json, os, sys
body = json.loads(sys.stdin.read().rsplit("--properties\\n", 1)[1])["identity"]
open(os.environ["MADE"] + ".host", "w").write("\\n".join([body["type"], *body["userAssignedIdentities"]]) + "\\n")' ;;
  *"rest --method get"*) [ -f "$MADE" ] && cat "$MADE" || true ;;
  *"rest --method post"*) printf '%s\\n' "$@" | python3 -IS -c '
import json, os, sys
body = json.loads(sys.stdin.read().rsplit("--body\\n", 1)[1])
row = [body["name"], body["issuer"], body["subject"], ",".join(body["audiences"])]
open(os.environ["MADE"], "a").write("\\t".join(row) + "\\n")' ;;
esac
"""


def run(text: str, folder: Path, *arguments: str) -> tuple[subprocess.CompletedProcess[str], list[list[str]]]:
    """Run a script with an ``az`` that writes down what it is asked; return what it was."""
    (folder / "az").write_text(FAKE_AZ)
    (folder / "az").chmod(0o755)
    (folder / "script.sh").write_text(text, "utf-8")
    calls = folder / "calls"
    calls.unlink(missing_ok=True)
    own = {
        "CALLS": str(calls),
        "MADE": str(folder / "made"),
        "TENANT": TENANT,
        "PATH": f"{folder}:{os.environ['PATH']}",
    }
    command = [BASH, str(folder / "script.sh"), *arguments]
    done = subprocess.run(command, env=own, cwd=folder, capture_output=True, text=True, check=False)
    words = calls.read_bytes().decode().split("\0")[:-1] if calls.exists() else []
    rows: list[list[str]] = [[]]
    for word in words:
        rows.append([]) if word == "\n" else rows[-1].append(word)
    return done, [row for row in rows if row]


def changes(calls: list[list[str]]) -> list[list[str]]:
    return [call for call in calls if call[:2] == ["identity", "create"] or "post" in call or "patch" in call]


def test_the_script_asks_for_the_missing_only_and_with_apply_only(tmp_path: Path) -> None:
    text = azcli.render(work(plan()))
    dry, calls = run(text, tmp_path)
    assert (dry.returncode, dry.stderr, changes(calls)) == (0, "", [])
    assert dry.stdout.count("would ") == 5
    done, calls = run(text, tmp_path, "--apply")
    assert (done.returncode, done.stderr) == (0, "")
    bodies = [json.loads(call[call.index("--body") + 1]) for call in calls if "post" in call]
    assert {body["subject"] for body in bodies} == {
        TO_ORDERS.principal_id,
        "99999999-9999-4999-8999-999999999999",
        "system:x",
    }
    assert len(changes(calls)) == 5


SITE = "/subscriptions/s/resourcegroups/g/providers/microsoft.web/sites/web"
MACHINE = "/subscriptions/s/resourcegroups/g/providers/microsoft.compute/virtualmachines/vm"
GROUP = "/subscriptions/s/resourcegroups/g/providers/microsoft.containerinstance/containergroups/one"


def attaching(folder: Path, where: str, has: str, *arguments: str) -> tuple[subprocess.CompletedProcess[str], str]:
    """Run the script for an application on one host; return what the host says of its identities afterwards."""
    made = plan()
    refusal = next(one for one in made.refusals if one.application.display_name == "lost")
    steps = tuple(dataclasses.replace(one, on=where) if "attach" in one.action else one for one in refusal.steps)
    (folder / "made.host").write_text(has)
    text = azcli.render(gather(made, (), (dataclasses.replace(refusal, steps=steps),)))
    done, _ = run(text, folder, *arguments)
    return done, (folder / "made.host").read_text()


def test_a_host_keeps_what_it_has(tmp_path: Path) -> None:
    done, after = attaching(tmp_path, SITE, "SystemAssigned,UserAssigned\n/one\n/two\n", "--apply")
    assert (done.returncode, done.stderr) == (0, "")
    kind, *ids = after.splitlines()
    assert (kind, ids[:2], len(ids)) == ("SystemAssigned, UserAssigned", ["/one", "/two"], 3)
    done, after = attaching(tmp_path, SITE, "None\n", "--apply")
    assert after.splitlines()[0] == "UserAssigned"


@pytest.mark.parametrize(("where", "has"), [(MACHINE, "UserAssigned\n/one\n"), (GROUP, "None\n")])
def test_a_host_that_a_second_identity_breaks_or_that_takes_none_is_left_alone(
    where: str, has: str, tmp_path: Path
) -> None:
    done, after = attaching(tmp_path, where, has, "--apply")
    assert (done.returncode, done.stdout.count("LEFT ALONE"), after) == (1, 1, has)
    assert "created: federated credential" not in done.stdout


def test_a_second_identity_is_attached_where_it_is_asked_for(tmp_path: Path) -> None:
    done, after = attaching(tmp_path, MACHINE, "UserAssigned\n/one\n", "--apply", "--second-identity")
    assert (done.returncode, len(after.splitlines())) == (0, 3)
    assert run(azcli.render(work(plan())), tmp_path, "--aply")[0].returncode == 2


def test_the_script_says_that_it_needs_az(tmp_path: Path) -> None:
    (tmp_path / "script.sh").write_text(azcli.render(work(plan())), "utf-8")
    done = subprocess.run(
        [BASH, str(tmp_path / "script.sh")], env={"PATH": str(tmp_path)}, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (2, "this needs Azure CLI (az) in the PATH, signed in by az login\n")


def test_the_script_stops_where_az_fails(tmp_path: Path) -> None:
    text = azcli.render(work(plan())).replace("az cloud show", "false")
    done, calls = run(text, tmp_path, "--apply")
    assert done.returncode == 2
    assert "run it again when the cause is gone" in done.stderr
    assert changes(calls) == []


MARKER = "made-by-a-name"


@pytest.mark.parametrize("at", range(len(names(Path(MARKER)))))
def test_no_name_is_executed_or_evaluated(at: int, tmp_path: Path) -> None:
    marker = tmp_path / MARKER
    name = names(marker)[at]
    hostile = work(renamed(plan(), name))
    text = azcli.render(hostile)
    if "\x00" not in name and name:  # no argument of a process can hold it; Azure has no such region
        done, calls = run(text, tmp_path, "--apply")
        assert (done.returncode, done.stderr) == (0, "")
        (created,) = [call for call in calls if call[:2] == ["identity", "create"]]
        assert created[created.index("--location") + 1] == name
    assert not marker.exists()
    assert subprocess.run([BASH, "-n"], input=text.replace("\x00", ""), text=True, check=False).returncode == 0
    resources = terraformed(terraform.render(hostile))["resource"]
    assert len(resources) == 4
    nodes = kinds(bicep.render(hostile))
    assert not [node for node in nodes if node.is_error or node.is_missing]
    assert sum(node.type == "resource_declaration" for node in nodes) == 4
