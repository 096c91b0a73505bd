"""How far a scan or a rewrite is: bars with rate and time left on a terminal, a line every ten seconds elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Final, Protocol, Self, TextIO

from reports.text import visible

_EVERY: Final = 10.0
_REFRESH: Final = 0.1


class ScanProgress(Protocol):
    """Told the name of a collection, how many of its objects were read, and how many there are (None: not known)."""

    def __call__(self, name: str, count: int, total: int | None = None) -> None:
        """Take note."""


def scan_progress(title: str) -> AbstractContextManager[ScanProgress]:
    """Give what shows the progress of a scan on standard error until the block ends."""
    return _Bars(title) if sys.stderr is not None and sys.stderr.isatty() else Lines(title)


class LateProgress:
    """Shows the progress of something that is over in a moment as a rule: until then nothing is drawn or imported."""

    def __init__(self, title: str, *, after: float = 1.0, clock: Callable[[], float] = time.monotonic) -> None:
        self._title = title
        self._clock = clock
        self._next = clock() + after
        self._stack = ExitStack()
        self._shown: ScanProgress | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def __call__(self, name: str, count: int, total: int | None = None) -> None:
        """Take note, and show it ten times a second from the time on that the thing is a long one."""
        now = self._clock()
        if now < self._next:
            return
        self._next = now + _REFRESH
        if self._shown is None:
            self._shown = self._stack.enter_context(scan_progress(self._title))
        self._shown(name, count, total)


@dataclass(slots=True)
class _Collection:
    """One collection that is being read."""

    started: float
    first: int
    """How many there were when it was first told of: a scan that is resumed does not begin with nothing."""
    count: int
    total: int | None

    def text(self, name: str, now: float) -> str:
        """Say how many of how many, how fast, and how much longer."""
        rate = (self.count - self.first) / max(now - self.started, 0.001)
        of = f" of {self.total:,}" if self.total else ""
        remaining = max((self.total or 0) - self.count, 0)
        left = f", {remaining / rate:.0f} s left" if rate and remaining else ""
        return f"{visible(name)} {self.count:,}{of}" + (f" ({rate:,.0f}/s{left})" if rate else "")


class Lines:
    """Prints one line for all collections every ten seconds, and none for a short run."""

    def __init__(
        self, title: str, *, stream: TextIO | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._title = title
        self._stream = stream or sys.stderr
        self._clock = clock
        self._last = clock()
        self._known: dict[str, _Collection] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return None

    def __call__(self, name: str, count: int, total: int | None = None) -> None:
        """Take note, and print when the last line is ten seconds old."""
        now = self._clock()
        known = self._known.setdefault(name, _Collection(now, count, count, total))
        known.count, known.total = count, total or known.total
        if now - self._last >= _EVERY:
            self._last = now
            texts = ", ".join(one.text(each, now) for each, one in self._known.items())
            print(f"{self._title}: {texts}", file=self._stream)


class _Bars:
    """Draws a bar for each collection, and leaves nothing behind."""

    def __init__(self, title: str) -> None:
        from rich.console import Console  # noqa: PLC0415 - heavy, and for terminals alone
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn  # noqa: PLC0415

        self._progress = Progress(
            TextColumn(f"{title}: {{task.description}}", markup=False),
            BarColumn(bar_width=20),
            MofNCompleteColumn(),
            TextColumn("{task.fields[rate]}", markup=False),
            TimeRemainingColumn(compact=True),
            console=Console(stderr=True),
            transient=True,
        )
        self._known: dict[str, _Collection] = {}
        self._bars: dict[str, Any] = {}  # task ids of a library that is imported only here

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    def __call__(self, name: str, count: int, total: int | None = None) -> None:
        """Move the bar of a collection."""
        now = time.monotonic()
        if name not in self._known:
            self._known[name] = _Collection(now, count, count, total)
            self._bars[name] = self._progress.add_task(visible(name), total=total, completed=count, rate="")
        known = self._known[name]
        known.total = total or known.total
        rate = (count - known.first) / max(now - known.started, 0.001)
        self._progress.update(self._bars[name], completed=count, total=known.total, rate=f"{rate:,.0f}/s")
