r"""SARIF 2.1.0 (OASIS) for code scanning: one run, the worst findings first, within what GitHub takes and shows.

A finding without a place in a file cannot be shown by code scanning, which refuses a whole file for one of them: such
findings are left out, and the run says how many. GitHub stores 5,000 results of a run, and which ones is not for sure,
so that no more than these are written. Its other limits: 25,000 rules, 20 tags for a rule, one location for a result
here, and 10 MB after gzip (https://docs.github.com/code-security/code-scanning/troubleshooting-sarif-uploads).

Text is made visible, and cannot start a link of SARIF's own (``[text](target)``, section 3.11.6). A path is a relative
URI: whatever is not plain in it is percent-encoded. GitHub follows a result from run to run by the fingerprint
``primaryLocationLineHash``; it is not made from a line here, so that it stays the same when code moves.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, version
from typing import Any, Final
from urllib.parse import quote

from reports.findings import by_severity
from reports.format import Format
from reports.model import Document, Finding, Location, Rule
from reports.text import visible

SHOWN: Final = 5_000
_MOST_BYTES: Final = 10_000_000
_SCHEMA: Final = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_PRECISION: Final = {"high": "high", "medium": "medium", "low": "low"}


def render(document: Document) -> bytes:
    """Return the findings of the document as one SARIF log."""
    return _within(document)[0]


def left_out(document: Document) -> tuple[str, ...]:
    """Say which findings the rendered log does not hold; empty where it holds all."""
    return _within(document)[1]


def _within(document: Document) -> tuple[bytes, tuple[str, ...]]:
    placed = [finding for finding in by_severity(document.findings) if finding.location is not None]
    taken = placed[:SHOWN]
    while True:
        cut = _cut(len(document.findings), len(placed), len(taken))
        data = _bytes(_log(document, taken, cut))
        size = len(gzip.compress(data, mtime=0)) if len(data) > _MOST_BYTES else 0
        if size <= _MOST_BYTES or not taken:
            return data, cut
        del taken[len(taken) * _MOST_BYTES // (size + size // 10) :]


def _cut(every: int, placed: int, taken: int) -> tuple[str, ...]:
    told = []
    if taken < placed:
        told.append(f"{placed - taken} of {placed} findings are left out, the least severe ones: no more can be shown")
    if placed < every:
        told.append(f"{every - placed} findings are left out: they have no place in a file")
    return tuple(told)


def _log(document: Document, findings: list[Finding], cut: Iterable[str]) -> dict[str, Any]:
    known = {rule.name: rule for rule in document.rules}
    names = sorted({finding.rule for finding in findings})
    index = {name: at for at, name in enumerate(names)}
    driver = {"name": "unsecret", **_version(), "rules": [_rule(name, known.get(name)) for name in names]}
    notes = [{"level": "warning", "message": {"text": text}} for text in cut]
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "invocations": [{"executionSuccessful": True, "toolExecutionNotifications": notes}],
        "results": [_result(finding, index[finding.rule]) for finding in findings],
    }
    return {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}


def _bytes(log: dict[str, Any]) -> bytes:
    return (json.dumps(log, indent=1, allow_nan=False) + "\n").encode("ascii")


def _version() -> dict[str, str]:
    try:
        return {"version": version("unsecret")}
    except PackageNotFoundError:
        return {}


def _rule(name: str, rule: Rule | None) -> dict[str, Any]:
    if rule is None:
        return {"id": visible(name), "shortDescription": {"text": _text(name)}}
    parts = (*((rule.explanation,) if rule.explanation else ()), f"What to do: {rule.advice or 'see the message'}.")
    properties: dict[str, Any] = {
        "tags": ["security", "authentication"],
        "precision": _PRECISION[rule.confidence.value],
        "problem.severity": {"note": "recommendation"}.get(rule.severity.value, rule.severity.value),
    }
    if rule.danger is not None:
        properties["security-severity"] = f"{rule.danger:.1f}"
    return {
        "id": visible(name),
        "shortDescription": {"text": _text(rule.summary)},
        "fullDescription": {"text": _text(rule.explanation or rule.summary)},
        "help": {"text": "\n\n".join(map(_text, parts))},
        "defaultConfiguration": {"level": rule.severity.value},
        "properties": properties,
    }


def _result(finding: Finding, index: int) -> dict[str, Any]:
    advice = f". {finding.advice[:1].upper()}{finding.advice[1:]}." if finding.advice else ""
    result: dict[str, Any] = {
        "ruleId": visible(finding.rule),
        "ruleIndex": index,
        "level": finding.severity.value,
        "message": {"text": _text(f"{finding.message}{advice}")},
        "locations": [] if finding.location is None else [_location(finding.location)],
        "properties": {"confidence": finding.confidence.value, **_named("group", finding.group)},
    }
    if finding.fingerprint:
        result["partialFingerprints"] = {"primaryLocationLineHash": finding.fingerprint}
    if finding.accepted:
        result["suppressions"] = [{"kind": "external", "status": "accepted"}]
    return result


def _named(key: str, text: str) -> dict[str, str]:
    return {key: visible(text)} if text else {}


def _location(place: Location) -> dict[str, Any]:
    region = {"startLine": place.line, "startColumn": place.column}
    if place.end_line is not None and place.end_column is not None:
        region |= {"endLine": place.end_line, "endColumn": place.end_column}
    return {"physicalLocation": {"artifactLocation": _uri(place.path), "region": region}}


def _uri(path: str) -> dict[str, str]:
    return {"uri": quote(path.encode("utf-8", "surrogateescape"), safe="/"), "uriBaseId": "%SRCROOT%"}


def _text(text: str) -> str:
    """Show everything that hides, and let nothing be taken for a link."""
    return visible(text).replace("](", "\\](")


FORMAT = Format(name="sarif", suffix=".sarif", render=render)
