"""What a query may make the tenant do: values are computed once, and there is an end to what is computed."""

import time
from typing import Any

import pytest

from migrate.emulator.arm.kql import pipeline
from migrate.emulator.arm.kql.lexer import KqlError
from migrate.emulator.arm.kql.work import LONGEST_TEXT

pytestmark = pytest.mark.slow

TABLES = {"resources": {"name": "string", "properties": "dynamic"}}


def run(query: str, rows: int = 1, **columns: Any) -> list[dict[str, Any]]:
    parsed = pipeline.parse(query, TABLES)
    row = {"name": "n", "properties": {}, **columns}
    return [{name: found[name] for name in parsed.columns} for found in parsed.run([row] * rows)]


def test_a_column_is_computed_once() -> None:
    began = time.process_time()
    query = "resources | extend a=strcat(name,name)" + " | extend a=strcat(a,a)" * 16 + " | project size=strlen(a)"
    assert run(query) == [{"size": 2**17}]
    counted = "resources | extend a=array_length(properties)" + " | extend a=coalesce(a,a,a,a)" * 60 + " | project a"
    assert run(counted, properties=None) == [{"a": None}]
    assert time.process_time() - began < 2


EXPENSIVE = {
    "a text that doubles": "resources | extend a=strcat(name,name)" + " | extend a=strcat(a,a)" * 40 + " | project a",
    "many texts": "resources | extend a=strcat(name,name)" + " | extend a=strcat(a,a)" * 18 + " | project a",
    "rows that multiply": "resources" + " | mv-expand x=properties.list" * 12 + " | count",
    "many words": "resources | where " + " or ".join(["name == 'x'"] * 2_000) + " | count",
    "long texts": "resources | where " + " or ".join(["properties.text has 'x'"] * 1_000) + " | count",
}


@pytest.mark.parametrize("kind", EXPENSIVE)
def test_a_runaway_query_is_aborted(kind: str) -> None:
    began = time.process_time()
    with pytest.raises(KqlError) as refused:
        run(EXPENSIVE[kind], rows=2_000, properties={"list": [1, 2, 3, 4], "text": "a" * 10_000})
    assert refused.value.code == "RunawayQuery"
    assert time.process_time() - began < 20


def test_a_text_may_be_as_long_as_kustos() -> None:
    query = "resources | extend a=strcat(name,name) | project size=strlen(a)"
    assert run(query, name="a" * (LONGEST_TEXT // 2)) == [{"size": LONGEST_TEXT}]
    with pytest.raises(KqlError):
        run(query, name="a" * (LONGEST_TEXT // 2 + 1))


@pytest.mark.parametrize("word", ["or", "and"])
def test_a_chain_is_as_long_as_a_query(word: str) -> None:
    chain = f" {word} ".join(["true"] * 3_000)
    assert run(f"resources | where {chain} | count") == [{"Count": 1}]


def test_an_ordinary_query_of_a_large_tenant_is_answered() -> None:
    query = ("resources | extend low=tolower(name) | where low has 'n' and isnotempty(name) | project name, low"
             " | order by name asc | summarize count() by low")  # fmt: skip
    assert run(query, rows=20_000) == [{"low": "n", "count_": 20_000}]


def test_a_runaway_query_is_refused_on_the_wire(arm: Any) -> None:
    answer = arm.query(EXPENSIVE["a text that doubles"])
    assert answer.status_code == 400
    assert answer.json()["error"]["details"][1]["code"] == "RunawayQuery"
