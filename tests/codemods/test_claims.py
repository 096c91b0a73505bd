"""The claim of a rewrite is checked against both syntax trees; a difference that is no part of it refuses the file."""

import ast
from pathlib import Path

import pytest

from codemods.engine import edits
from codemods.engine.claims.check import Claim, check
from codemods.engine.claims.places import Expected, place_of
from codemods.engine.rewrite import edit_call
from codemods.errors import ClaimError
from codemods.model import Compared, Run
from codemods.names import Module
from codemods.transform import ArgumentEdit
from tests.codemods.cases import contents, run_on

EXPECTED = Expected(
    helper="entra_fic",
    function="managed_identity_assertion",
    credential="ManagedIdentityAssertionCredential",
    variable="MANAGED_IDENTITY_CLIENT_ID",
    scope="api://AzureADTokenExchange/.default",
)
OLD = """\
import os
from azure.identity import ClientSecretCredential
T, A, OTHER = 't', os.environ['A'], 'o'
SECRET = os.getenv('S')
if not SECRET:
    raise ValueError
if A and SECRET:
    c = ClientSecretCredential(T, A, SECRET, authority=HOST)
token = c.get_token('scope')
"""
NEW = """\
import os
from azure.identity import ClientAssertionCredential
from entra_fic import managed_identity_assertion
T, A, OTHER = 't', os.environ['A'], 'o'
if A:
    c = ClientAssertionCredential(T, A, managed_identity_assertion, authority=HOST)
token = c.get_token('scope')
"""


def _module(text: str) -> Module:
    return Module(ast.parse(text))


def _check(old: str, new: str) -> list[tuple[Compared, ...]]:
    tree = ast.parse(old)
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    sites = {
        place_of(call): EXPECTED for call in calls if any("SECRET" in ast.unparse(argument) for argument in call.args)
    }
    read = [node for node in tree.body if "SECRET" in ast.unparse(node) and not isinstance(node, ast.If)]
    checks = [node for node in tree.body if isinstance(node, ast.If) and "raise" in ast.unparse(node)]
    deleted = {place_of(node) for node in [*read, *checks] if "c = " not in ast.unparse(node)}
    return list(check(Claim(name="app.py", sites=sites, deleted=deleted), _module(old), _module(new)).values())


def test_a_claim_that_holds_says_what_was_compared() -> None:
    ((*compared,),) = _check(OLD, NEW)
    assert [(item.what, item.expression) for item in compared] == [
        ("execution", "synchronous"),
        ("tenant_id", "T"),
        ("client_id", "A"),
        ("authority", "HOST"),
        ("scopes", "1 requests for a token, unchanged"),
    ]


CHANGES = {
    "another tenant": ("(T, A, managed", "(OTHER, A, managed"),
    "another client id": ("(T, A, managed", "(T, OTHER, managed"),
    "the two exchanged": ("(T, A, managed", "(A, T, managed"),
    "no authority": (", authority=HOST)", ")"),
    "another authority": ("authority=HOST", "authority=OTHER"),
    "one more option": ("authority=HOST", "authority=HOST, verify=False"),
    "the secret beside it": ("authority=HOST", "authority=HOST, client_secret=OTHER"),
    "another application's function": ("A, managed_identity_assertion,", "A, managed_identity_assertion_for_other,"),
    "its result": ("managed_identity_assertion, auth", "managed_identity_assertion.token, auth"),
    "asynchronous": ("from azure.identity import", "from azure.identity.aio import"),
    "another class": ("ClientAssertionCredential", "WorkloadIdentityCredential"),
    "another module": ("from entra_fic", "from elsewhere"),
    "the value of a name": ("'t', os.environ['A'], 'o'", "'t', 'o', os.environ['A']"),
    "another scope": ("get_token('scope')", "get_token('other')"),
    "one more request": ("get_token('scope')", "get_token(c.get_token('scope'))"),
    "a branch turned round": ("if A:", "if not A:"),
    "another condition": ("if A:", "if T:"),
    "a condition that is gone": ("if A:", "if True:"),
    "a condition that is weaker": ("if A:", "if A or T:"),
    "a statement that is gone": ("token = c.get_token('scope')\n", ""),
    "a statement that is new": ("token =", "print(c)\ntoken ="),
    "an import that is new": ("import os\n", "import os\nimport sys\n"),
    "an import that is gone": ("import os\n", ""),
    "a name without meaning": ("token = c.", "token = SECRET or c."),
    "a name that is renamed": ("token =", "tokens ="),
    "the secret kept": ("managed_identity_assertion, auth", "SECRET, auth"),
}


@pytest.mark.parametrize("name", CHANGES)
def test_any_other_change_is_refused(name: str) -> None:
    old, new = CHANGES[name]
    assert old in NEW
    with pytest.raises(ClaimError):
        _check(OLD, NEW.replace(old, new))


GUARDS = {
    "or": ("if A or SECRET:", "if A:"),
    "another check": ("if not SECRET or not A:\n    raise", ""),
    "a check with an else": ("if not SECRET:\n    raise ValueError\nelse:\n    A = 'b'\nif 0:\n    raise", ""),
    "a check that is the other way round": ("if SECRET:\n    raise", ""),
    "a term that is not the secret": ("if A and T and SECRET:", "if A:"),
    "any instead of all": ("if any([A, T, SECRET]):", "if any([A, T]):"),
    "all into any": ("if all([A, T, SECRET]):", "if any([A, T]):"),
}


@pytest.mark.parametrize("name", GUARDS)
def test_a_condition_that_comes_out_otherwise_is_refused(name: str) -> None:
    old, new = GUARDS[name]
    if new:
        before, after = OLD.replace("if A and SECRET:", old), NEW.replace("if A:", new)
    else:
        before, after = OLD.replace("if not SECRET:\n    raise", old), NEW
    assert before != OLD
    with pytest.raises(ClaimError):
        _check(before, after)


UNWRAPPED = {
    "as it should": ("if SECRET:", "raise ValueError", "", True),
    "another condition": ("if A:", "raise ValueError", "", False),
    "an or": ("if A or SECRET:", "raise ValueError", "", False),
    "the other way round": ("if not SECRET:", "raise ValueError", "", False),
    "another branch": ("if SECRET:", "c = other()", "", False),
    "something else is gone": ("if SECRET:", "raise ValueError", "d = 1\n", False),
}


@pytest.mark.parametrize("name", UNWRAPPED)
def test_a_condition_that_is_gone_was_always_true(name: str) -> None:
    condition, other, more, holds = UNWRAPPED[name]
    head = "from azure.identity import {}\n"
    body = f"{more}c = ClientSecretCredential(T, A, SECRET)\n".replace("\n", "\n    ").rstrip()
    old = head.format("ClientSecretCredential") + f"{condition}\n    {body}\nelse:\n    {other}\n"
    new = head.format("ClientAssertionCredential") + "from entra_fic import managed_identity_assertion\n"
    new += "c = ClientAssertionCredential(T, A, managed_identity_assertion)\n"
    tree = ast.parse(old)
    (call,) = (item for item in ast.walk(tree) if isinstance(item, ast.Call) and "SECRET" in ast.unparse(item))
    claim = Claim(name="app.py", sites={place_of(call): EXPECTED}, deleted=(), unwrapped={place_of(tree.body[1])})
    if holds:
        assert check(claim, _module(old), _module(new))
    else:
        with pytest.raises(ClaimError):
            check(claim, _module(old), _module(new))


TYPE = "'client_assertion_type': 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'"
PAIR = f"{TYPE}, 'client_assertion': managed_identity_assertion()"
ENVIRONMENT = "os.environ['AZURE_TENANT_ID'], os.environ['AZURE_CLIENT_ID']"
FORMS = {
    "on behalf of": (
        "c = OnBehalfOfCredential(T, A, client_secret=SECRET, user_assertion=U)\n",
        "c = OnBehalfOfCredential(T, A, client_assertion_func=managed_identity_assertion, user_assertion=U)\n",
        ("user_assertion=U", "user_assertion=T"),
    ),
    "a body": (
        "r = post(URL, data={'client_id': A, 'client_secret': SECRET, 'scope': X})\n",
        f"r = post(URL, data={{'client_id': A, {PAIR}, 'scope': X}})\n",
        ("'scope': X", "'scope': T"),
    ),
    "an encoded body": (
        "r = post(URL, data=urlencode({'client_id': A, 'client_secret': SECRET}).encode())\n",
        f"r = post(URL, data=urlencode({{'client_id': A, {PAIR}}}).encode())\n",
        ("'client_id': A", "'client_id': T"),
    ),
    "a pair of id and secret": (
        "r = post(URL, auth=(A, SECRET), data={'scope': X})\n",
        f"r = post(URL, data={{'client_id': A, 'scope': X, {PAIR}}})\n",
        ("'client_id': A", "'client_id': T"),
    ),
    "an address": (
        "r = post(URL, json={'client_secret': SECRET})\n",
        f"r = post(URL, json={{{PAIR}}})\n",
        ("post(URL", "post(T"),
    ),
    "another type of assertion": (
        "r = post(URL, json={'client_secret': SECRET})\n",
        f"r = post(URL, json={{{PAIR}}})\n",
        ("jwt-bearer", "saml2-bearer"),
    ),
    "the environment": (
        "c = EnvironmentCredential()  # SECRET\n",
        f"c = ClientAssertionCredential({ENVIRONMENT}, managed_identity_assertion)\n",
        ("AZURE_TENANT_ID", "TENANT_ID"),
    ),
}
IMPORTS = "import os\nfrom azure.identity import {}, OnBehalfOfCredential\n"


@pytest.mark.parametrize("name", FORMS)
def test_other_forms_of_a_site_are_compared_alike(name: str) -> None:
    before, after, (right, wrong) = FORMS[name]
    old = IMPORTS.format("EnvironmentCredential") + before
    new = IMPORTS.format("ClientAssertionCredential") + "from entra_fic import managed_identity_assertion\n" + after
    assert right in after
    (call,) = (node.value for node in ast.parse(old).body if isinstance(node, ast.Assign))
    claim = Claim(name="app.py", sites={place_of(call): EXPECTED}, deleted=())
    assert check(claim, _module(old), _module(new))
    with pytest.raises(ClaimError):
        check(claim, _module(old), _module(new.replace(right, wrong)))


def test_more_than_ten_terms_are_compared_one_by_one() -> None:
    terms = " and ".join(f"x{number}" for number in range(14))
    before = OLD.replace("if A and SECRET:", f"if {terms} and SECRET:")
    assert _check(before, NEW.replace("if A:", f"if {terms}:"))
    with pytest.raises(ClaimError):
        _check(before, NEW.replace("if A:", f"if {terms.removesuffix(' and x13')}:"))


UNPACKED = {
    "the wrong value": "T, A = 'a', 't'\n",
    "one name too few": "T = 't'\n",
    "the secret in place of another": "T, A = 't', os.environ['S']\n",
    "another name": "T, B = 't', 'a'\n",
    "no tuple any more": "T = A = 't', 'a'\n",
}


def test_what_binds_other_names_too_may_lose_the_secret_only() -> None:
    old = "import os\nfrom azure.identity import ClientSecretCredential\nT, S, A = 't', os.environ['S'], 'a'\n"
    new = "from azure.identity import ClientAssertionCredential\nfrom entra_fic import managed_identity_assertion\n"
    statement, site = ast.parse(old + "c = ClientSecretCredential(T, A, S)\n").body[2:]
    assert isinstance(site, ast.Assign)
    claim = Claim(
        name="app.py",
        sites={place_of(site.value): EXPECTED},
        deleted=(),
        shortened={place_of(statement): {1}},
    )
    call = "c = ClientAssertionCredential(T, A, managed_identity_assertion)\n"
    before = _module(old + "c = ClientSecretCredential(T, A, S)\n")
    assert check(claim, before, _module(f"import os\n{new}T, A = 't', 'a'\n{call}"))
    for changed in UNPACKED.values():
        with pytest.raises(ClaimError):
            check(claim, before, _module(f"import os\n{new}{changed}{call}"))


def test_a_shadowed_name_is_refused() -> None:
    old = OLD.replace("T, A, OTHER", "managed_identity_assertion = 1\nT, A, OTHER")
    with pytest.raises(ClaimError):
        _check(old, NEW.replace("T, A, OTHER", "managed_identity_assertion = 1\nT, A, OTHER"))


SOURCE = OLD.replace("HOST", "'login.microsoftonline.com'")


def test_an_edit_that_does_more_is_not_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Break the code that makes the edits: what is independent of it has to see that."""

    def broken(segment: str, changes: list[ArgumentEdit], **options: object) -> str:
        return edit_call(segment, changes, **options).replace("(T,", "(OTHER,")  # type: ignore[arg-type]

    monkeypatch.setattr(edits, "edit_call", broken)
    _check_failed(run_on(tmp_path, SOURCE), tmp_path, "claim-failed")


def test_a_result_that_would_be_rewritten_again_is_not_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("codemods.engine.proof.check", _claims_everything)
    monkeypatch.setattr("codemods.engine.prepare.splice", lambda source, _: source.data + b"# changed\n")
    _check_failed(run_on(tmp_path, SOURCE), tmp_path, "not-idempotent")


class _Anything(dict[object, tuple[Compared, ...]]):
    def __missing__(self, _: object) -> tuple[Compared, ...]:
        return ()


def _claims_everything(*_: object) -> _Anything:
    return _Anything()


def _check_failed(run: Run, folder: Path, code: str) -> None:
    assert [file.error.code for file in run.failed] == [code], run
    assert set(contents(folder)) == {"app.py"}
    assert not run.rewritten


def test_the_outcome_says_what_was_compared(tmp_path: Path) -> None:
    (outcome,) = run_on(tmp_path, SOURCE).rewritten
    assert ("authority", "'login.microsoftonline.com'") in [(item.what, item.expression) for item in outcome.compared]
