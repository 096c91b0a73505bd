"""The code must have been scanned, and nothing in it may still need a secret of this application.

It says no more than that: code that no scan has looked at is not known. A finding that does not say whose application
it belongs to could be of this one, so it holds until somebody says whose it is (``unsecret rewrite --app``).
"""

from __future__ import annotations

from migrate.gate import Answer, Closed, Gate, Open, Question
from migrate.model import CodeFinding


def _ask(question: Question) -> Answer:
    code, client_id = question.code, question.pairing.application.client_id
    if not code.roots:
        return Closed(because="no code scan is on record", opens="unsecret rewrite PATH --plan PLAN")
    mine = [each for each in code.findings if each.application == client_id]
    if mine:
        because = f"code still needs it in {_places(mine)}"
        return Closed(because=because, opens=mine[0].advice or "unsecret rewrite PATH --plan PLAN --apply")
    unknown = [each for each in code.findings if each.application is None]
    if unknown:
        because = f"code needs a secret, and does not say whose, in {_places(unknown)}"
        opens = f"{unknown[0].advice or 'rewriting it'}; or unsecret rewrite PATH --plan PLAN --app CLIENT_ID"
        return Closed(because=because, opens=opens)
    unseen = code.named is not None and client_id not in code.named
    elsewhere = "; no scan found anything of it there, so that its code may be elsewhere" if unseen else ""
    return Open(because=f"nothing below {', '.join(code.roots)} still needs it{elsewhere}")


def _places(findings: list[CodeFinding]) -> str:
    one = findings[0]
    first = f"{one.path}:{one.line} ({one.reason}{f', repository {one.repository}' if one.repository else ''})"
    return first if len(findings) == 1 else f"{len(findings)} places, first {first}"


GATE = Gate(name="code-rewritten", ask=_ask)
