"""The file: private, whole, locked, and refused in one line when it is no use."""

import base64
import json
import os
import stat
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from migrate.cli.main import main
from migrate.emulator.errors import EmulatorError, EmulatorPortError
from migrate.emulator.ids import seeded_dice
from migrate.emulator.persistence.book import read
from migrate.emulator.persistence.files import StateFileError
from migrate.emulator.persistence.lines import Checksum, last_line
from migrate.emulator.server import Emulator
from tests.emulator.persistence.conftest import Run


def refusal(path: Path, **options: Any) -> str:
    with pytest.raises(StateFileError) as caught:
        Emulator(state=path, **options)
    text = str(caught.value)
    assert str(path) in text
    assert "\n" not in text
    return text


def test_a_new_file_is_there_at_once_and_for_its_user_alone(state: Path) -> None:
    before = os.umask(0)
    try:
        with Emulator(apps=5, state=state):
            assert stat.S_IMODE(state.stat().st_mode) == 0o600
            assert stat.S_IMODE(state.with_name("tenant.json.lock").stat().st_mode) == 0o600
    finally:
        os.umask(before)
    assert list(state.parent.iterdir()) == [state]


def test_a_file_that_others_could_read_is_theirs_no_more_after_a_save(saved: Path, run: Run) -> None:
    saved.chmod(0o644)
    with run() as world:
        world.bearer()
    assert stat.S_IMODE(saved.stat().st_mode) == 0o600


def test_a_file_that_others_could_read_is_theirs_no_more_once_it_is_opened(saved: Path) -> None:
    saved.chmod(0o644)
    with Emulator(state=saved):
        assert stat.S_IMODE(saved.stat().st_mode) == 0o600
    saved.write_text("no state")
    saved.chmod(0o644)
    refusal(saved)
    assert stat.S_IMODE(saved.stat().st_mode) == 0o644


def test_two_emulators_never_share_a_file(saved: Path) -> None:
    with Emulator(state=saved):
        assert "another emulator is using it; end that one, or name another file" in refusal(saved)
    with Emulator(state=saved):
        pass


def test_a_lock_that_a_killed_emulator_left_is_no_lock(saved: Path) -> None:
    saved.with_name("tenant.json.lock").touch()
    saved.with_name(".tenant.json.new").write_text("half a file")
    with Emulator(state=saved) as emulator:
        emulator.advance(emulator.tenant.retention)
    assert list(saved.parent.iterdir()) == [saved]


def test_an_emulator_that_does_not_start_leaves_the_file_to_the_next_one(saved: Path, emulator: Emulator) -> None:
    taken = int(emulator.authority.rpartition(":")[2])
    with pytest.raises(EmulatorPortError), Emulator(state=saved, port=taken):
        pass
    refusal(saved, apps=6)
    with Emulator(state=saved):
        pass


def test_an_emulator_with_a_file_runs_once(saved: Path) -> None:
    once = Emulator(state=saved)
    with once:
        pass
    with pytest.raises(EmulatorError, match="runs once"), once:
        pass


def _break(monkeypatch: pytest.MonkeyPatch, where: str, error: BaseException) -> None:
    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(where, fail)


FULL = OSError(28, "No space left on device")


@pytest.mark.parametrize(
    ("where", "error"),
    [
        ("pathlib.Path.replace", FULL),
        ("os.fsync", FULL),
        ("migrate.emulator.persistence.book.last_line", FULL),
        ("migrate.emulator.persistence.book.last_line", KeyboardInterrupt()),
    ],
)
def test_a_save_that_fails_leaves_the_old_file(
    saved: Path, run: Run, monkeypatch: pytest.MonkeyPatch, where: str, error: BaseException
) -> None:
    before = saved.read_bytes()

    def use() -> None:
        with run() as world:
            world.bearer()
            _break(monkeypatch, where, error)

    expected = StateFileError if error is FULL else KeyboardInterrupt
    with pytest.raises(expected) as caught:
        use()
    monkeypatch.undo()
    assert error is not FULL or "cannot be written (No space left on device); make room" in str(caught.value)
    assert saved.read_bytes() == before
    assert list(saved.parent.iterdir()) == [saved]
    with run():
        pass


def test_a_save_that_fails_meanwhile_is_said_once_and_tried_again(
    saved: Path, run: Run, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("migrate.emulator.persistence.keeper.SAVED_EVERY", 0.02)
    with run() as world:
        with monkeypatch.context() as broken:
            _break(broken, "os.fsync", FULL)
            world.bearer()
            world.emulator._state._closed.wait(0.4)  # type: ignore[union-attr]  # it has one
        entries = len(world.emulator.tenant.sign_ins)
    (record,) = caplog.records
    assert record.getMessage() == (
        f"unsecret: state file {saved}: cannot be written (No space left on device); make room or give yourself the "
        "right to write there; what was last saved is as it was"
    )
    with run() as world:
        assert len(world.emulator.tenant.sign_ins) == entries


def cut(content: bytes) -> bytes:
    return content[: len(content) // 2]


def without_a_line(content: bytes) -> bytes:
    lines = content.splitlines(keepends=True)
    return b"".join(lines[:3] + lines[4:])


def doubled(content: bytes) -> bytes:
    lines = content.splitlines(keepends=True)
    return signed(b"".join([*lines[:2], lines[1], *lines[2:]]))


def signed(content: bytes) -> bytes:
    """Give the lines an end that fits, as nobody does by accident."""
    *lines, _ = content.splitlines(keepends=True)
    checksum = Checksum()
    return b"".join(map(checksum.add, lines)) + last_line(len(lines), checksum.shown())


def other_head(name: str, value: object) -> Callable[[bytes], bytes]:
    def change(content: bytes) -> bytes:
        first, rest = content.split(b"\n", 1)
        read = json.loads(first)
        (read if name in read else read["head"])[name] = value
        return signed(json.dumps(read).encode() + b"\n" + rest)

    return change


def unknown_algorithm(content: bytes) -> bytes:
    """Give the tenant's key an algorithm that nobody knows."""
    first, rest = content.split(b"\n", 1)
    read = json.loads(first)
    key = read["head"]["keys"][0]
    private = bytearray(base64.b64decode(key["private"]))
    private[private.find(bytes.fromhex("2a864886f70d010101")) + 2] ^= 1
    key["private"] = base64.b64encode(private).decode()
    return signed(json.dumps(read).encode() + b"\n" + rest)


BAD: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "empty": (lambda _: b"", "was not written by unsecret emulator, or is damaged"),
    "blank": (lambda _: b"\n\n", "was not written by unsecret emulator"),
    "somebody's JSON": (lambda _: b'{"apps": 3}\n', "was not written by unsecret emulator"),
    "a list": (lambda _: b"[]", "was not written by unsecret emulator"),
    "bytes": (lambda _: bytes(range(256)), "was not written by unsecret emulator"),
    "deep": (lambda _: b"[" * 100_000, "was not written by unsecret emulator"),
    "another format": (other_head("format", "x"), "was not written by unsecret emulator"),
    "a later version": (other_head("version", 3), "is of version 3, which another release of unsecret writes; this"),
    "an earlier version": (other_head("version", 1), "is of version 1, which another release of unsecret writes; this"),
    "a huge version": (other_head("version", 10**40), "which another release of unsecret writes"),
    "cut off": (cut, "is damaged: line "),
    "without its end": (lambda content: content[: content.rindex(b'{"part":"end"')], "is damaged: its end is missing"),
    "more after the end": (lambda content: content + b"x", "is damaged: its lines are not those that were written"),
    "without a line": (without_a_line, "is damaged: its lines are not those"),
    "a line twice": (doubled, "is damaged: its parts do not belong together"),
    "an unknown part": (lambda content: content.replace(b'"part":"users"', b'"part":"x"'), "cannot be read"),
    "wrong types": (lambda content: content.replace(b'"display_name":"', b'"display_name":7,"x":"', 1), "is damaged"),
    "head of another shape": (other_head("head", {}), "is damaged: line 1 cannot be read"),
    "an unknown cloud": (other_head("cloud", "moon"), "is damaged: its parts do not belong together"),
    "a start that is none": (other_head("start", "1066-10-14T00:00:00Z"), "its parts do not belong together"),
    "a time before its start": (other_head("now", "0001-01-01T00:00:00Z"), "its parts do not belong together"),
    "no key": (other_head("keys", [{"private": "AAAA", "certificate": ""}]), "its parts do not belong together"),
    "a key of an unknown algorithm": (unknown_algorithm, "its parts do not belong together"),
    "no generations": (other_head("generations", {}), "its parts do not belong together"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_file_that_is_no_use_is_refused_and_left_alone(saved: Path, name: str) -> None:
    spoil, words = BAD[name]
    spoilt = spoil(saved.read_bytes())
    saved.write_bytes(spoilt)
    text = refusal(saved)
    assert words in text
    assert text.rpartition("; ")[2] in (
        "name another file, or remove this one to begin with a new tenant", "use that release, or name another file",
    )  # fmt: skip
    assert saved.read_bytes() == spoilt
    assert list(saved.parent.iterdir()) == [saved]


def test_any_damage_is_refused(saved: Path, content: bytes) -> None:
    dice = seeded_dice("damage")
    digits = [place for place, byte in enumerate(content) if byte in b"0123456789"]
    for _ in range(60):
        spoilt = bytearray(content)
        place = dice.choice(digits) if dice.random() < 0.5 else dice.randrange(len(content))
        spoilt[place] = dice.choice([byte for byte in b"0123456789abcdef" if byte != spoilt[place]])
        saved.write_bytes(spoilt)
        with pytest.raises(StateFileError):
            read(saved)
    for ending in (content[:-1], content + b"\n", content.replace(b'"end","rows":[', b'"end","rows":[ ')):
        saved.write_bytes(ending)
        with pytest.raises(StateFileError):
            read(saved)
    saved.write_bytes(content)
    read(saved)


def test_what_is_no_file_is_refused(tmp_path: Path, saved: Path) -> None:
    link, pipe = tmp_path / "link", tmp_path / "pipe"
    link.symlink_to(saved)
    os.mkfifo(pipe)
    assert "is a folder; name a file" in refusal(tmp_path)
    assert "is a symbolic link; name the file that it leads to" in refusal(link)
    assert "is no file; name a file" in refusal(pipe)
    assert "(File name too long)" in refusal(tmp_path / ("x" * 300))
    for inside in (tmp_path / "missing" / "file", saved / "file"):
        with pytest.raises(StateFileError, match="; name "):
            Emulator(state=inside)
    with pytest.raises(StateFileError, match="not a name for a file"):
        Emulator(state=Path("a\0b"))


def test_a_lock_that_is_a_link_is_not_followed(tmp_path: Path, state: Path) -> None:
    aim = tmp_path / "aim"
    state.with_name("tenant.json.lock").symlink_to(aim)
    with pytest.raises(StateFileError, match=r"tenant\.json\.lock: cannot be made"):
        Emulator(state=state)
    assert not aim.exists()


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is forbidden to root")
def test_a_file_that_may_not_be_read_or_written_is_refused(saved: Path) -> None:
    saved.chmod(0)
    assert "cannot be read (Permission denied); name a file that you may read" in refusal(saved)
    saved.parent.chmod(0o500)
    try:
        with pytest.raises(StateFileError, match="Permission denied"):
            Emulator(state=saved)
    finally:
        saved.parent.chmod(0o700)


def test_the_file_says_what_the_tenant_is_and_contradictions_are_refused(state: Path) -> None:
    start = datetime(2030, 1, 1, tzinfo=UTC)
    made: dict[str, Any] = {"apps": 6, "seed": 9, "cloud": "china", "start": start, "retention_days": 7}
    with Emulator(state=state, **made) as first, pytest.raises(StateFileError):
        Emulator(state=state, **made)
    with Emulator(state=state, **made) as again:  # the same command line twice
        assert again.tenant_id == first.tenant_id
    with Emulator(state=state) as short:
        assert (short.tenant.cloud.name, short.tenant.retention.days) == ("china", 7)
        assert len(short.tenant.applications) == 6
    others = {"apps": 7, "seed": 1, "cloud": "public", "start": datetime(2031, 1, 1, tzinfo=UTC), "retention_days": 30}
    names = {"start": "time", "retention_days": "retention"}
    for name, value in others.items():
        text = refusal(state, **{name: value})
        assert f"was made with another --{names.get(name, name)} (" in text
        assert text.endswith("; leave that option out, or name another file")


def test_a_file_that_was_changed_meanwhile_is_written_anew(saved: Path, run: Run) -> None:
    with run() as world:
        saved.write_bytes(b"x" * saved.stat().st_size)
        world.bearer()
        entries = len(world.emulator.tenant.sign_ins)
    with run() as world:
        assert len(world.emulator.tenant.sign_ins) == entries


@pytest.mark.parametrize("ending", [["run", "--state", "STATE", "--", "true"], ["--port", "0", "--state", "STATE"]])
def test_the_commands_refuse_a_file_in_one_line(
    saved: Path, capsys: pytest.CaptureFixture[str], ending: list[str]
) -> None:
    arguments = [str(saved) if word == "STATE" else word for word in ending]
    with Emulator(state=saved):
        assert main(["emulator", *arguments]) == 2
    assert capsys.readouterr().err == (
        f"unsecret: state file {saved}: another emulator is using it; end that one, or name another file\n"
    )
