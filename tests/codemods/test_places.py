"""Where the helper stands, as the imports around a file show it."""

from pathlib import Path

import pytest

from tests.codemods.cases import APP, check_second_run, run_on

SITE = (
    "import os\nfrom azure.identity import ClientSecretCredential\n"
    f"c = ClientSecretCredential(T, '{APP}', os.environ['S'])\n"
)
PLACES = {
    "package run as scripts": (
        {"src/__init__.py": "", "src/utils.py": "X = 1\n"},
        ("src/main.py", "from utils import X\n"),
        ("src/entra_fic.py", "entra_fic"),
    ),
    "package with plain and full imports": (
        {"src/__init__.py": "", "src/utils.py": "X = 1\n", "use.py": "import src.main\n"},
        ("src/main.py", "from utils import X\n"),
        None,
    ),
    "package of scripts, seen at a neighbour": (
        {"src/__init__.py": "", "src/utils.py": "X = 1\n", "src/other.py": "import utils\n"},
        ("src/main.py", ""),
        ("src/entra_fic.py", "entra_fic"),
    ),
    "folder that others import through": (
        {"fa/function_app.py": "from shared.auth import c\n"},
        ("fa/shared/auth.py", ""),
        ("fa/shared/entra_fic.py", "shared.entra_fic"),
    ),
    "folder that is imported whole": (
        {"proj/main.py": "import app.a\n"},
        ("proj/app/a.py", ""),
        ("proj/app/entra_fic.py", "app.entra_fic"),
    ),
    "folder that is imported under two names": (
        {"proj/main.py": "import app.a\n", "proj/app/run.py": "import a\n"},
        ("proj/app/a.py", ""),
        None,
    ),
    "package imported from its inside": (
        {"shop/__init__.py": "", "shop/auth/__init__.py": "", "shop/main.py": "from auth.login import c\n"},
        ("shop/auth/login.py", ""),
        ("shop/auth/entra_fic.py", "auth.entra_fic"),
    ),
    "package with consistent imports": (
        {"shop/__init__.py": "", "shop/db.py": "", "main.py": "from shop.login import c\n"},
        ("shop/login.py", "from shop import db\n"),
        ("shop/entra_fic.py", "shop.entra_fic"),
    ),
    "folder whose neighbour imports it as a part of a package": (
        {"api/main.py": "from .auth import c\n"},
        ("api/auth.py", ""),
        ("api/entra_fic.py", "api.entra_fic"),
    ),
    "folder whose neighbour imports it both ways": (
        {"api/main.py": "try:\n    from .auth import c\nexcept ImportError:\n    from auth import c\n"},
        ("api/auth.py", ""),
        None,
    ),
    "folder that a command starts as a module": (
        {"Dockerfile": 'FROM python\nCMD ["uvicorn", "api.main:app"]\n'},
        ("api/main.py", ""),
        ("api/entra_fic.py", "api.entra_fic"),
    ),
    "folder that a command starts by -m": (
        {"docker-compose.yml": "services:\n  web:\n    command: python -m jobs.daily\n"},
        ("jobs/daily.py", ""),
        ("jobs/entra_fic.py", "jobs.entra_fic"),
    ),
    "folder that a command starts from inside": (
        {"Procfile": "web: cd api && uvicorn main:app\n"},
        ("api/main.py", ""),
        ("api/entra_fic.py", "entra_fic"),
    ),
    "module of the standard library beside it": (
        {"shop/__init__.py": "", "shop/logging.py": ""},
        ("shop/login.py", "import logging\n"),
        ("shop/entra_fic.py", "shop.entra_fic"),
    ),
}


@pytest.mark.parametrize("case", PLACES)
def test_the_helper_stands_where_it_can_be_imported(tmp_path: Path, case: str) -> None:
    files, (name, lead), expected = PLACES[case]
    for other, text in files.items():
        (tmp_path / other).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / other).write_text(text)
    run = run_on(tmp_path, lead + SITE, name=name)
    if expected is None:
        text = (tmp_path / name).read_text()
        assert "get_bearer_token_provider(ManagedIdentityCredential(client_id=os.environ[" in text
        assert [(helper.path, helper.diff, helper.variables) for helper in run.helpers] == [
            (name, "", ("MANAGED_IDENTITY_CLIENT_ID",))
        ]
    else:
        assert [helper.path for helper in run.helpers] == [expected[0]]
        assert f"from {expected[1]} import managed_identity_assertion" in (tmp_path / name).read_text()
        check_second_run(tmp_path)
