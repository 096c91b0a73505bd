"""Exports and their strings, read by Terraform or OpenTofu themselves.

``UNSECRET_TEST_TERRAFORM=terraform pytest -m terraform``: formatting and values of outputs need no provider.
Types of arguments are not checked: that takes the providers.
"""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from migrate.export import terraform
from tests.migrate.export.test_export import plan, renamed, work
from tests.support.hostile import names

PROGRAM = os.environ.get("UNSECRET_TEST_TERRAFORM", "")
pytestmark = [pytest.mark.terraform, pytest.mark.skipif(not PROGRAM, reason="UNSECRET_TEST_TERRAFORM is not set")]
STRINGS = (
    *names(Path("made-by-a-name")),
    "$${a} $$${a} %%{if} $ % $$ %% {} $%{",
    "a\\${path.module}",
    "%{ for x in [1] }y%{ endfor }",
    "~} ${~ 1 ~}",
    "\U0001f512 \u0301 \ud7ff \ufeff",
    "\x01\x7f\x85",
)


def run(folder: Path, *arguments: str, given: str | None = None) -> subprocess.CompletedProcess[str]:
    own = {"PATH": os.environ["PATH"], "HOME": str(folder), "CHECKPOINT_DISABLE": "1", "TF_IN_AUTOMATION": "1"}
    command = [PROGRAM, *arguments]
    return subprocess.run(command, cwd=folder, env=own, input=given, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("name", [None, *names(Path("made-by-a-name"))], ids=repr)
def test_an_export_is_read_and_formatted_as_it_stands(name: str | None, tmp_path: Path) -> None:
    made = plan() if name is None else renamed(plan(), name)
    (tmp_path / "main.tf").write_text(terraform.render(work(made)), "utf-8", newline="")
    done = run(tmp_path, "fmt", "-check", "-diff", "main.tf")
    assert (done.returncode, done.stdout) == (0, "")


def test_a_string_means_its_text(tmp_path: Path) -> None:
    wanted = {f"v{at}": text for at, text in enumerate(STRINGS)}
    lines = [f"output {name} {{\n  value = {terraform.quoted(text)}\n}}\n" for name, text in wanted.items()]
    (tmp_path / "main.tf").write_text("".join(lines).replace("output ", 'output "').replace(" {\n", '" {\n'), "utf-8")
    for words in (("init", "-input=false"), ("apply", "-auto-approve", "-input=false")):
        done = run(tmp_path, *words)
        assert done.returncode == 0, done.stdout[-2000:]
    found = json.loads(run(tmp_path, "output", "-json").stdout)
    assert {name: one["value"] for name, one in found.items()} == wanted
