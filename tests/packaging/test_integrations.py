"""The pre-commit hook and the GitHub action: their shape, and the commands in them."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
SITE = (
    "import os\nfrom azure.identity import ClientSecretCredential\nc = ClientSecretCredential(T, A, os.environ['S'])\n"
)
BASH = shutil.which("bash") or "bash"


def _action() -> dict[str, Any]:
    whole: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text("utf-8"))
    return whole


def _step(name: str) -> dict[str, Any]:
    (step,) = (each for each in _action()["runs"]["steps"] if each.get("id") == name or each.get("name") == name)
    return dict(step)


def _shell(
    step: dict[str, Any], folder: Path, **variables: str
) -> tuple[subprocess.CompletedProcess[str], dict[str, str]]:
    """Run the lines of a step as the runner does; return what it printed and its outputs."""
    temp = folder.parent / "runner"
    temp.mkdir(exist_ok=True)
    (temp / "output").write_text("")
    environment = {
        **{name: value for name, value in os.environ.items() if name != "PYTHONPATH"},
        "RUNNER_TEMP": str(temp),
        "GITHUB_OUTPUT": str(temp / "output"),
        "GITHUB_STEP_SUMMARY": str(temp / "summary"),
        **variables,
    }
    script = temp / "script.sh"
    script.write_text(step["run"])
    command = [BASH, "--noprofile", "--norc", "-e", "-o", "pipefail", str(script)]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    outputs = dict(line.split("=", 1) for line in (temp / "output").read_text().splitlines())
    return done, outputs


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    there = tmp_path / "repository"
    there.mkdir()
    return there


@pytest.fixture
def command(tmp_path: Path) -> str:
    """Make a command that is this checkout, as an installed one would be."""
    path = tmp_path / "unsecret"
    path.write_text(f'#!/bin/sh\nexec "{sys.executable}" -P "{ROOT / "unsecret.py"}" "$@"\n')
    path.chmod(0o755)
    return str(path)


def _check(folder: Path, command: str, **inputs: str) -> tuple[subprocess.CompletedProcess[str], dict[str, str]]:
    variables = {"PATHS": ".", "BASELINE": "", "INCLUDE_TESTS": "false", "UNSECRET": command, **inputs}
    return _shell(_step("check"), folder, **variables)


def test_every_input_and_output_is_described_and_used() -> None:
    action = _action()
    text = (ROOT / "action.yml").read_text("utf-8")
    assert action["runs"]["using"] == "composite"
    for name, given in action["inputs"].items():
        assert given["description"]
        assert "default" in given
        assert f"inputs.{name}" in text
    assert all(given["description"] and given["value"] for given in action["outputs"].values())
    for step in action["runs"]["steps"]:
        assert ("uses" in step) != ("run" in step)
        assert "uses" in step or step["shell"] == "bash"
        assert "${{" not in step.get("run", ""), "an input in a script would be run as one"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        pytest.param("x = 1\n", "0", marks=pytest.mark.slow),
        (SITE, "1"),
        pytest.param("ClientSecretCredential(\n", "2", marks=pytest.mark.slow),
    ],
)
def test_the_action_writes_a_log_a_summary_and_the_exit_code(folder: Path, command: str, text: str, code: str) -> None:
    (folder / "app.py").write_text(text)
    done, outputs = _check(folder, command)
    assert done.returncode == 0, done.stderr
    assert outputs["exit-code"] == code
    (run,) = json.loads(Path(outputs["sarif-file"]).read_text())["runs"]
    assert bool(run["results"]) == (code != "0")
    assert (folder.parent / "runner" / "summary").read_text().startswith("# Sign in with")


@pytest.mark.slow
def test_the_action_takes_paths_tests_and_a_baseline(folder: Path, command: str) -> None:
    for name in ("one file.py", "two.py", "test_x.py"):
        (folder / name).write_text(f"import pytest\n{SITE}")
    assert _check(folder, command, PATHS="one file.py\ntwo.py\n")[1]["exit-code"] == "1"
    assert _check(folder, command, PATHS="test_x.py")[1]["exit-code"] == "0"
    assert _check(folder, command, PATHS="test_x.py", INCLUDE_TESTS="true")[1]["exit-code"] == "1"
    subprocess.run(
        [command, "rewrite", ".", "--baseline", "known.json", "--write-baseline"],
        cwd=folder,
        check=True,
        capture_output=True,
    )
    assert _check(folder, command, BASELINE="known.json")[1]["exit-code"] == "0"


@pytest.mark.slow
def test_inputs_are_words_and_never_commands(folder: Path, command: str) -> None:
    (folder / "app.py").write_text("x = 1\n")
    for hostile in ("$(touch broken)", "`touch broken`", "; touch broken", "--apply", '" ; touch broken "'):
        _, outputs = _check(folder, command, PATHS=hostile)
        assert outputs == {"exit-code": "2"}
        _check(folder, command, BASELINE=hostile)
    assert [path.name for path in folder.iterdir()] == ["app.py"]


@pytest.mark.parametrize(
    ("fail_on", "codes"), [("findings", [0, 1, 2]), ("failure", [0, 0, 2]), ("never", [0, 0, 0]), ("x", [2, 2, 2])]
)
def test_the_job_fails_for_what_was_asked_for(folder: Path, fail_on: str, codes: list[int]) -> None:
    step = _step("Say how it went")
    assert [_shell(step, folder, FAIL_ON=fail_on, CODE=str(code))[0].returncode for code in range(3)] == codes


def _hook() -> dict[str, Any]:
    (hook,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text("utf-8"))
    return dict(hook)


def test_a_file_that_is_named_like_an_option_is_read_by_the_hook(folder: Path, command: str) -> None:
    (folder / "-x.py").write_text(SITE)
    hook = _hook()
    line = [command, *hook["entry"].split()[1:], *hook["args"], "-x.py"]
    done = subprocess.run(line, cwd=folder, capture_output=True, text=True, check=False)
    assert (done.returncode, "-x.py:3: secret-sign-in" in done.stdout + done.stderr) == (1, True), done.stderr
    guide = (ROOT / "docs" / "rewrite.md").read_text("utf-8")
    assert guide.count("args: [") == guide.count(", --]")


def test_the_hook_is_a_check_that_changes_nothing() -> None:
    hook = _hook()
    assert hook["entry"].split() == ["unsecret", "rewrite", "--check"]
    assert (hook["language"], hook["require_serial"]) == ("python", True)
    assert {"id", "name", "description", "types_or"} <= set(hook)


@pytest.mark.packaging
@pytest.mark.timeout(1800)
def test_pre_commit_installs_the_hook_and_fails_for_a_secret(tmp_path: Path, folder: Path) -> None:
    environment = tmp_path / "environment"
    venv.create(environment, with_pip=True)
    subprocess.run([environment / "bin" / "pip", "install", "--quiet", "pre-commit"], check=True, capture_output=True)
    subprocess.run(["git", "init", "-q"], cwd=folder, check=True)  # noqa: S607 - the one of the machine
    (folder / "app.py").write_text(SITE)
    (folder / "clean.py").write_text("x = 1\n")
    subprocess.run(["git", "add", "-A"], cwd=folder, check=True)  # noqa: S607 - the same

    def hook(*files: str) -> subprocess.CompletedProcess[str]:
        command = [
            str(environment / "bin" / "pre-commit"),
            "try-repo",
            str(ROOT),
            "unsecret",
            "--verbose",
            "--files",
            *files,
        ]
        variables = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        variables["PRE_COMMIT_HOME"] = str(tmp_path / "home")
        return subprocess.run(command, cwd=folder, env=variables, capture_output=True, text=True, check=False)

    failed = hook("app.py", "clean.py")
    assert (failed.returncode, "app.py:3: secret-sign-in" in failed.stdout) == (1, True), failed.stdout
    assert hook("clean.py").returncode == 0


@pytest.mark.packaging
@pytest.mark.timeout(900)
def test_the_action_installs_the_tool_from_its_own_folder(folder: Path) -> None:
    done, outputs = _shell(_step("install"), folder, PYTHON=sys.executable, SOURCE=str(ROOT))
    assert done.returncode == 0, done.stderr
    (folder / "app.py").write_text(SITE)
    assert _check(folder, outputs["command"])[1]["exit-code"] == "1"
