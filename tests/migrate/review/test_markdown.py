"""A plan as Markdown: everything a reviewer needs is there, and no name of the tenant is anything but text."""

from __future__ import annotations

import dataclasses
from datetime import date

import pytest
from markdown_it import MarkdownIt
from markdown_it.token import Token

from migrate.days import Freeze
from migrate.model import Plan
from migrate.planning.decisions import Decisions, Exclude, Pair, Schedule
from migrate.planning.plan import make_plan
from migrate.review.markdown import render
from migrate.review.schedule import bar
from migrate.review.text import safe
from tests.support.tenants import application, host, identity, snapshot, trust

ORDERS, BILLS, LOST = application("orders"), application("bills"), application("lost")
NAMED, OTHER = identity("id-orders"), identity("id-bills")
HOSTILE = (
    "<script>alert(1)</script>",
    "a | b |\n\n# heading\n- item",
    "[link](https://evil.example) ![x](//y)",
    "**bold** _em_ ~~gone~~ `code` $x$ @team #12 www.evil.example",
    "\u202egnp.exe\u200b\x1b[31m",
    "</td>&lt;&#60;!--",
    "x" * 10_000,
    "",
    "   - a\n1. b\n> c\n```\n",
    "- [ ] a",
    "1. a",
    "      code",
    "---",
    "===",
    "+",
)


def plan(*, decisions: Decisions | None = None) -> Plan:
    wrong = dataclasses.replace(BILLS, federated=(trust(OTHER, audience="fb60f99c-7a34-4190-8149-302f77469936"),))
    tenant = snapshot(ORDERS, wrong, LOST, identities=(NAMED, OTHER), hosts=(host("bare", uses=LOST),))
    return make_plan(tenant, decisions or Decisions())


def tokens(text: str) -> list[Token]:
    parser = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
    return [each for token in parser.parse(text) for each in (token, *(token.children or ()))]


def test_every_block_has_what_a_reviewer_needs() -> None:
    text = render(plan())
    assert "### orders → id-orders" in text
    assert f"client id {ORDERS.client_id}" in text
    assert "+60 same name: id-orders" in text
    assert "### bills: federated-conflict" in text
    assert "federated-audience-is-id" in text
    assert "### lost: no-identity-found" in text
    assert "1. create the user-assigned identity id-lost-" in text
    assert "(undone by delete-identity)" in text
    assert "What the plan could not see" in text


def test_a_shared_identity_tells_its_lateral_paths_and_the_smallest_split() -> None:
    pairs = tuple(
        Pair(application=one.display_name, identity="id-orders", reason="r", shared=True) for one in (ORDERS, LOST)
    )
    hosts = (host("one", NAMED, uses=ORDERS), host("two", NAMED, uses=LOST))
    made = make_plan(snapshot(ORDERS, LOST, identities=(NAMED,), hosts=hosts), Decisions(pairs=pairs))
    text = render(made)
    assert "## Shared identities (1)" in text
    assert "Lateral paths: **2**" in text
    assert "Smallest split:" in text


def test_waves_tell_when_they_may_run_and_the_risk_that_they_leave() -> None:
    freezes = (Freeze(first=date(2026, 6, 2), last=date(2026, 6, 9), reason="half | year"),)
    dated = render(plan(decisions=Decisions(schedule=Schedule(start=date(2026, 6, 1)), freezes=freezes)))
    assert "| 1 | canary | 1 | 2026-06-01; frozen 2026-06-02 to 2026-06-09 |" in dated
    assert "- 2026-06-02 to 2026-06-09: half \\| year" in dated
    assert "| 1 | canary | 1 | at any time |" in render(plan())
    assert "| 1 | canary | 1 | at any time; in no freeze |" in render(plan(decisions=Decisions(freezes=freezes)))


@pytest.mark.parametrize(("part", "whole", "filled"), [(0, 9, 0), (9, 9, 20), (1, 1000, 1), (0, 0, 0), (5, 10, 10)])
def test_a_bar_is_never_empty_where_something_is_left(part: int, whole: int, filled: int) -> None:
    assert bar(part, whole).count("█") == filled
    assert len(bar(part, whole)) == 20


@pytest.mark.parametrize("name", HOSTILE)
def test_a_name_of_the_tenant_is_text_and_nothing_else(name: str) -> None:
    hostile = dataclasses.replace(ORDERS, display_name=name), dataclasses.replace(LOST, display_name=name)
    bad = dataclasses.replace(NAMED, name=name)
    tenant = snapshot(
        *hostile, identities=(bad,), hosts=(host("bare", uses=hostile[1]), host(name, bad, uses=hostile[0]))
    )
    decisions = Decisions(excludes=(Exclude(application=LOST.client_id, reason=name, until=date(2027, 1, 1)),))
    for made in (make_plan(tenant), make_plan(tenant, decisions)):
        text = render(made)
        kinds = {each.type for each in tokens(text)}
        allowed = {"strong_open", "strong_close", "text", "inline", "softbreak", "text_special"}
        blocks = ("heading_", "paragraph_", "bullet_list_", "ordered_list_", "list_item_", "table_", "t")
        assert not [kind for kind in kinds - allowed if not kind.startswith(blocks)]
        assert sum(each.type == "heading_open" for each in tokens(text)) == text.count("\n#") + 1
        assert len(text) < 40_000
        assert not set("\u202e\u200b\x1b\t") & set(text)


@pytest.mark.parametrize("name", ["- a", "+ a", "-", "1. a", "12) a", "     a", "---", "- - -", "==", "- [ ] a"])
def test_a_name_begins_no_block_in_a_list(name: str) -> None:
    for around in ("- ", "  - "):
        plain, odd = ([each.type for each in MarkdownIt().parse(around + safe(text))] for text in ("word", name))
        assert odd == plain


@pytest.mark.parametrize("text", ["+60 same name", "-40 x", "1.5 x", "a - b", "2026-12-31"])
def test_what_begins_no_block_stays_as_it_is(text: str) -> None:
    assert safe(text) == text


def test_equal_plans_give_equal_text() -> None:
    assert render(plan()) == render(plan())
