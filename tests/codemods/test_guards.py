"""Conditions that ask for a secret lose that term together with the call, or keep the call as it is."""

import itertools
import os
from pathlib import Path

import pytest

from tests.codemods.cases import APP, check_noop, check_transformed, reasons_of, run_on

BEFORE = "import os\nfrom azure.identity import ClientSecretCredential, DefaultAzureCredential\n"
AFTER = (
    "import os\nfrom azure.identity import ClientAssertionCredential, DefaultAzureCredential\n"
    "from entra_fic import managed_identity_assertion\n"
)
READ = "secret = os.getenv('SECRET')\n"
OLD = "ClientSecretCredential(T, A, secret)"
NEW = "ClientAssertionCredential(T, A, managed_identity_assertion)"

# What stands for {call} is the sign-in, what stands for {read} binds the secret; a case is its form before and after.
REWRITTEN = {
    "walrus of something else": (
        "{read}if (n := len(A or '')) and secret:\n    c = {call}\nelse:\n    raise ValueError\n",
        "if (n := len(A or '')):\n    c = {call}\nelse:\n    raise ValueError\n",
    ),
    "alone with a refusal behind it": (
        "{read}def f():\n    if secret:\n        return {call}\n    print('x')\n    raise ValueError\n",
        "def f():\n    return {call}\n",
    ),
    "all of a list": (
        "{read}if not all([T, A, secret]):\n    raise ValueError('x')\nc = {call}\n",
        "if not all([T, A]):\n    raise ValueError('x')\nc = {call}\n",
    ),
    "all of a tuple of two": (
        "{read}if not all((A, secret)):\n    raise ValueError\nc = {call}\n",
        "if not all((A,)):\n    raise ValueError\nc = {call}\n",
    ),
    "all of a tuple, the secret first": (
        "{read}if not all((secret, A)):\n    raise ValueError\nc = {call}\n",
        "if not all((A,)):\n    raise ValueError\nc = {call}\n",
    ),
    "all of what a generator yields": (
        "{read}if not all(x for x in [T, secret, A]):\n    raise ValueError\nc = {call}\n",
        "if not all(x for x in [T, A]):\n    raise ValueError\nc = {call}\n",
    ),
    "any is missing": (
        "{read}if any(x is None for x in (T, A, secret)):\n    raise ValueError\nc = {call}\n",
        "if any(x is None for x in (T, A)):\n    raise ValueError\nc = {call}\n",
    ),
    "None among them": (
        "{read}if None in (T, A, secret):\n    raise ValueError\nc = {call}\n",
        "if None in (T, A):\n    raise ValueError\nc = {call}\n",
    ),
    "one is missing": (
        "{read}if not T or not A or not secret:\n    raise SystemExit('x')\nc = {call}\n",
        "if not T or not A:\n    raise SystemExit('x')\nc = {call}\n",
    ),
    "the first is missing": (
        "{read}if not secret or not A:\n    raise SystemExit('x')\nc = {call}\n",
        "if not A:\n    raise SystemExit('x')\nc = {call}\n",
    ),
    "is None among others": (
        "{read}if T is None or secret is None or secret == '' or A is None:\n    exit(1)\nc = {call}\n",
        "if T is None or A is None:\n    exit(1)\nc = {call}\n",
    ),
    "not all of them, with and": (
        "{read}if not (T and A and secret):\n    raise ValueError\nc = {call}\n",
        "if not (T and A):\n    raise ValueError\nc = {call}\n",
    ),
    "alone": ("{read}if not secret:\n    raise ValueError('no secret')\nc = {call}\n", "c = {call}\n"),
    "alone, is None or empty": (
        "{read}if secret is None or secret == '':\n    print('no secret')\n    exit(2)\nc = {call}\n",
        "c = {call}\n",
    ),
    "alone, says so": (
        "{read}if not secret:\n    logger.warning('no secret')\nc = {call}\n",
        "c = {call}\n",
    ),
    "alone, collected": (
        ("{read}missing = []\nif not A:\n    missing.append('A')\n"
        "if not secret:\n    missing.append('SECRET')\nc = {call}\n"),
        "missing = []\nif not A:\n    missing.append('A')\nc = {call}\n",
    ),
    "alone, the variable is not there": (
        "if 'SECRET' not in os.environ:\n    raise KeyError\nc = ClientSecretCredential(T, A, os.environ['SECRET'])\n",
        "c = {call}\n",
    ),
    "alone, by its variable": (
        ("if not os.environ.get('SECRET'):\n    raise KeyError\n"
        "c = ClientSecretCredential(T, A, os.environ['SECRET'])\n"),
        "c = {call}\n",
    ),
    "asserted": ("{read}assert secret, 'no secret'\nc = {call}\n", "c = {call}\n"),
    "asserted with others": ("{read}assert T and secret, 'x'\nc = {call}\n", "assert T, 'x'\nc = {call}\n"),
    "else refuses": (
        "{read}if T and A and secret:\n    c = {call}\nelse:\n    raise ValueError\n",
        "if T and A:\n    c = {call}\nelse:\n    raise ValueError\n",
    ),
    "else refuses, although there is another sign-in": (
        "{read}d = DefaultAzureCredential()\nif A and secret:\n    c = {call}\nelse:\n    raise ValueError\n",
        "d = DefaultAzureCredential()\nif A:\n    c = {call}\nelse:\n    raise ValueError\n",
    ),
    "refuses behind a return": (
        "def f():\n    {read}    if A and secret:\n        return {call}\n    raise ValueError\n",
        "def f():\n    if A:\n        return {call}\n    raise ValueError\n",
    ),
    "the other branch first": (
        "{read}if not (A and secret):\n    raise ValueError\nelse:\n    c = {call}\n",
        "if not (A):\n    raise ValueError\nelse:\n    c = {call}\n",
    ),
    "else there is none": (
        "{read}if A and secret:\n    c = {call}\nelse:\n    print('off')\n    c = None\n",
        "if A:\n    c = {call}\nelse:\n    print('off')\n    c = None\n",
    ),
    "alone with an else that refuses": (
        "{read}if secret:  # x\n    # é\n    x = 1\n\n    c = {call}  # y\nelse:\n    print()\n    exit(2)\nz = 1\n",
        "# é\nx = 1\n\nc = {call}  # y\nz = 1\n",
    ),
    "alone with an else, in a function": (
        (
            "def f():\n    {read}    if (\n        secret\n    ):\n        g(\n            {call})\n"
            "    else:\n        raise KeyError\n"
        ),
        "def f():\n    g(\n            {call})\n",
    ),
    "no else": ("c = None\n{read}if A and secret:\n    c = {call}\n", "c = None\nif A:\n    c = {call}\n"),
    "conditional expression": (
        "{read}c = {call} if A and secret else None\n",
        "c = {call} if A else None\n",
    ),
    "brackets": (
        "{read}if (A) and (secret):\n    c = {call}\nelse:\n    raise ValueError\n",
        "if (A):\n    c = {call}\nelse:\n    raise ValueError\n",
    ),
    "nested": (
        "{read}if A and (T and secret) and (secret is not None):\n    c = {call}\nelse:\n    raise ValueError\n",
        "if A and (T):\n    c = {call}\nelse:\n    raise ValueError\n",
    ),
    "several lines": (
        ("{read}if (\n    T  # té\n    and A  # the app\n    and secret  # the secret\n):\n"
        "    c = {call}\nelse:\n    exit(1)\n"),
        "if (\n    T  # té\n    and A  # the app\n):\n    c = {call}\nelse:\n    exit(1)\n",
    ),
    "several lines, operator behind": (
        "{read}if (T and\n        A and\n        secret):\n    c = {call}\nelse:\n    exit(1)\n",
        "if (T and\n        A):\n    c = {call}\nelse:\n    exit(1)\n",
    ),
    "through another name": (
        "raw = os.getenv('SECRET')\nsecret = raw\nif not raw:\n    raise ValueError\nc = {call}\n",
        "c = {call}\n",
    ),
    "caught and raised again": (
        "{read}try:\n    if not secret:\n        raise ValueError\n    c = {call}\nexcept ValueError:\n    raise\n",
        "try:\n    c = {call}\nexcept ValueError:\n    raise\n",
    ),
    "an entry of a file": (
        ("import json\ncfg = json.load(f)\nif A and cfg['secret']:\n"
        "    c = ClientSecretCredential(T, A, cfg['secret'])\nelse:\n    raise ValueError\n"),
        "import json\ncfg = json.load(f)\nif A:\n    c = {call}\nelse:\n    raise ValueError\n",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", REWRITTEN)
def test_the_term_goes_with_the_call(tmp_path: Path, name: str) -> None:
    before, after = REWRITTEN[name]
    imported = "import json\n" in before
    head = "from entra_fic import managed_identity_assertion\n"
    expected = AFTER + after.format(call=NEW)
    if imported:  # the helper is imported behind the last import
        expected = AFTER.replace(head, "") + after.format(call=NEW).replace("import json\n", f"import json\n{head}", 1)
    run = check_transformed(tmp_path, BEFORE + before.format(call=OLD, read=READ), expected)
    assert "line" in run.rewritten[0].note


GUARDED = {
    "check that is caught": "try:\n    if not secret:\n        raise ValueError\n    c = {call}\n"
    "except ValueError:\n    c = None\n",
    "branch that is caught": "try:\n    if A and secret:\n        c = {call}\n    else:\n        raise ValueError\n"
    "except ValueError:\n    print('x')\n",
    "else signs in another way": "if T and A and secret:\n    c = {call}\nelse:\n    c = DefaultAzureCredential()\n",
    "conditional expression with another": "c = {call} if A and secret else DefaultAzureCredential()\n",
    "conditional expression of the secret alone": "c = {call} if secret else None\n",
    "another behind a return": (
        "def f():\n    if A and secret:\n        return {call}\n    return DefaultAzureCredential()\n"
    ),
    "None behind a return": "def f():\n    if A and secret:\n        return {call}\n    return None\n",
    "nothing behind a return": "def f():\n    if A and secret:\n        return {call}\n",
    "another one somewhere": "c = None\nif A and secret:\n    c = {call}\nc = c or DefaultAzureCredential()\n",
    "elif": "if A == 'x':\n    raise ValueError\nelif A and secret:\n    c = {call}\nelse:\n    raise ValueError\n",
    "elif behind it": "if A and secret:\n    c = {call}\nelif A:\n    raise KeyError\nelse:\n    raise ValueError\n",
    "elif check": "if not A:\n    raise ValueError\nelif not secret:\n    raise ValueError\nc = {call}\n",
    "or": "if A or secret:\n    c = {call}\nelse:\n    raise ValueError\n",
    "or another credential": "if not (secret or CERT):\n    raise ValueError\nc = {call}\n",
    "neither this nor that": "if not secret and not CERT:\n    raise ValueError\nc = {call}\n",
    "exactly one": "if bool(secret) == bool(CERT):\n    raise ValueError\nc = {call}\n",
    "length": "if A and len(secret) > 3:\n    c = {call}\nelse:\n    raise ValueError\n",
    "compared": "if A and secret != 'changeme':\n    c = {call}\nelse:\n    raise ValueError\n",
    "walrus of the secret": "if A and (n := secret):\n    print(n)\n    c = {call}\nelse:\n    raise ValueError\n",
    "alone, a comment and a refusal behind it": (
        "def f():\n    if secret:\n        return {call}\n    # é\n    raise ValueError\n"
    ),
    "alone, more than a refusal behind it": (
        "def f():\n    if secret:\n        return {call}\n    x = 1\n    raise ValueError\n"
    ),
    "alone, a refusal behind it that is caught": (
        "try:\n    if secret:\n        c = {call}\n        raise KeyError\n    raise ValueError\n"
        "except ValueError:\n    pass\n"
    ),
    "alone with a branch": "if secret:\n    c = {call}\n",
    "alone with an else that says so": "if secret:\n    c = {call}\nelse:\n    print('x')\n",
    "alone with a comment before its else": "if secret:\n    c = {call}\n# é\nelse:\n    raise ValueError\n",
    "alone with an else, and more inside": "if secret:\n    if A:\n        c = {call}\nelse:\n    raise ValueError\n",
    "alone with an else on one line": "if secret: c = {call}\nelse: raise ValueError\n",
    "alone with an else, without the call": "if secret:\n    x = 1\nelse:\n    raise ValueError\nc = {call}\n",
    "alone, the other way round": "if not secret:\n    raise ValueError\nelse:\n    c = {call}\n",
    "check that returns": "def f():\n    if not secret:\n        return None\n    return {call}\n",
    "check that does more": "if not secret:\n    secret_missing()\n    raise ValueError\nc = {call}\n",
    "check that binds": "if not secret:\n    mode = 'none'\nc = {call}\n",
    "check with an else": "if not secret:\n    raise ValueError\nelse:\n    start()\nc = {call}\n",
    "check that is the only statement": "def check():\n    if not secret:\n        raise ValueError\nc = {call}\n",
    "check that shares its line": "x = 1; assert secret\nc = {call}\n",
    "nested function": "if A and secret:\n    def f():\n        return {call}\nelse:\n    raise ValueError\n",
    "nested class": "if A and secret:\n    class C:\n        c = {call}\nelse:\n    raise ValueError\n",
    "lambda": "f = (lambda: {call}) if A and secret else None\n",
    "branch without the call": "if A and secret:\n    use_it()\nelse:\n    raise ValueError\nc = {call}\n",
    "comment that would be lost": "if (T and  # té\n    secret):\n    c = {call}\nelse:\n    raise ValueError\n",
    "other item of the same name": "if A and other.secret and secret:\n    c = {call}\nelse:\n    raise ValueError\n",
    "match": "match secret:\n    case None:\n        raise ValueError\nc = {call}\n",
    "all of computed ones": "if not all([T, secret.strip()]):\n    raise ValueError\nc = {call}\n",
    "all of a starred list": "if not all([T, *rest, f(secret)]):\n    raise ValueError\nc = {call}\n",
    "any of them": "if not any([CERT, secret]):\n    raise ValueError\nc = {call}\n",
    "while": "while not secret:\n    pass\nc = {call}\n",
    "filtered": "if not all(x for x in (T, secret) if x):\n    raise ValueError\nc = {call}\n",
    "asserted against another": "assert secret or CERT\nc = {call}\n",
    "try around it": "try:\n    if A and secret:\n        c = {call}\n    elif A:\n        pass\nfinally:\n    pass\n",
}


@pytest.mark.parametrize("name", GUARDED)
def test_a_condition_that_is_not_understood_keeps_the_call(tmp_path: Path, name: str) -> None:
    run = run_on(tmp_path, BEFORE + READ + GUARDED[name].format(call=OLD))
    source = BEFORE + READ + GUARDED[name].format(call=OLD)
    assert (tmp_path / "app.py").read_text() == source
    assert set(reasons_of(run)) <= {"guarded-by-secret", "secret-used-elsewhere", "dynamic-secret", "leftover"}
    assert run.reported


def test_a_value_that_is_no_condition_keeps_the_call(tmp_path: Path) -> None:
    for lines in ("ok = bool(A and secret)\n", "x = A and secret\n", "f(secret)\n", "print(not secret)\n"):
        check_noop(tmp_path, BEFORE + READ + lines + f"c = {OLD}\n", "secret-used-elsewhere")


def test_a_check_in_another_file_keeps_the_call(tmp_path: Path) -> None:
    (tmp_path / "checks.py").write_text("import os\nif not os.getenv('SECRET'):\n    raise ValueError\n")
    check_noop(tmp_path, BEFORE + READ + f"c = {OLD}\n", "secret-used-elsewhere")


def test_a_placeholder_is_no_secret_that_is_set(tmp_path: Path) -> None:
    check_noop(
        tmp_path, BEFORE + f"secret = ''\nif not secret:\n    raise ValueError\nc = {OLD}\n", "guarded-by-secret"
    )


def test_a_password_of_a_certificate_may_be_missing_today(tmp_path: Path) -> None:
    source = (
        "import os\nfrom azure.identity import CertificateCredential\n"
        "path, password = os.environ['P'], 1\nword = os.getenv('W')\n"
        "if not word:\n    raise ValueError\nc = CertificateCredential(T, A, os.environ['P2'], password=word)\n"
    )
    assert reasons_of(run_on(tmp_path, source)) == ["guarded-by-secret"]


def test_two_files_with_the_same_check_do_not_keep_each_other(tmp_path: Path) -> None:
    source = BEFORE + READ + f"if not secret:\n    raise ValueError\nc = {OLD}\n".replace("A,", f"'{APP}',")
    (tmp_path / "other.py").write_text(source)
    run = run_on(tmp_path, source)
    assert [item.site.path for item in run.rewritten] == ["app.py", "other.py"]


@pytest.mark.parametrize("name", [name for name in REWRITTEN if "{read}" in REWRITTEN[name][0]])
def test_no_other_branch_is_taken_where_the_secret_is_set(name: str) -> None:
    """Run both versions with every mix of the other settings, and compare what they do."""
    before, after = REWRITTEN[name]
    for values in itertools.product(["t", "", None], ["a", "", None]):
        old = _run(BEFORE + before.format(call=OLD, read=READ), values)
        new = _run(BEFORE + after.format(call=OLD, read=READ), values)
        assert old == new, values


def _run(source: str, values: tuple[str | None, ...]) -> str:
    """Execute a program up to its end and say how it ended and whether it made the credential."""
    made: list[str] = []
    names: dict[str, object] = {"T": values[0], "A": values[1], "f": None, "g": print, "logger": _Logger()}
    body = source.replace(BEFORE, "import os\n").replace(OLD, "made.append('x')")
    body += "\nif 'f' in globals() and callable(f):\n    f()\n"
    body = body.replace("DefaultAzureCredential()", "None")
    os.environ["SECRET"] = "set"
    try:
        exec(compile(body, "case", "exec"), {**names, "made": made})  # noqa: S102 - our own text
        ended = "end"
    except (Exception, SystemExit) as error:  # noqa: BLE001 - whichever the case raises
        ended = type(error).__name__
    finally:
        del os.environ["SECRET"]
    return f"{ended} {made}"


class _Logger:
    def warning(self, _text: str) -> None:
        """Say nothing."""
