from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reports import formats as package
from reports.errors import ReportError, UnknownFormatError, UnwritableError
from reports.format import Format
from reports.formats import formats
from reports.model import Column, Document, Table
from reports.render import render, write
from reports.text import json_visible, readable, rfc3339, visible
from tests.reports.samples import AT, EMPTY, HOSTILE, document

_NAMES = ("csv", "html", "json", "markdown", "sarif")
_CONTROL = [chr(code) for code in (0x00, 0x07, 0x1B, 0x7F, 0x85, 0x202E, 0x2028, 0x2066, 0xFEFF)]


def test_every_format_file_is_found_by_its_name() -> None:
    assert tuple(formats()) == _NAMES
    assert {one.suffix for one in formats().values()} == {".csv", ".html", ".json", ".md", ".sarif"}


def test_two_files_that_claim_one_name_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    same = Format(name="same", suffix=".x", render=lambda _: b"")
    monkeypatch.setattr(package, "import_module", lambda _: type("Module", (), {"FORMAT": same}))
    formats.cache_clear()
    with pytest.raises(ValueError, match="'same' exists already"):
        formats()
    formats.cache_clear()


@pytest.mark.parametrize("name", _NAMES)
def test_equal_documents_give_equal_bytes_and_empty_ones_are_no_error(name: str) -> None:
    assert render(document(), name) == render(document(), name)
    assert render(EMPTY, name)


@pytest.mark.parametrize("name", ["csv", "html", "markdown"])
def test_nothing_hidden_is_left_hidden(name: str) -> None:
    text = render(document(), name).decode()
    body = text.replace("\r\n", "") if name == "csv" else text
    assert not [character for character in _CONTROL if character in body]
    assert "U+202E" in text


def test_an_unknown_format_names_the_known() -> None:
    with pytest.raises(UnknownFormatError, match="csv, html, json, markdown, sarif"):
        render(EMPTY, "pdf")


def test_a_file_is_replaced_whole_or_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "r.json"
    write(EMPTY, "json", path)
    assert json.loads(path.read_bytes())["title"] == "Empty"
    with pytest.raises(ReportError):
        write(EMPTY, "pdf", path)
    with pytest.raises(UnwritableError, match=r"cannot be written: .*; choose another place"):
        write(EMPTY, "json", tmp_path / "no" / "r.json")
    (tmp_path / "folder").mkdir()
    with pytest.raises(UnwritableError):
        write(EMPTY, "json", tmp_path / "folder")
    assert sorted(one.name for one in tmp_path.iterdir()) == ["folder", "r.json"]


def test_json_is_exact_and_plain_ascii() -> None:
    whole = json.loads(render(document(), "json").decode("ascii"))
    assert (whole["schema"], whole["version"], whole["as_of"]) == ("unsecret/report", 1, "2026-03-02T10:30:15.250000Z")
    main = whole["tables"][0]
    assert [row["application"] for row in main["rows"]] == list(HOSTILE)
    assert main["rows"][1] == {
        "application": HOSTILE[1],
        "state": "live",
        "end": "2026-03-03T10:30:15.250000Z",
        "count": -1,
        "share": 0.25,
        "on": False,
    }
    assert main["rows"][0]["end"] is None
    assert whole["findings"][1]["location"] == {
        "path": "src/a.py",
        "line": 3,
        "column": 1,
        "end_line": None,
        "end_column": None,
    }


def test_a_number_that_is_none_is_refused_by_json() -> None:
    table = Table(name="t", title="T", columns=(Column(key="a", title="A"),), rows=((float("nan"),),))
    with pytest.raises(ValueError, match="Out of range"):
        render(replace(EMPTY, tables=(table,)), "json")


def _csv(given_document: Document) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(render(given_document, "csv").decode(), newline="")))


def test_csv_holds_the_first_table_and_reads_back() -> None:
    rows = _csv(document())
    assert len(rows) == len(HOSTILE)
    assert rows[1] == {
        "application": HOSTILE[1],
        "state": "live",
        "end": "2026-03-03T10:30:15.250000Z",
        "count": "-1",
        "share": "0.25",
        "on": "false",
    }
    assert rows[12]["application"] == HOSTILE[12]


def test_no_text_in_csv_can_start_a_formula() -> None:
    cells = [row["application"] for row in _csv(document())]
    assert not [cell for cell in cells if cell.lstrip().startswith(("=", "+", "-", "@", "\t", "\r", "＝"))]  # noqa: RUF001
    assert "'=cmd|' /C calc'!A0" in cells


@given(st.text(max_size=20))
def test_any_text_survives_csv_in_one_cell(text: str) -> None:
    table = Table(name="t", title="T", columns=(Column(key="a", title="A"),), rows=((text,), ("end",)))
    rows = list(csv.reader(io.StringIO(render(replace(EMPTY, tables=(table,)), "csv").decode(), newline="")))
    shown = visible(text)
    assert rows[1:] == [[shown] if rows[1] == [shown] else [f"'{shown}"], ["end"]] or (not text and rows[-1] == ["end"])


def test_csv_of_a_document_without_tables_holds_the_findings() -> None:
    rows = _csv(replace(document(), tables=()))
    assert [(row["severity"], row["rule"], row["path"], row["line"]) for row in rows] == [
        ("error", "bad", "src/a.py", "3"),
        ("note", "not-so-bad", "", ""),
    ]


def _rows_of(text: str) -> list[str]:
    return [line for line in text.splitlines() if line.startswith("| ")]


def test_markdown_keeps_every_row_on_its_line_with_its_cells() -> None:
    text = render(document(), "markdown").decode()
    main = [line for line in _rows_of(text) if line.count(" | ") == 5][-len(HOSTILE) :]
    assert len(main) == len(HOSTILE)
    for mark in ("<script", "<img", "link](", "@someone", "https://evil", "`tick`"):
        assert mark not in text
    assert "&lt;script&gt;" in text
    assert "&amp;lt;already&amp;amp;" in text
    assert text.count("## ") == 3
    assert "None." in text


def test_markdown_shows_people_what_people_read() -> None:
    text = render(document(), "markdown").decode()
    assert "Evidence as of 2026-03-02T10:30:15.250000Z." in text
    assert "| 2026-03-03 10:30 | -1 | 0.25 | no |" in text


def test_text_helpers() -> None:
    assert visible("a\u202eb\nc🚀👩\u200d💻") == "a⟨U+202E⟩b⟨U+000A⟩c🚀👩\u200d💻"
    assert rfc3339(AT.replace(microsecond=0)) == "2026-03-02T10:30:15Z"
    assert [readable(cell) for cell in (None, True, 0, 1.5, AT)] == ["", "yes", "0", "1.5", "2026-03-02 10:30"]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a ##vso[task.setvariable variable=PATH]x", "a ⟨U+0023⟩#vso[task.setvariable variable=PATH]x"),
        ("##[error]", "⟨U+0023⟩#[error]"),
        ("::add-mask::x", "⟨U+003A⟩:add-mask::x"),
        ("  held  ::Error file=a::b", "  held  ⟨U+003A⟩:Error file=a::b"),
        ("## a ::1 from ::ffff:192.0.2.1, std::end", "## a ::1 from ::ffff:192.0.2.1, std::end"),
    ],
)
def test_no_text_is_a_command_to_what_runs_a_build(text: str, shown: str) -> None:
    assert visible(text) == shown


@given(st.text())
def test_json_says_the_same_without_a_character_that_hides(text: str) -> None:
    content = json.dumps([text], ensure_ascii=False).encode("utf-8", "replace")
    shown = json_visible(content)
    assert json.loads(shown) == json.loads(content)
    assert visible(shown.decode()) == shown.decode() or "::" in text or "##" in text


def test_tables_that_cannot_be_written_are_refused_where_they_are_made() -> None:
    column = Column(key="a", title="A")
    with pytest.raises(ValueError, match="a row of 2 cells"):
        Table(name="t", title="T", columns=(column,), rows=((1, 2),))
    with pytest.raises(ValueError, match="the same key"):
        Table(name="t", title="T", columns=(column, column), rows=())


def test_heavy_libraries_are_imported_when_they_are_needed_and_not_before() -> None:
    code = (
        "import sys; import reports.render, inventory.model, inventory.report, inventory.snapshot;"
        "from reports.formats import formats; formats();"
        "print([name for name in ('pandas', 'jinja2', 'msgraph', 'azure', 'httpx', 'itables') if name in sys.modules])"
    )
    root = Path(__file__).parents[2]
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
