"""``unsecret emulator run``: streams, exit codes, signals, and that nothing is left."""

from __future__ import annotations

import os
import pty
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from migrate.cli.emulator import child
from migrate.cli.emulator.serving import tell_large
from migrate.cli.main import main
from migrate.emulator.announcement import announcements
from migrate.emulator.ending import ENDING, Ending, StoppedEarlyError
from migrate.emulator.server import Emulator
from tests.support.processes import UNSECRET, isolated, serving, unsecret


@pytest.fixture(autouse=True)
def runtime(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    return isolated(tmp_path, monkeypatch)


def run(*command: str, options: Sequence[str] = (), **changes: str) -> subprocess.CompletedProcess[str]:
    return unsecret("emulator", "run", "--apps", "5", *options, "--", *command, **changes)


@pytest.mark.parametrize(
    ("command", "code", "words"),
    [
        (["true"], 0, ""),
        (["sh", "-c", "exit 7"], 7, ""),
        (["sh", "-c", "kill -9 $$"], 137, ""),
        (["sh", "-c", "kill -TERM $$"], 143, ""),
        (["no-such-command"], 127, "unsecret: cannot run no-such-command: no such command\n"),
        (["/"], 126, "unsecret: cannot run /: Permission denied\n"),
        ([""], 127, "unsecret: cannot run '': no such command\n"),
    ],
)
def test_a_command_gives_its_exit_code(
    command: list[str], code: int, words: str, capfd: pytest.CaptureFixture[str]
) -> None:
    assert main(["emulator", "run", "--apps", "5", "--", *command]) == code
    assert capfd.readouterr() == ("", words)


def test_its_exit_code_is_that_of_the_process() -> None:
    assert run("sh", "-c", "exit 7").returncode == 7


def test_a_command_has_its_own_streams_and_arguments(tmp_path: Path) -> None:
    program = "import sys; data = sys.stdin.buffer.read(); sys.stdout.buffer.write(data + repr(sys.argv[1:]).encode())"
    command = [*UNSECRET, "emulator", "run", "--apps", "5", sys.executable, "-c", program, "--apps", "-h", "--", "a b"]
    done = subprocess.run(command, input=b"\x00\xff\n", capture_output=True, check=True, cwd=tmp_path)
    assert done.stdout == b"\x00\xff\n['--apps', '-h', '--', 'a b']"
    assert done.stderr == b""


def test_a_command_runs_inside_the_tenant_and_nothing_is_left(tmp_path: Path) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    done = run(
        *UNSECRET, "scan", "--out", str(tmp_path / "s.db"), TMPDIR=str(temporary), HTTPS_PROXY="http://127.0.0.1:1"
    )
    assert done.returncode == 0, done.stderr
    assert "5 applications" in done.stdout
    assert list(temporary.iterdir()) == []


@pytest.mark.slow
def test_a_command_runs_inside_the_tenant_without_a_proxy(tmp_path: Path) -> None:
    direct = run(*UNSECRET, "scan", "--out", str(tmp_path / "d.db"), options=["--direct"])
    assert direct.returncode == 0, direct.stderr


@pytest.mark.slow
@pytest.mark.parametrize("options", [["--cloud", "china"], ["--cloud", "usgov", "--direct"]])
def test_a_scan_in_a_national_cloud_knows_which_one_it_is(tmp_path: Path, options: list[str]) -> None:
    snapshot = tmp_path / "s.db"
    done = run(*UNSECRET, "scan", "--out", str(snapshot), options=options)
    assert done.returncode == 0, done.stderr
    assert options[1].encode() in snapshot.read_bytes()


@pytest.mark.slow
def test_a_scan_of_the_wrong_cloud_says_which_one_was_asked(tmp_path: Path) -> None:
    command = [*UNSECRET, "scan", "--cloud", "public", "--out", str(tmp_path / "p.db")]
    done = run(*command, options=["--cloud", "china"])
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert "the cloud public was asked: if the tenant is of another one, name it with --cloud" in done.stderr
    odd = run("env", "UNSECRET_CLOUD=moon", *UNSECRET, "scan")
    assert (odd.returncode, odd.stderr.count("\n")) == (2, 1)
    assert "UNSECRET_CLOUD is 'moon'" in odd.stderr


@pytest.mark.slow
def test_a_command_is_the_application_that_was_chosen() -> None:
    shown = {
        run("sh", "-c", "echo $AZURE_CLIENT_ID", options=options).stdout for options in (["--app", "orders-api"], [])
    }
    assert len(shown) == 2
    assert run("true", options=["--app", "nobody"]).returncode == 2
    empty = run("true", options=["--app", ""])
    assert (empty.returncode, empty.stderr.count("\n")) == (2, 1)
    assert "leave --app out to be the operator" in empty.stderr


def test_a_clock_can_be_set(capfd: pytest.CaptureFixture[str]) -> None:
    ask = "curl -sI $AZURE_POD_IDENTITY_AUTHORITY_HOST/ | grep -i ^date:"
    options = ("--apps", "5", "--time", "2031-05-06T07:00:00+02:00", "--retention", "7")
    assert main(["emulator", "run", *options, "--", "sh", "-c", ask]) == 0
    assert capfd.readouterr().out.lower().startswith("date: tue, 06 may 2031 05:")


TELLS = """
import os, signal, sys, time
seen = []
def note(number, frame):
    seen.append(number)
for number in (signal.SIGINT, signal.SIGTERM):
    signal.signal(number, note)
print("ready", flush=True)
end = time.monotonic() + 15
while not seen and time.monotonic() < end:
    time.sleep(0.05)
time.sleep(0.5)
print(seen, flush=True)
sys.exit(42)
"""


@pytest.mark.parametrize("number", [pytest.param(signal.SIGINT, marks=pytest.mark.slow), signal.SIGTERM])
def test_signals_are_passed_on_to_the_command(number: signal.Signals) -> None:
    command = [*UNSECRET, "emulator", "run", "--apps", "5", "--", sys.executable, "-c", TELLS]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        process.send_signal(number)
        assert process.communicate(timeout=20)[0] == f"[{int(number)}]\n"
        assert process.returncode == 42


def test_an_interrupt_at_a_terminal_reaches_the_command_once() -> None:
    command = [*UNSECRET, "emulator", "run", "--apps", "5", "--", sys.executable, "-c", TELLS]
    pid, terminal = pty.fork()
    if pid == 0:
        os.execv(command[0], command)  # noqa: S606 - a fixed command, in a child that has a terminal
    shown = _shown_until(terminal, b"ready")
    os.write(terminal, b"\x03")
    shown += _shown_until(terminal, b"]")
    assert b"[2]" in shown
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 42
    os.close(terminal)


def _shown_until(terminal: int, text: bytes) -> bytes:
    shown, end = b"", time.monotonic() + 30
    while text not in shown and time.monotonic() < end:
        shown += os.read(terminal, 1024)
    return shown


@pytest.mark.parametrize("number", ENDING)
def test_a_signal_before_the_command_starts_leaves_nothing(number: int) -> None:
    folders: list[Path] = []

    def interrupted() -> None:
        with Ending(), Emulator(apps=5) as emulator:
            folders.append(emulator.ca_file.parent)
            assert folders[0].is_dir()
            os.kill(os.getpid(), number)
            time.sleep(5)

    with pytest.raises(StoppedEarlyError, match="before the tenant was up") as stopped:
        interrupted()
    assert stopped.value.number == number
    assert not folders[0].exists()


@pytest.mark.parametrize("command", [[], ["run", "--", "true"]])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_while_the_tenant_is_made_is_told(
    command: list[str], number: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def made(*_: object, **__: object) -> None:
        os.kill(os.getpid(), number)
        time.sleep(5)

    monkeypatch.setattr("migrate.emulator.server.open_memory", made)
    before = signal.getsignal(number)
    assert main(["emulator", *command]) == 128 + number
    assert capsys.readouterr().err == "unsecret: stopped before the tenant was up: nothing was run in it\n"
    assert signal.getsignal(number) is before


def test_a_terminal_that_hangs_up_ends_nothing_that_was_to_outlive_it() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with Ending():
            assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
        assert child.run(["sh", "-c", "kill -HUP $$; exit 3"], dict(os.environ)) == 3
    finally:
        signal.signal(signal.SIGHUP, before)


@pytest.mark.slow
def test_a_program_without_an_interpreter_line_runs_as_in_a_shell(tmp_path: Path) -> None:
    script, foreign = tmp_path / "script", tmp_path / "foreign"
    script.write_text('echo "$0 $1"; exit 6\n')
    foreign.write_bytes(b"\x7fELF\0\0\0")
    for path in (script, foreign):
        path.chmod(0o755)
    done = run("script", "a b", PATH=f"{tmp_path}:{os.environ['PATH']}")
    assert (done.returncode, done.stdout, done.stderr) == (6, f"{script} a b\n", "")
    done = run(str(foreign))
    assert done.returncode == 126
    assert done.stderr == f"unsecret: cannot run {foreign}: it is no program for this machine\n"


@pytest.mark.slow
def test_the_tenant_of_a_command_is_told_to_it_and_to_nobody_else(runtime: Path) -> None:
    ask = shlex.join([*UNSECRET, "emulator", "gaps", "--running", "--format", "json"])
    script = f"""
    curl -s -o /dev/null https://vault.example/
    {ask}
    ls -A {shlex.quote(str(runtime))}
    eval "$({shlex.join([*UNSECRET, "emulator", "env"])})"
    {ask}
    """
    with serving():
        done = run("bash", "-euc", script.replace("https://vault.example/", "https://vault.example/ || true"))
        assert done.returncode == 0, done.stderr
        assert done.stdout.count('"vault.example:443": 1') == 2
        (other,) = announcements()
        chosen = [*UNSECRET, "emulator", "env", "--port", str(other.port)]
        assert "unset UNSECRET_EMULATOR" in run(*chosen).stdout
        assert "https://localhost" not in run(*chosen).stdout
    gone = unsecret("emulator", "env", UNSECRET_EMULATOR=str(runtime / "nothing"))
    assert (gone.returncode, gone.stderr.count("\n")) == (2, 1)
    assert "the tenant of this shell is gone" in gone.stderr


def test_v_shows_each_request() -> None:
    done = run("sh", "-c", "curl -s $AZURE_POD_IDENTITY_AUTHORITY_HOST/x?code=hunter2", options=["-v"])
    assert " GET 127.0.0.1:" in f" {done.stderr}"
    assert "/x?code=... 404 " in done.stderr


def test_a_large_tenant_is_announced_unless_it_is_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for apps, state in ((None, None), (9_999, None), (100_000, tmp_path)):
        tell_large({"apps": apps, "state": state})
    assert capsys.readouterr().err == ""
    tell_large({"apps": 100_000, "state": tmp_path / "new"})
    assert capsys.readouterr().err == "unsecret: making a tenant of 100,000 applications, which takes a while\n"
