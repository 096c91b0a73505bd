from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest

from inventory import snapshot
from migrate.cli.main import main
from tests.inventory import values

_HOSTILE = "a\x1b[31m\u202eb"
_BEFORE = values.snapshot(values.application(1, credentials=(values.secret(1),)))
_AFTER = values.snapshot(
    values.application(1, name=_HOSTILE, credentials=(values.secret(1), values.secret(2))), sources=(values.source(),)
)


@pytest.fixture
def files(tmp_path: Path) -> tuple[str, str]:
    snapshot.write(tmp_path / "old.db", _BEFORE)
    snapshot.write(tmp_path / "new.db", _AFTER)
    return str(tmp_path / "old.db"), str(tmp_path / "new.db")


def test_a_difference_is_shown_harmlessly_and_ends_with_1(
    files: tuple[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["snapshot", "diff", *files]) == 1
    told = capsys.readouterr().out
    shown = "a⟨U+001B⟩[31m⟨U+202E⟩b"
    assert told.splitlines() == [
        f"~ application {shown} ({values.guid('d', 1)})",
        f"    display_name: orders-api -> {shown}",
        f"+ credential secret {values.guid('e', 2)} of {shown} ({values.guid('d', 1)})",
        "1 appeared, 1 changed",
    ]


def test_differences_are_told_to_programs(files: tuple[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["snapshot", "diff", *files, "--format", "json"]) == 1
    told = json.loads(capsys.readouterr().out)
    assert told["counts"] == {"appeared": 1, "changed": 1}
    assert told["differences"][0]["fields"] == [{"name": "display_name", "old": "orders-api", "new": _HOSTILE}]
    assert told["differences"][1]["key"]["key_id"] == values.guid("e", 2)


def test_no_difference_ends_with_0(files: tuple[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["snapshot", "diff", files[0], files[0]]) == 0
    assert capsys.readouterr().out == "no difference\n"


def test_a_credential_is_explained_with_the_code_that_uses_it(
    files: tuple[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = tmp_path / "app.py"
    code.write_text(
        "import os\nfrom azure.identity import ClientSecretCredential\n"
        f'credential = ClientSecretCredential("{values.TENANT}", "{values.guid("d", 1)}", os.environ["APP_SECRET"])\n'
    )
    main(["rewrite", str(code), "--format", "json"])
    (tmp_path / "rewrite.json").write_text(capsys.readouterr().out)
    arguments = [
        "explain",
        "credential",
        values.guid("e", 1).upper(),
        files[1],
        "--code",
        str(tmp_path / "rewrite.json"),
    ]
    assert main(arguments) == 0
    told = capsys.readouterr().out
    assert "\x1b" not in told
    assert "\u202e" not in told
    assert "app.py:3: azure.identity.ClientSecretCredential" in told.partition("what breaks if it goes today")[2]
    assert main([*arguments, "--format", "json"]) == 0
    (story,) = json.loads(capsys.readouterr().out)["stories"]
    assert story["verdict"] == "one known use stops working"
    assert story["breaks"][0]["data"]["line"] == 3


def test_a_key_id_that_is_not_there_ends_with_2_and_one_line(
    files: tuple[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["explain", "credential", "\x1b[31mx", files[0]]) == 2
    told = capsys.readouterr().err
    assert told.startswith("unsecret: no credential of ")
    assert told.count("\n") == 1
    assert "\x1b" not in told


def test_a_snapshot_is_never_upgraded_over_itself(files: tuple[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    before = Path(files[0]).read_bytes()
    assert main(["snapshot", "upgrade", files[0], "--out", files[0]]) == 2
    assert "it is the snapshot itself" in capsys.readouterr().err
    assert Path(files[0]).read_bytes() == before


@pytest.mark.parametrize(("name", "rows"), [("csv", 7), ("markdown", 7)])
def test_a_report_has_every_row(tmp_path: Path, name: str, rows: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    held = tuple(
        values.application(
            number, credentials=(dataclasses.replace(values.secret(number), holder_id=values.guid("c", number)),)
        )
        for number in range(rows)
    )
    snapshot.write(tmp_path / "s.db", values.snapshot(*held))
    assert main(["report", "s.db", "--format", name, "--out", f"r.{name}"]) == 0
    assert (tmp_path / f"r.{name}").read_text().count(values.guid("e", 0)[:20]) >= rows
