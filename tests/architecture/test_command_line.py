from __future__ import annotations

import ast
import errno
import importlib
import json
import os
import subprocess
import sys
from pathlib import Path

import click
import pytest

from migrate.cli.main import COMMANDS, main

ROOT = Path(__file__).parents[2]
HEAVY = ("msgraph", "pandas", "libcst", "azure", "azure.monitor", "duckdb", "sqlalchemy", "starlette",
         "aiohttp", "itables")  # fmt: skip


def modules_after(*commands: list[str]) -> set[str]:
    """Run command lines one after the other in a process of their own and return what they imported."""
    script = (
        "import json, sys; sys.path.insert(0, sys.argv[1])\n"
        "from migrate.cli.main import main\n"
        "codes = [main(each) for each in json.loads(sys.argv[2])]\n"
        "print('\\n'.join(['#', *sys.modules]))\n"
    )
    command = [sys.executable, "-P", "-c", script, str(ROOT), json.dumps(commands)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return set(done.stdout.rpartition("#\n")[2].split())


def test_help_imports_nothing_heavy() -> None:
    assert not modules_after(["--help"]) & set(HEAVY)


def test_rewrite_imports_neither_the_cloud_nor_tables(tmp_path: Path) -> None:
    (tmp_path / "nothing.py").write_text("print('no secret here')\n")
    (tmp_path / "reported.py").write_text(
        "from azure.identity import ClientSecretCredential\nc = ClientSecretCredential(*x)\n"
    )
    heavy = {"msgraph", "pandas", "azure", "duckdb", "libcst", "sqlalchemy", "rich"}
    for path in (tmp_path / "nothing.py", tmp_path):
        commands = [["rewrite", str(path), "--format", name] for name in ("diff", "json", "sarif", "markdown")]
        imported = modules_after(*commands)
        assert "codemods.engine.run" in imported
        assert not imported & heavy, [each for each in commands if modules_after(each) & heavy]


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_is_there_and_described(name: str) -> None:
    command = importlib.import_module(f"migrate.cli.{name.replace('-', '_')}").command
    assert isinstance(command, click.Command)
    assert command.help


def test_commands_are_thin() -> None:
    for path in (ROOT / "migrate" / "cli").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                body = node.body[1:] if ast.get_docstring(node) else node.body
                length = (node.end_lineno or 0) - body[0].lineno + 1 if body else 0
                assert length <= 25, f"{path.name}: {node.name} has {length} lines"


def test_an_error_cannot_steer_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["plan", "\x1b[31m\u202eevil.db"]) == 2
    told = capsys.readouterr().err
    assert "\x1b" not in told
    assert "\u202e" not in told


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["nosuch"],
        ["rewrite", ".", "--app", "nonsense"],
        ["rewrite", ".", "--app", ""],
        ["rewrite", ".", "--identity", "22222222-2222-4222-8222-222222222222"],
        ["rewrite", ".", "--app", "22222222-2222-4222-8222-222222222222", "--identity", "nonsense"],
        ["rewrite", ".", "--plan", "plan.json", "--app", "x", "--identity", "22222222-2222-4222-8222-222222222222"],
        ["rewrite", ".", "--check", "--apply"],
        ["rewrite", ".", "--inline", "--helper-module", "a.b"],
        ["rewrite", ".", "--helper-module", "a/b.py"],
        ["rewrite", ".", "--library-mode", "nonsense"],
        ["rewrite", ".", "--write-baseline"],
        ["rewrite", ".", "--write-baseline", "--apply", "--baseline", "b.json"],
        ["rewrite", ".", "--baseline", "missing.json"],
        ["rewrite", ".", "--format", "text"],
        ["rewrite", ".", "--out", "missing/x.diff"],
        ["verify", "missing.json", "--interval", "nan"],
        ["plan"],
        ["plan", "missing.db"],
        ["plan", "."],
        ["federate", "missing.json"],
        ["verify", "missing.json"],
        ["retire", "missing.json", "--wave", "0"],
        ["seal", "missing.json"],
        ["guard", "missing.json"],
        ["guard", "."],
        ["rewrite", "missing.py"],
        ["report", "missing.db", "--out", "x"],
        ["report", "missing.db"],
        ["status", "--journal", "nonsense://"],
        ["scan", "--cloud", "moon"],
        ["snapshot"],
        ["snapshot", "diff", "missing.db", "missing.db"],
        ["snapshot", "upgrade", "missing.db", "--out", "new.db"],
        ["explain", "credential", "x", "missing.db"],
        ["explain", "credential", "x", "missing.db", "--code", "missing.json"],
        ["journal"],
        ["journal", "verify"],
        ["journal", "export", "--out", "x.jsonl"],
        ["emulator", "--port", "70000"],
        ["demo", "--apps", "0"],
    ],
)
def test_a_wrong_argument_is_told_and_ends_with_2(
    arguments: list[str], capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(arguments) == 2
    told = capsys.readouterr()
    assert "Traceback" not in told.err
    assert told.err.strip()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("command", "buffered"),
    [
        ("--help", ""),
        ("emulator gaps", "1"),
        *(
            pytest.param(command, buffered, marks=pytest.mark.slow)
            for command in ("--help", "emulator gaps", "emulator faults", "report --help")
            for buffered in ("", "1")
            if (command, buffered) not in {("--help", ""), ("emulator gaps", "1")}
        ),
    ],
)
def test_an_output_that_nobody_takes_ends_quietly_and_one_that_fails_in_one_line(command: str, buffered: str) -> None:
    environment = {**os.environ, "PYTHONUNBUFFERED": buffered}
    arguments = [sys.executable, str(ROOT / "unsecret.py"), *command.split()]
    read, write = os.pipe()
    os.close(read)
    try:
        done = subprocess.run(arguments, stdout=write, stderr=subprocess.PIPE, env=environment, check=False)
    finally:
        os.close(write)
    assert (done.returncode, done.stderr) == (141, b"")
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(arguments, stdout=full, stderr=subprocess.PIPE, env=environment, check=False)
    assert done.returncode == 2
    assert done.stderr.startswith(b"unsecret: standard output cannot be written (No space left on device)")
    assert done.stderr.count(b"\n") == 1


def test_an_error_that_cannot_be_told_keeps_its_exit_code() -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run([sys.executable, str(ROOT / "unsecret.py"), "nosuch"], stderr=full, check=False)
    assert done.returncode == 2


def test_another_failure_of_the_system_is_not_taken_for_one_of_the_output(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("migrate.cli.emulator.faults.resources.files", full)
    assert main(["emulator", "faults"]) == 2
    assert "internal error" in capsys.readouterr().err


def test_an_empty_path_is_not_this_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "app.py").write_text("x = 1\n")
    assert main(["rewrite", "", "--apply"]) == 2
    assert main(["plan", ""]) == 2
