"""Commands that run something on a host: what a shell makes of them is what was meant, whatever the names hold."""

from __future__ import annotations

import os
import shlex
import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from migrate import runon
from migrate.cli.main import main
from migrate.errors import HostError
from tests.support.examples import share

HOSTILE = "$(touch x)`touch x`'\";touch x\n#&|"
GROUP = "/subscriptions/11111111-0000-4000-8000-000000000001/resourceGroups/rg/providers/"
MACHINE = f"{GROUP}Microsoft.Compute/virtualMachines/vm-1"
SITE = f"{GROUP}Microsoft.Web/sites/orders"


@pytest.fixture
def az(tmp_path: Path) -> Path:
    """A program of that name that writes its arguments down, and runs what it is given as a script."""
    program = tmp_path / "bin" / "az"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\nfor each; do printf '%s\\0' \"$each\"; done > told\n")
    program.chmod(0o755)
    return tmp_path


def told(folder: Path, line: str) -> list[str]:
    environment = {"PATH": f"{folder / 'bin'}{os.pathsep}{os.defpath}"}
    subprocess.run(["sh", "-c", line], cwd=folder, env=environment, check=True)  # noqa: S607 - what is tested
    return (folder / "told").read_bytes().decode().split("\0")[:-1]


names = st.text(st.characters(exclude_characters="/\0", exclude_categories=["Cs"]), min_size=1, max_size=12)


@settings(max_examples=share(20), suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(names, names, st.just(HOSTILE) | names)
def test_a_shell_gives_names_on_to_the_letter(az: Path, group: str, name: str, argument: str) -> None:
    host = f"/subscriptions/s/resourceGroups/{group}/providers/Microsoft.Compute/virtualMachines/{name}"
    (line,) = runon.commands(host, ["unsecret", argument], argument)
    arguments = told(az, line)
    assert arguments[:3] == ["vm", "run-command", "invoke"]
    assert f"--resource-group={group}" in arguments
    assert f"--name={name}" in arguments
    script = arguments[-1].removeprefix("--scripts=")
    assert shlex.split(script) == ["unsecret", argument, "&&", "cat", "--", argument]
    assert sorted(each.name for each in az.iterdir()) == ["bin", "told"]


@pytest.mark.parametrize(
    ("host", "begin"),
    [
        (SITE, "az webapp ssh --subscription="),
        (f"{SITE}/slots/blue", "az webapp ssh --subscription="),
        (f"{GROUP}Microsoft.App/containerApps/x", "az containerapp exec --command /bin/sh --subscription="),
        (f"{GROUP}microsoft.containerinstance/containergroups/x", "az container exec --exec-command /bin/sh --sub"),
    ],
)
def test_other_hosts_open_a_shell(host: str, begin: str) -> None:
    shell, there = runon.commands(host, ["unsecret", "verify", "a b"], None)
    assert shell.startswith(begin)
    assert there == "unsecret verify 'a b'"
    assert ("--slot=blue" in shell) == ("slots" in host)


@pytest.mark.parametrize("host", ["", "vm-1", f"{GROUP}Microsoft.Sql/servers/x", f"{MACHINE}/extensions/x", HOSTILE])
def test_what_is_no_host_is_refused(host: str) -> None:
    with pytest.raises(HostError):
        runon.commands(host, ["unsecret"], None)


def test_the_command_line_prints_it_and_does_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    nonce = "0" * 32
    given = ["verify", "plan.json", "--app", HOSTILE, "--nonce", nonce, "--proof-out", "p.json"]
    assert main([*given, f"--run-on={SITE}"]) == 0
    one = capsys.readouterr().out
    assert main([*given, "--run-on", MACHINE]) == 0
    other = capsys.readouterr().out
    assert f"--nonce {nonce} --proof-out p.json && cat -- p.json" in one
    assert "run-command invoke" in other
    assert "--run-on" not in one + other
    assert list(tmp_path.iterdir()) == []
