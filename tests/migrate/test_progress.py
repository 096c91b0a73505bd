from __future__ import annotations

import io
import re
import time

import pytest

from migrate.cli.progress import Lines, scan_progress


def test_a_line_comes_every_ten_seconds_with_rate_and_time_left() -> None:
    now, out = [100.0], io.StringIO()
    tell = Lines("scan", stream=out, clock=lambda: now[0])
    tell("applications", 1_000, 10_000)
    assert out.getvalue() == ""
    now[0] += 5
    tell("applications", 2_000, 10_000)
    assert out.getvalue() == ""
    now[0] += 5
    tell("applications", 3_000)
    assert out.getvalue() == "scan: applications 3,000 of 10,000 (200/s, 35 s left)\n"


def test_a_scan_that_goes_on_counts_its_own_speed_only() -> None:
    now, out = [0.0], io.StringIO()
    tell = Lines("scan", stream=out, clock=lambda: now[0])
    tell("applications", 90_000, 100_000)
    now[0] = 10
    tell("applications", 91_000, 100_000)
    assert out.getvalue() == "scan: applications 91,000 of 100,000 (100/s, 90 s left)\n"


def test_names_from_outside_are_shown_harmless() -> None:
    now, out = [0.0], io.StringIO()
    tell = Lines("scan", stream=out, clock=lambda: now[0])
    now[0] = 11
    tell("a\x1b[31m\nb", 1)
    assert "\x1b" not in out.getvalue()
    assert out.getvalue().count("\n") == 1


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_terminal_shows_how_many_of_how_many_and_the_time_left(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr("sys.stderr", terminal)
    monkeypatch.setenv("COLUMNS", "120")
    monkeypatch.setenv("TERM", "xterm")
    with scan_progress("scan") as tell:
        tell("applications", 0)
        for count in range(1, 6):
            time.sleep(0.15)
            tell("applications", count * 1_000, 1_000_000 if count < 3 else None)
    shown = terminal.getvalue()
    assert re.search(r"5000/1000000\D", shown), "the last total stays"
    assert re.search(r"[\d,]+/s", shown)
    assert re.search(r"\d+:\d\d\x1b", shown), "the time left"
