"""SARIF: the part of the standard that is used, GitHub's limits, hostile names."""

from __future__ import annotations

import dataclasses
import gzip
import json
from hashlib import sha256
from typing import Any
from urllib.parse import unquote

import jsonschema
import pytest

from reports.formats import to_sarif
from reports.model import Confidence, Document, Finding, Location, Rule, Severity
from reports.render import render
from tests.reports.samples import EMPTY, HOSTILE, document

_MESSAGE = {
    "type": "object",
    "required": ["text"],
    "properties": {"text": {"type": "string", "minLength": 1}},
    "additionalProperties": False,
}
_LEVEL = {"enum": ["none", "note", "warning", "error"]}
_POSITIVE = {"type": "integer", "minimum": 1}


def _object(properties: dict[str, Any], *required: str) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(required), "additionalProperties": False}


def _list(items: dict[str, Any], **limits: int) -> dict[str, Any]:
    return {"type": "array", "items": items, **limits}


# Sections 3.13 to 3.52 of the standard for what is written here, closed; and what GitHub asks for beyond it.
_REGION = _object(dict.fromkeys(("startLine", "startColumn", "endLine", "endColumn"), _POSITIVE), "startLine")
_PLACE = _object(
    {
        "artifactLocation": _object(
            {"uri": {"type": "string", "pattern": r"^(?!/)[A-Za-z0-9._~/%-]+$"}, "uriBaseId": {"const": "%SRCROOT%"}},
            "uri",
        ),
        "region": _REGION,
    },
    "artifactLocation",
)
_RULE = _object(
    {
        "id": {"type": "string", "minLength": 1},
        "shortDescription": _MESSAGE,
        "fullDescription": _MESSAGE,
        "help": _MESSAGE,
        "defaultConfiguration": _object({"level": _LEVEL}),
        "properties": _object(
            {
                "tags": _list({"type": "string"}, maxItems=10),
                "precision": {"enum": ["very-high", "high", "medium", "low"]},
                "problem.severity": {"enum": ["error", "warning", "recommendation"]},
                "security-severity": {"type": "string", "pattern": r"^(10\.0|[0-9]\.[0-9])$"},
            }
        ),
    },
    "id",
    "shortDescription",
)
_RESULT = _object(
    {
        "ruleId": {"type": "string"},
        "ruleIndex": {"type": "integer", "minimum": 0},
        "level": _LEVEL,
        "message": _MESSAGE,
        "locations": _list(_object({"physicalLocation": _PLACE}, "physicalLocation"), minItems=1, maxItems=1),
        "partialFingerprints": {"type": "object", "additionalProperties": {"type": "string"}},
        "suppressions": _list(
            _object({"kind": {"enum": ["external"]}, "status": {"enum": ["accepted"]}}, "kind"), minItems=1
        ),
        "properties": {"type": "object"},
    },
    "ruleId",
    "message",
    "locations",
)
_RUN = _object(
    {
        "tool": _object(
            {
                "driver": _object(
                    {
                        "name": {"const": "unsecret"},
                        "version": {"type": "string"},
                        "rules": _list(_RULE, maxItems=25_000),
                    },
                    "name",
                )
            },
            "driver",
        ),
        "columnKind": {"const": "unicodeCodePoints"},
        "invocations": _list(
            _object(
                {
                    "executionSuccessful": {"type": "boolean"},
                    "toolExecutionNotifications": _list(_object({"level": _LEVEL, "message": _MESSAGE}, "message")),
                },
                "executionSuccessful",
            )
        ),
        "results": _list(_RESULT, maxItems=5_000),
    },
    "tool",
    "results",
)
_LOG = _object({"$schema": {"type": "string"}, "version": {"const": "2.1.0"}, "runs": _list(_RUN, maxItems=20)}, "runs")

SITE = Finding(
    rule="literal",
    message="a secret stands here",
    severity=Severity.ERROR,
    confidence=Confidence.HIGH,
    advice="remove it",
    location=Location(path="src/a b.py", line=3, column=5, end_line=4, end_column=2),
    fingerprint="0123456789abcdef:1",
    group="test",
)
RULE = Rule(name="literal", summary="a secret", explanation="It is bad.", advice="remove it", danger=8.0)


def _log(whole: Document) -> dict[str, Any]:
    log: dict[str, Any] = json.loads(render(whole, "sarif").decode("ascii"))
    jsonschema.Draft202012Validator(_LOG).validate(log)
    (run,) = log["runs"]
    rules = run["tool"]["driver"]["rules"]
    assert all(rules[result["ruleIndex"]]["id"] == result["ruleId"] for result in run["results"])
    return dict(run)


def _whole(*findings: Finding, rules: tuple[Rule, ...] = ()) -> Document:
    return dataclasses.replace(EMPTY, findings=findings, rules=rules)


@pytest.mark.parametrize("whole", [document(), EMPTY, _whole(SITE, rules=(RULE,))])
def test_what_is_written_follows_the_standard(whole: Document) -> None:
    _log(whole)


def test_a_result_has_its_region_rule_and_fingerprint() -> None:
    run = _log(_whole(SITE, rules=(RULE,)))
    (result,) = run["results"]
    place = result["locations"][0]["physicalLocation"]
    assert place["region"] == {"startLine": 3, "startColumn": 5, "endLine": 4, "endColumn": 2}
    assert place["artifactLocation"]["uri"] == "src/a%20b.py"
    assert result["partialFingerprints"] == {"primaryLocationLineHash": "0123456789abcdef:1"}
    assert (result["level"], result["properties"]["group"]) == ("error", "test")
    assert "suppressions" not in result
    (rule,) = run["tool"]["driver"]["rules"]
    assert rule["help"]["text"] == "It is bad.\n\nWhat to do: remove it."
    assert rule["properties"]["security-severity"] == "8.0"


def test_an_accepted_finding_is_suppressed_and_not_lost() -> None:
    (result,) = _log(_whole(dataclasses.replace(SITE, accepted=True)))["results"]
    assert result["suppressions"] == [{"kind": "external", "status": "accepted"}]


def _many(count: int) -> Document:
    severities = list(Severity)
    return _whole(
        *(
            dataclasses.replace(SITE, severity=severities[at % 3], message=sha256(b"%d" % at).hexdigest())
            for at in range(count)
        )
    )


@pytest.mark.slow
def test_no_more_than_github_shows_the_worst_first_and_the_rest_is_told() -> None:
    whole = _many(6_000)
    run = _log(whole)
    levels = [result["level"] for result in run["results"]]
    assert (len(levels), levels.count("error"), levels.count("warning")) == (5_000, 2_000, 2_000)
    assert levels == sorted(levels, key=["error", "warning", "note"].index)
    (told,) = to_sarif.left_out(whole)
    assert told.startswith("1000 of 6000 findings are left out")
    assert [note["message"]["text"] for note in run["invocations"][0]["toolExecutionNotifications"]] == [told]
    assert not to_sarif.left_out(_many(5_000))


def test_a_log_is_never_larger_than_github_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(to_sarif, "_MOST_BYTES", 20_000)
    whole = _many(2_000)
    assert len(gzip.compress(render(whole, "sarif"))) <= 20_000
    run = _log(whole)
    assert run["results"]
    assert {result["level"] for result in run["results"]} == {"error"}
    assert to_sarif.left_out(whole)


def test_a_finding_without_a_place_is_left_out_and_told() -> None:
    whole = _whole(dataclasses.replace(SITE, location=None), SITE)
    assert len(_log(whole)["results"]) == 1
    assert to_sarif.left_out(whole) == ("1 findings are left out: they have no place in a file",)


@pytest.mark.parametrize("name", [*HOSTILE, "c:/x.py", "a\\b.py", "%41.py", "caf\udce9.py"])
def test_a_hostile_name_is_a_uri_and_a_text_and_nothing_else(name: str) -> None:
    place = Location(path=name.lstrip("/"), line=1)
    finding = dataclasses.replace(SITE, location=place, message=name, group=name)
    run = _log(_whole(finding, rules=(dataclasses.replace(RULE, summary=name, advice=name),)))
    (result,) = run["results"]
    uri = result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
    assert unquote(uri, errors="surrogateescape") == place.path
    text = json.dumps(run, ensure_ascii=False)
    assert not [character for character in "\x00\x1b\u202e\u2028" if character in text]
    assert "link](" not in result["message"]["text"].replace("link\\](", "")
