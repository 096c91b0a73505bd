"""The ``$filter`` of Azure Resource Manager's lists, a small part of OData (REST reference, Resources - List)."""

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from migrate.emulator.arm.errors import ArmError
from migrate.emulator.state.azure import group_of

_CLAUSE: Final = re.compile(
    r"\s*(?:(?P<name>[A-Za-z]+(?:/[A-Za-z]+)?)\s+(?P<operator>eq|ne)\s+'(?P<value>(?:[^']|'')*)'"
    r"|substringof\(\s*'(?P<part>(?:[^']|'')*)'\s*,\s*(?P<where>[A-Za-z]+)\s*\))\s*",
    re.IGNORECASE,
)
_JOINT: Final = re.compile(r"(and|or)\b", re.IGNORECASE)
_LONGEST: Final = 4000

Test = Callable[[Mapping[str, Any]], bool]


def _bad(text: str) -> ArmError:
    return ArmError(400, "InvalidFilterInQueryString", f"Invalid $filter '{text[:200]}' specified in the query string.")


def read_filter(text: str) -> Test:
    """Read a filter into a test of a resource's body; an empty one accepts everything."""
    if not text.strip():
        return lambda _: True
    if len(text) > _LONGEST:
        raise _bad(text)
    clauses, joints = _split(text)
    if len(set(joints)) > 1:
        raise _bad(text)
    tests = _tests(clauses, text)
    if joints and joints[0] == "or":
        return lambda body: any(test(body) for test in tests)
    return lambda body: all(test(body) for test in tests)


def _split(text: str) -> tuple[list[re.Match[str]], list[str]]:
    clauses: list[re.Match[str]] = []
    joints: list[str] = []
    at = 0
    while True:
        clause = _CLAUSE.match(text, at)
        if clause is None:
            raise _bad(text)
        clauses.append(clause)
        at = clause.end()
        if at == len(text):
            return clauses, joints
        joint = _JOINT.match(text, at)
        if joint is None:
            raise _bad(text)
        joints.append(joint[1].lower())
        at = joint.end()


def _tests(clauses: list[re.Match[str]], text: str) -> list[Test]:
    tests: list[Test] = []
    tag = next((_value(each) for each in clauses if (each["name"] or "").lower() == "tagname"), None)
    for clause in clauses:
        name, value = (clause["name"] or clause["where"]).lower(), _value(clause)
        if name == "tagvalue":
            tests.append(_tag_value(tag, value, text))
        elif name == "tagname":
            tests.append(_tag_name(value))
        elif name in _READ:
            tests.append(_compare(_READ[name], clause, value))
        else:
            raise _bad(text)
    return tests


def _tag_name(name: str) -> Test:
    return lambda body: any(each.lower() == name for each in body.get("tags") or {})


def _value(clause: re.Match[str]) -> str:
    text: str = clause["value"] if clause["name"] else clause["part"]
    return text.replace("''", "'").lower()


def _tag_value(tag: str | None, value: str, text: str) -> Test:
    if tag is None:
        raise _bad(text)
    return lambda body: any(
        name.lower() == tag and str(held).lower() == value for name, held in (body.get("tags") or {}).items()
    )


def _compare(read: Callable[[Mapping[str, Any]], object], clause: re.Match[str], value: str) -> Test:
    if clause["where"]:
        return lambda body: value in str(read(body)).lower()
    wanted = clause["operator"].lower() == "eq"
    return lambda body: (str(read(body)).lower() == value) is wanted


_READ: Final[Mapping[str, Callable[[Mapping[str, Any]], object]]] = {
    "resourcetype": lambda body: body["type"],
    "name": lambda body: body["name"],
    "location": lambda body: body["location"],
    "resourcegroup": lambda body: group_of(body["id"]),
    "identity/principalid": lambda body: (body.get("identity") or {}).get("principalId", ""),
}
