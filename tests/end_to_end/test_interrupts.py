"""^C wherever a command is: one line, the exit code of a shell, the command that goes on, nothing half done."""

from __future__ import annotations

import asyncio
import importlib
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from migrate import concurrency
from migrate.cli import main as entry
from migrate.cli.ending import as_interrupts
from migrate.cli.held import held_back
from migrate.cli.interrupts import Interrupt, patient
from migrate.cli.main import main

LAUNCHER = Path(__file__).parents[2] / "unsecret.py"
SWALLOWS = """
import os, signal
try:
    os.kill(os.getpid(), signal.SIGINT)
    sum(range(10**6))
except BaseException:
    pass
command = None
"""


def test_an_interrupt_ends_every_command_with_130_and_the_command_that_goes_on(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def stop(**_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(entry.cli, "main", stop)
    for given in (["status"], ["rewrite", "a b", "--check"], ["emulator"], ["emulator", "faults"]):
        assert main(given) == 130
        (line,) = capsys.readouterr().err.splitlines()
        assert line.startswith("unsecret: ")
    main(["federate", "my plan.json", "--journal", "postgresql+psycopg://me:pw@db/x", "--apply"])
    told = capsys.readouterr().err
    assert "to go on: unsecret federate 'my plan.json' --journal" in told
    assert "pw" not in told


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_that_ends_is_taken_for_an_interrupt_with_its_own_exit_code(
    number: signal.Signals, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    left: list[str] = []

    async def work() -> None:
        try:
            await asyncio.sleep(60)
        finally:
            left.append("the lease is given back")

    def wait(**_: object) -> None:
        async def both() -> None:
            asyncio.get_running_loop().call_later(0.01, signal.raise_signal, number)
            await work()

        asyncio.run(both())

    monkeypatch.setattr(entry.cli, "main", wait)
    assert main(["federate", "plan.json"]) == 128 + number
    assert left
    assert capsys.readouterr().err.endswith("to go on: unsecret federate plan.json\n")
    assert signal.getsignal(number) is signal.SIG_DFL


def begun_and_stopped(numbers: tuple[int, ...], *, apart: float = 0.0) -> tuple[Interrupt, list[str]]:
    """Work on a, b and c, the first of which signals come to, and tell what was finished."""
    finished: list[str] = []

    async def work(name: str) -> None:
        for number in numbers if name == "a" else ():
            signal.raise_signal(number)
            await asyncio.sleep(apart)
        await asyncio.sleep(0.01)
        finished.append(name)

    async def run() -> Interrupt:
        with patient() as interrupt:
            await concurrency.each("abc", work, at_once=1, stopped=interrupt)
        return interrupt

    with as_interrupts():
        return asyncio.run(run()), finished


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_what_is_in_hand_is_finished_and_nothing_new_begun(number: signal.Signals) -> None:
    interrupt, finished = begun_and_stopped((number,))
    assert finished == ["a"]
    assert interrupt.code == 128 + number


@pytest.mark.parametrize(
    "numbers", [(signal.SIGTERM, signal.SIGTERM), (signal.SIGHUP, signal.SIGTERM), (signal.SIGTERM, signal.SIGINT)]
)
def test_a_second_signal_breaks_off(numbers: tuple[int, ...]) -> None:
    with pytest.raises(KeyboardInterrupt):
        begun_and_stopped(numbers, apart=0.02)


def test_a_hang_up_that_kernel_and_shell_both_tell_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    assert begun_and_stopped((signal.SIGHUP, signal.SIGHUP))[1] == ["a"]
    monkeypatch.setattr("migrate.cli.interrupts._SAME_HANGUP", 0.0)
    with pytest.raises(KeyboardInterrupt):
        begun_and_stopped((signal.SIGHUP, signal.SIGHUP), apart=0.01)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_what_was_ignored_when_it_began_stays_ignored(number: signal.Signals) -> None:
    before = signal.signal(number, signal.SIG_IGN)
    try:
        interrupt, finished = begun_and_stopped((number, number))
        assert (finished, interrupt.asked) == (["a", "b", "c"], False)
        assert signal.getsignal(number) is signal.SIG_IGN
    finally:
        signal.signal(number, before)


def test_an_interrupt_that_an_import_swallows_is_not_lost(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "swallowing.py").write_text(SWALLOWS)
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(KeyboardInterrupt), held_back():
        importlib.import_module("swallowing")
    assert sys.modules["swallowing"].command is None, "it was imported to its end"
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_where_somebody_else_receives_it_nothing_is_held_back() -> None:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with held_back():
            assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)
    found: list[object] = []

    def elsewhere() -> None:
        with held_back():
            found.append(signal.getsignal(signal.SIGINT))

    thread = threading.Thread(target=elsewhere)
    thread.start()
    thread.join()
    assert found == [signal.default_int_handler]


def test_a_second_interrupt_breaks_an_import_off() -> None:
    def press(times: int) -> bool:
        for _ in range(times):
            os.kill(os.getpid(), signal.SIGINT)
        return True

    reached = False
    with pytest.raises(KeyboardInterrupt), held_back():
        reached = press(1)
    assert reached
    reached = False
    with pytest.raises(KeyboardInterrupt), held_back():
        reached = press(2)
    assert not reached


@pytest.mark.slow
def test_an_interrupt_at_any_moment_of_the_start_is_one_line(tmp_path: Path) -> None:
    for wait in range(12):
        environment = {**os.environ, "UNSECRET_JOURNAL": str(tmp_path / "journal.db")}
        with subprocess.Popen(
            [sys.executable, "-P", str(LAUNCHER), "federate", "plan.json"],
            cwd=tmp_path, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        ) as process:  # fmt: skip
            threading.Event().wait(0.1 + wait * 0.05)
            process.send_signal(signal.SIGINT)
            _, told = process.communicate(timeout=60)
        if process.returncode != -signal.SIGINT:  # the interpreter's own start, before any line of ours
            assert process.returncode in {130, 2}, told  # 2: it was over, as there is no plan
            assert len(told.split("\n")) <= 3, told  # click ends the line in which a terminal shows ^C
            assert len(told.strip().splitlines()) == 1, told
        else:
            assert str(LAUNCHER.parent) not in told
