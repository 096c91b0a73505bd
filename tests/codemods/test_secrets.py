"""Half a rewrite is a defect: what the secret comes from must go, or the site stays."""

from pathlib import Path

import pytest

from codemods.model import Changed
from tests.codemods.cases import APP, Case, cases_of, check_noop, check_transformed, run_on

HEAD = "import os\nfrom azure.identity import ClientSecretCredential\n"


@pytest.mark.parametrize("case", cases_of("secrets_rewritten"))
def test_the_secret_is_gone(tmp_path: Path, case: Case) -> None:
    check_transformed(tmp_path, case.before, case.after)


@pytest.mark.parametrize("case", cases_of("secrets_reported"))
def test_the_site_stays(tmp_path: Path, case: Case) -> None:
    check_noop(tmp_path, case.before, *case.reasons)


def test_one_site_that_stays_keeps_the_others_of_its_application(tmp_path: Path) -> None:
    source = HEAD + "c = ClientSecretCredential(T, A, os.environ['S'])\nd = ClientSecretCredential(**cfg)\n"
    run = check_noop(tmp_path, source, "other-site-blocks", "hidden-in-kwargs")
    assert run.reported[0].detail == "line 4: hidden-in-kwargs"


def test_a_class_that_names_no_application_keeps_all_of_the_file(tmp_path: Path) -> None:
    source = HEAD + f"c = ClientSecretCredential(T, '{APP}', os.environ['S'])\nmake = ClientSecretCredential\n"
    check_noop(tmp_path, source, "other-site-blocks", "class-as-value", app=None)


def test_a_shared_secret_keeps_both_sites(tmp_path: Path) -> None:
    source = (
        HEAD
        + "SECRET = os.environ['S']\n"
        + "c = ClientSecretCredential(T, '11111111-1111-4111-8111-111111111111', SECRET)\n"
        + "d = ClientSecretCredential(T, '22222222-2222-4222-8222-222222222222', SECRET)\n"
    )
    check_noop(tmp_path, source, "secret-used-elsewhere", "not-in-plan")


def test_a_raw_request_with_the_same_secret_keeps_the_site(tmp_path: Path) -> None:
    source = (
        HEAD
        + "URL = 'https://login.microsoftonline.com/t/oauth2/v2.0/token'\n"
        + "c = ClientSecretCredential(T, A, os.environ['S'])\n"
        + "requests.post(URL, data={'grant_type': 'x', 'client_id': A, 'client_secret': os.environ['S']})\n"
    )
    check_noop(tmp_path, source, "secret-used-elsewhere", "raw-http")


def test_other_applications_of_a_file_do_not_block(tmp_path: Path) -> None:
    source = (
        HEAD
        + f"c = ClientSecretCredential(T, '{APP}', os.environ['S'])\n"
        + "d = ClientSecretCredential(T, '22222222-2222-4222-8222-222222222222', os.environ['S2'])\n"
    )
    run = run_on(tmp_path, source)
    assert [item.site.line for item in run.rewritten] == [3]
    assert [(item.site.line, item.reason.value) for item in run.reported] == [(4, "not-in-plan")]
    assert (tmp_path / "app.py").read_text() == (
        "import os\nfrom azure.identity import ClientAssertionCredential, ClientSecretCredential\n"
        "from entra_fic import managed_identity_assertion\n"
        f"c = ClientAssertionCredential(T, '{APP}', managed_identity_assertion)\n"
        "d = ClientSecretCredential(T, '22222222-2222-4222-8222-222222222222', os.environ['S2'])\n"
    )


def test_a_removed_call_is_noted(tmp_path: Path) -> None:
    run = run_on(tmp_path, HEAD + "c = ClientSecretCredential(T, A, vault.get_secret('s').value)\n")
    assert run.rewritten[0].note == "the call of get_secret() that gave the secret is gone"
    assert run.rewritten[0].site.secret_source == "result of get_secret()"


LITERALS = {
    "default of an entry": "cfg = {'secret': ''}\n"
    "c = ClientSecretCredential(T, A, cfg.get('secret', 'hunter2-hunter2'))\n",
    "default of an attribute": "class cfg:\n    secret = ''\n"
    "c = ClientSecretCredential(T, A, getattr(cfg, 'secret', 'hunter2-hunter2'))\n",
    "f-string": "c = ClientSecretCredential(T, A, f'hunter2-hunter2')\n",
    "inside an f-string": "c = ClientSecretCredential(T, A, f'é{\"hunter2-hunter2\"}')\n",
    "argument": """\
c = ClientSecretCredential(T, A, 'hunter2-hunter2')
""",
    "name": """\
SECRET = 'hunter2-hunter2'
c = ClientSecretCredential(T, A, SECRET)
""",
    "default": """\
SECRET = os.getenv('S', 'hunter2-hunter2')
c = ClientSecretCredential(T, A, SECRET)
""",
    "several lines": """\
c = ClientSecretCredential(T, A, '''hunter2-hunter2
hunter2-hunter2''')
""",
    "in a comment as well": """\
# hunter2-hunter2
c = ClientSecretCredential(T, A, 'hunter2-hunter2')
""",
    "shape of a secret in a comment": """\
# abc8Q~hunter2-hunter2hunter2hunter2hunter2hu
c = ClientSecretCredential(T, A, os.environ['S'])
""",
}


@pytest.mark.parametrize("form", LITERALS)
def test_a_literal_secret_is_never_printed(tmp_path: Path, form: str) -> None:
    run = run_on(tmp_path, HEAD + LITERALS[form])
    (changed,) = (file for file in run.files if isinstance(file, Changed))
    assert changed.masked
    assert changed.diff.startswith("# app.py: literal secrets are masked in this diff")
    assert "hunter2" not in repr(run)
    assert "managed_identity_assertion" in (tmp_path / "app.py").read_text()
    assert run.rewritten[0].site.literal_secret is (form != "shape of a secret in a comment")


@pytest.mark.parametrize(
    ("arguments", "shown"),
    [
        ("'azure', 'client_secret'", "config['azure/client_secret']"),
        ("'X', 'hunter2-hunter2'", "config['X/...']"),
        ("'X', 'letmein'", "config['X/...']"),
    ],
)
def test_what_may_be_a_default_is_not_shown_as_a_name(tmp_path: Path, arguments: str, shown: str) -> None:
    """``get`` of a mapping takes a default where that of configparser takes an option; only one of them is a secret."""
    run = run_on(tmp_path, HEAD + f"c = ClientSecretCredential(T, A, config.get({arguments}))\n")
    (item,) = run.reported
    assert item.site.secret_source == shown
    assert item.detail == f"where {shown} is defined cannot be seen"


def test_a_function_that_gives_several_things_is_named(tmp_path: Path) -> None:
    source = HEAD + "def load():\n    return os.environ['T'], os.environ['SHOP_SECRET']\ntenant, secret = load()\n"
    (item,) = run_on(tmp_path, source + "c = ClientSecretCredential(tenant, A, secret)\n").reported
    assert (item.reason.value, item.detail) == ("dynamic-secret", "secret is one of several things that load() gives")
    assert item.site.secret_source == "name secret, os.environ['SHOP_SECRET']"
