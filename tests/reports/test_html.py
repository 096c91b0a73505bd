from __future__ import annotations

import base64
import hashlib
import html.parser
import json
import re
from dataclasses import replace

import pytest

from reports.model import Column, Curve, Document, Table
from reports.render import render
from tests.reports.samples import EMPTY, HOSTILE, document


class _Page(html.parser.HTMLParser):
    """Collects elements, their texts and everything that could make a browser ask for something."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.texts: dict[str, list[str]] = {}
        self.asks: list[str] = []
        self.attributes: list[dict[str, str | None]] = []
        self._open: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self.tags.append(tag)
        self.attributes.append(found)
        self.asks += [
            f"{tag} {name}" for name in found if name in {"src", "srcset", "action", "style", "data", "poster"}
        ]
        self.asks += [f"{tag} {name}" for name in found if name.startswith("on")]
        self.asks += [value for name, value in found.items() if name == "href" and value and not value.startswith("#")]
        if tag not in {"meta", "link", "input", "br", "img"}:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        while self._open and self._open.pop() != tag:
            pass

    def handle_data(self, data: str) -> None:
        if self._open:
            self.texts.setdefault(self._open[-1], []).append(data)


def _text(value: Document) -> str:
    return render(value, "html").decode()


def test_the_page_asks_the_network_for_nothing() -> None:
    text = _text(document())
    page = _Page(text)
    assert page.asks == []
    assert not {"link", "img", "iframe", "object", "svg", "base", "form"} & set(page.tags)
    style = "".join(page.texts["style"])
    assert "url(" not in style
    assert "@import" not in style


def test_the_policy_allows_this_script_and_this_style_and_nothing_else() -> None:
    page = _Page(_text(document()))
    [policy] = [one["content"] for one in page.attributes if one.get("http-equiv") == "Content-Security-Policy"]
    assert policy is not None
    script, style = page.texts["script"][-1], "".join(page.texts["style"])
    for kind, text in (("script-src", script), ("style-src", style)):
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"{kind} 'sha256-{digest}'" in policy
    assert policy.startswith("default-src 'none'")
    assert "unsafe" not in policy


def test_hostile_text_is_text() -> None:
    text = _text(document())
    page = _Page(text)
    assert page.tags.count("script") == 3, "two tables of data and our own script"
    assert page.tags.count("title") == 1
    assert "Report on <script>window.broken=1</script>" in page.texts["title"]
    assert "<img" not in text
    assert HOSTILE[4] not in text


def test_the_data_in_the_page_is_whole() -> None:
    page = _Page(_text(document()))
    data = json.loads(page.texts["script"][1])
    assert len(data["rows"]) == len(HOSTILE)
    assert data["rows"][0][0] == HOSTILE[0]
    assert data["rows"][1] == [HOSTILE[1], "live", {"t": "2026-03-03T10:30:15.250000Z"}, -1, 0.25, False]
    assert [column["right"] for column in data["columns"]] == [False, False, False, True, True, False]


def test_without_scripts_the_first_rows_show() -> None:
    columns = (Column(key="a", title="A"),)
    long = Table(name="long", title="Long", columns=columns, rows=tuple((f"row {at}",) for at in range(2000)))
    text = _text(replace(EMPTY, tables=(long,)))
    assert text.count("<td>row ") == 25
    assert "1,975 more rows" in text


def test_figures_are_grouped_and_words_stand_apart() -> None:
    page = _Page(_text(document()))
    assert "1,234" in page.texts["dd"]
    assert "2026-03-02 10:30" in page.texts["dd"]


def test_findings_are_summed_up_worst_first() -> None:
    text = _text(document())
    rules = re.findall(r'class="badge (\w+)">(\w+)</span> <strong>([\w-]+)</strong>', text)
    assert rules == [("bad", "error", "bad"), ("calm", "note", "not-so-bad")]
    assert "Findings by rule" not in _text(document(findings=False))


def test_a_curve_is_drawn_as_steps_and_told_in_words() -> None:
    curve = Curve(title="Risk left", points=(("now", 40), ("wave 1", 10), ("wave 2", 0)), note="points")
    text = _text(replace(EMPTY, curves=(curve,)))
    page = _Page(text)
    assert page.asks == []
    assert page.tags.count("circle") == 3
    assert any(each.get("aria-label") == "Risk left: now: 40, wave 1: 10, wave 2: 0" for each in page.attributes)
    assert 'd="M64.0 14.0H374.0V143.0H684.0V186.0"' in text
    assert page.texts["text"] == ["0", "20", "40", "now", "wave 1", "wave 2"]


@pytest.mark.parametrize(
    "points", [(), (("now", 0),), (("now", 0), ("wave 1", 0)), tuple((str(at), at) for at in range(400))]
)
def test_curves_of_every_size_are_drawn_inside_their_picture(points: tuple[tuple[str, int], ...]) -> None:
    page = _Page(_text(replace(EMPTY, curves=(Curve(title="c", points=points),))))
    places = [(float(each["cx"] or ""), float(each["cy"] or "")) for each in page.attributes if "cx" in each]
    assert len(places) == len(points)
    assert all(64 <= x <= 684 and 14 <= y <= 186 for x, y in places)
    assert len(page.texts.get("text", [])) <= 15


def test_a_label_of_a_curve_is_text() -> None:
    for label in HOSTILE:
        page = _Page(_text(replace(EMPTY, curves=(Curve(title=label, points=((label, 1),), note=label),))))
        assert page.asks == []
        assert page.tags.count("svg") == 1
        assert not {"img", "iframe"} & set(page.tags)
        assert page.tags.count("script") == _Page(_text(EMPTY)).tags.count("script")
