"""The table of cases: those about places here, and that it says something about every reason."""

import ast
from pathlib import Path

import pytest

from codemods.cases import CHECK, NO_APP, OTHER_TENANT, REPORTED, REWRITTEN, Case, cases, of_reason, subjects, whys
from codemods.engine.check import check
from codemods.engine.run import rewrite
from codemods.model import AlreadyAssertion, ReasonCode, Request, Target
from codemods.report.fingerprints import marks
from tests.codemods.cases import APP, OTHER_APP, TARGETS, cases_of, contents

_REQUESTS = {
    "": {"targets": TARGETS, "app": APP},
    NO_APP: {"targets": TARGETS, "app": None},
    OTHER_TENANT: {"targets": (Target(client_id=APP, tenant_id=OTHER_APP),), "app": APP},
    CHECK: {},
}


def lay(folder: Path, case: Case) -> None:
    for name, text in case.files:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


@pytest.mark.parametrize("case", cases_of("places_reported"))
def test_a_place_is_left_to_a_person(tmp_path: Path, case: Case) -> None:
    lay(tmp_path, case)
    before = contents(tmp_path)
    asked = _REQUESTS[case.condition]
    look = check if case.condition == CHECK else rewrite
    run = look(Request(paths=(tmp_path,), apply=True, **asked))  # type: ignore[arg-type]
    assert tuple(item.reason.value for item in run.reported) == case.reasons
    assert not run.rewritten
    assert contents(tmp_path) == before


@pytest.mark.parametrize("reason", ReasonCode)
def test_every_reason_has_a_case_and_says_why(reason: ReasonCode) -> None:
    assert of_reason(reason)
    assert whys()[reason].endswith(".")


def test_the_table_speaks_of_nothing_unknown() -> None:
    known = set(ReasonCode)
    assert not set(whys()) - known
    told = {reason for name in subjects(REPORTED) for case in cases(name) for reason in case.reasons}
    assert not told - known
    assert all(case.after for name in subjects(REWRITTEN) for case in cases(name))


def test_every_file_of_cases_is_used_by_a_test() -> None:
    tests = "".join(path.read_text("utf-8") for path in Path(__file__).parent.glob("test_*.py"))
    files = [name for kind in (REPORTED, REWRITTEN, "unrelated") for name in subjects(kind)]
    assert files
    assert not [name for name in files if f'cases_of("{name}")' not in tests]


@pytest.mark.parametrize("name", [name for kind in (REPORTED, REWRITTEN, "unrelated") for name in subjects(kind)])
def test_a_check_sees_the_places_that_a_rewrite_sees(tmp_path: Path, name: str) -> None:
    for at, case in enumerate(cases(name)):
        lay(tmp_path / str(at), case)
    request = Request(paths=(tmp_path,), app=APP)
    seen, rewritten = (
        {mark: isinstance(outcome, AlreadyAssertion) for mark, outcome in zip(marks(run), run.sites, strict=True)}
        for run in (check(request), rewrite(request))
    )
    assert seen == rewritten


@pytest.mark.parametrize("name", [name for kind in (REPORTED, REWRITTEN) for name in subjects(kind)])
def test_a_region_is_exactly_what_signs_in(tmp_path: Path, name: str) -> None:
    """The text between start and end is whole: it parses, and a character more or less on its ends does not belong."""
    for at, case in enumerate(cases(name)):
        lay(tmp_path / str(at), case)
    seen = 0
    for outcome in check(Request(paths=(tmp_path,))).sites:
        site = outcome.site
        if site.end_line is None or site.end_column is None:
            continue
        lines = (tmp_path / site.path).read_text("utf-8").splitlines(keepends=True)[site.line - 1 : site.end_line]
        lines[-1] = lines[-1][: site.end_column - 1]
        lines[0] = lines[0][site.column - 1 :]
        text = "".join(lines)
        assert text == text.strip()
        ast.parse(text)
        seen += 1
    assert seen
