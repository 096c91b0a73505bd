"""Whatever is below the paths, and whatever happens in between: files are whole, and nothing is left behind."""

import gc
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from codemods.engine.run import rewrite
from codemods.engine.source import read
from codemods.engine.write import write
from codemods.errors import PathNotFoundError
from codemods.model import Changed, Request
from tests.codemods.cases import APP, TARGETS, check_second_run, contents

SITE = (
    "import os\nfrom azure.identity import ClientSecretCredential\n"
    f"c = ClientSecretCredential(T, '{APP}', open('/run/secret').read())\n"
)


def _request(*paths: Path) -> Request:
    return Request(paths=paths, targets=TARGETS, app=APP, apply=True)


def test_a_pipe_that_is_named_does_not_block(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.py")
    assert [item.error.code for item in rewrite(_request(tmp_path / "pipe.py")).failed] == ["not-a-regular-file"]
    (tmp_path / "a.py").write_text(SITE)
    assert len(rewrite(_request(tmp_path)).rewritten) == 1


def test_the_garbage_collector_is_on_again_whatever_happened(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(SITE)
    seen: list[bool] = []
    rewrite(_request(tmp_path), told=lambda *_: seen.append(gc.isenabled()))
    with pytest.raises(PathNotFoundError):
        rewrite(_request(tmp_path / "nothing"))
    assert not any(seen)
    assert seen
    assert gc.isenabled()


@pytest.mark.parametrize("told", [0, 10, len(SITE), 10 * len(SITE)])
def test_a_file_is_read_whole_whatever_its_size_is_said_to_be(tmp_path: Path, told: int) -> None:
    """Some file systems say nothing of a size, and a file may grow meanwhile."""
    (tmp_path / "a.py").write_text(SITE)
    with pytest.MonkeyPatch.context() as patch:  # over before anybody removes the folder
        patch.setattr("codemods.engine.source.os.fstat", lambda _: SimpleNamespace(st_size=told))
        assert read(tmp_path / "a.py") == SITE.encode()


def test_links_in_a_circle_are_no_trouble(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(SITE)
    (tmp_path / "loop.py").symlink_to("loop.py")
    (tmp_path / "one").symlink_to("two")
    (tmp_path / "two").symlink_to("one")
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "up").symlink_to("..")
    run = rewrite(_request(tmp_path))
    assert [file.path for file in run.files] == ["a.py"]
    assert len(run.rewritten) == 1
    with pytest.raises(PathNotFoundError):
        rewrite(_request(tmp_path / "loop.py"))


def test_a_huge_file_is_refused_without_being_read(tmp_path: Path) -> None:
    (tmp_path / "good.py").write_text(SITE)
    with (tmp_path / "huge.py").open("wb") as file:
        file.write(SITE.encode())
        file.truncate(50 * 1024**2)
    started = time.monotonic()
    run = rewrite(_request(tmp_path))
    assert time.monotonic() - started < 5
    (failed,) = run.failed
    assert (failed.path, failed.error.code) == ("huge.py", "too-large")
    assert "larger than 5 MB; split it or leave it out" in str(failed.error)
    assert len(run.rewritten) == 1


def _attributes(depth: int) -> str:
    return "a" + ".b" * depth


def _negations(depth: int) -> str:
    return "not " * depth + "a"


def _calls(depth: int) -> str:
    return "f" + "()" * depth


DEEP = {"attributes": _attributes, "negations": _negations, "calls": _calls}


@pytest.mark.parametrize("form", DEEP)
@pytest.mark.parametrize("depth", [300, 980, 1500, 20_000])
def test_deep_nesting_anywhere_ends_no_run(tmp_path: Path, form: str, depth: int) -> None:
    """Each depth is within what one part of the work can follow and beyond what another can."""
    deep = DEEP[form](depth)
    bound = SITE.replace("open('/run/secret').read()", "SECRET")
    (tmp_path / "good.py").write_text(SITE)
    (tmp_path / "beside.py").write_text(f"import good\nx = {deep}\n")
    (tmp_path / "own.py").write_text(f"{SITE}x = {deep}\n")
    (tmp_path / "source.py").write_text(bound.replace("c =", f"SECRET = {deep}\nc ="))
    guard = f"SECRET = open('s').read()\nif not SECRET or {deep}:\n    raise ValueError\nc ="
    (tmp_path / "guard.py").write_text(bound.replace("c =", guard))
    before = contents(tmp_path)
    run = rewrite(_request(tmp_path))
    assert "good.py" in {item.site.path for item in run.rewritten}
    written = {file.path for file in run.files if isinstance(file, Changed)}
    for name in set(before) - written:
        assert (tmp_path / name).read_bytes() == before[name]
    assert {file.error.code for file in run.failed} <= {"does-not-parse", "claim-failed", "does-not-round-trip"}


def test_a_tree_that_cannot_be_written_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(**_: object) -> None:
        raise OSError(30, "Read-only file system")

    for name in ("a.py", "b.py"):
        (tmp_path / name).write_text(SITE)
    before = contents(tmp_path)
    monkeypatch.setattr("codemods.engine.write.tempfile.mkstemp", refuse)
    run = rewrite(_request(tmp_path))
    assert [(file.path, file.error.code) for file in run.failed] == [("a.py", "write-failed"), ("b.py", "write-failed")]
    assert all("Read-only file system" in str(file.error) for file in run.failed)
    assert not any(helper.written for helper in run.helpers)
    assert contents(tmp_path) == before


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_waits_for_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: signal.Signals) -> None:
    """The worst moment: the temporary file is there and nobody has been told its name."""
    seen: list[int] = []
    path = tmp_path / "app.py"
    path.write_bytes(b"old")
    real = os.fdopen

    def interrupted(*arguments: object) -> object:
        signal.raise_signal(number)
        return real(*arguments)  # type: ignore[call-overload]

    monkeypatch.setattr("codemods.engine.write.os.fdopen", interrupted)
    before = signal.signal(number, lambda got, _: seen.append(got))
    try:
        write(path, old=b"old", new=b"new")
    finally:
        signal.signal(number, before)
    assert seen == [number]
    assert contents(tmp_path) == {"app.py": b"new"}


def test_a_file_can_be_written_from_another_thread(tmp_path: Path) -> None:
    path = tmp_path / "app.py"
    path.write_bytes(b"old")
    thread = threading.Thread(target=write, args=(path,), kwargs={"old": b"old", "new": b"new"})
    thread.start()
    thread.join()
    assert path.read_bytes() == b"new"


CHILD = """
import sys
from pathlib import Path
from codemods.engine.run import rewrite
from codemods.model import Request, Target
try:
    rewrite(Request(paths=(Path(sys.argv[1]),), targets=(Target(client_id=sys.argv[2]),), apply=True))
except KeyboardInterrupt:
    print("interrupted")
"""


@pytest.mark.slow
@pytest.mark.parametrize("number", [1, 7, 40])
def test_an_interrupt_tears_nothing(tmp_path: Path, number: int) -> None:
    """Interrupt a real process when so many files are written, then let a second one finish."""
    for index in range(120):
        (tmp_path / f"m{index:03}.py").write_text(SITE)
    command = [sys.executable, "-c", CHILD, str(tmp_path), APP]
    with subprocess.Popen(command, cwd=Path(__file__).parents[2], stdout=subprocess.PIPE, text=True) as child:
        last = tmp_path / f"m{number:03}.py"
        limit = time.monotonic() + 60
        while last.stat().st_size == len(SITE) and time.monotonic() < limit and child.poll() is None:
            time.sleep(0.001)
        child.send_signal(signal.SIGINT)
        said = child.communicate(timeout=60)[0]
    assert said.strip() == "interrupted"
    found = contents(tmp_path)
    sources = {data for name, data in found.items() if name != "entra_fic.py"}
    assert len(sources) == 2
    assert SITE.encode() in sources
    assert set(found) == {"entra_fic.py", *(f"m{index:03}.py" for index in range(120))}
    done = sum(data != SITE.encode() for data in found.values()) - 1
    run = rewrite(_request(tmp_path))
    assert len(run.rewritten) == 120 - done
    check_second_run(tmp_path)
