"""A floor is raised where it can be, every other byte stays, and what cannot be raised keeps the code as it is."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.requirements import Requirement as Parsed
from packaging.version import Version

from codemods.engine.run import rewrite
from codemods.floors.formats import format_of
from codemods.floors.judge import judge
from codemods.model import ReasonCode, Request, Run
from codemods.requirement import RequirementStatus
from tests.codemods.cases import APP, TARGETS, contents

SITE = f"""import os
from azure.identity import ClientSecretCredential
c = ClientSecretCredential('t', '{APP}', os.environ['S'])
"""
PROJECT = '[project]\nname = "x"\ndependencies = [\n  "flask",  # web\n  "{}",\n]\n'


def raised(name: str, text: str) -> str | None:
    form = format_of(name)
    assert form is not None
    return judge({name: (form, text)}).files[name].new


def statuses(name: str, text: str) -> list[str]:
    form = format_of(name)
    assert form is not None
    return [each.status.value for each in judge({name: (form, text)}).files[name].requirements]


@pytest.mark.parametrize(
    ("name", "before", "after"),
    [
        ("requirements.txt", "azure-identity\n", "azure-identity>=1.17.0\n"),
        ("requirements.txt", "azure-identity>=1.10  # why\r\nflask\r\n", "azure-identity>=1.17.0  # why\r\nflask\r\n"),
        ("requirements/dev.txt", "azure_identity[x] >= 1.5 , <2", "azure_identity[x] >= 1.17.0 , <2"),
        ("requirements.in", "Azure.Identity~=1.5; python_version<'4'", "Azure.Identity~=1.17; python_version<'4'"),
        ("requirements.txt", "azure-identity<2\n", "azure-identity>=1.17.0,<2\n"),
        ("requirements.txt", "msal\n", "azure-identity>=1.17.0\nmsal>=1.23.0\n"),
        (
            "requirements.txt",
            "# web\nrequests==2.31\nflask\n",
            "# web\nazure-identity>=1.17.0\nrequests==2.31\nflask\n",
        ),
        (
            "pyproject.toml",
            "[project]\ndependencies = ['requests']\n[dependency-groups]\ndev = ['pytest']\n",
            "[project]\ndependencies = ['azure-identity>=1.17.0', 'requests']\n[dependency-groups]\ndev = ['pytest']\n",
        ),
        (
            "pyproject.toml",
            "[tool.poetry.dependencies]\npython = '^3.11'\n",
            "[tool.poetry.dependencies]\nazure-identity = \">=1.17.0\"\npython = '^3.11'\n",
        ),
        ("requirements.txt", "azure-identity-broker==1.0", "azure-identity>=1.17.0\nazure-identity-broker==1.0"),
        ("Pipfile", '[packages]\nflask = "*"\n', '[packages]\nazure-identity = ">=1.17.0"\nflask = "*"\n'),
        ("pyproject.toml", PROJECT.format("azure-identity>=1.5"), PROJECT.format("azure-identity>=1.17.0")),
        (
            "pyproject.toml",
            "[dependency-groups]\na = ['msal>=1.30']\n",
            "[dependency-groups]\na = ['azure-identity>=1.17.0', 'msal>=1.30']\n",
        ),
        (
            "pyproject.toml",
            "[tool.poetry.dependencies]\nazure-identity = '^1.5' # x\n",
            "[tool.poetry.dependencies]\nazure-identity = '^1.17.0' # x\n",
        ),
        (
            "pyproject.toml",
            "[tool.uv]\ndev-dependencies = ['azure-identity']\n",
            "[tool.uv]\ndev-dependencies = ['azure-identity>=1.17.0']\n",
        ),
        (
            "setup.cfg",
            "[options]\ninstall_requires =\n  azure-identity>1.2\n",
            "[options]\ninstall_requires =\n  azure-identity>=1.17.0\n",
        ),
        (
            "Pipfile",
            "[packages]\nazure-identity = {version = '*'}\n",
            "[packages]\nazure-identity = {version = '>=1.17.0'}\n",
        ),
        (
            "environment.yml",
            "dependencies:\n  - pip:\n    - azure-identity>=1.2 # x\n",
            "dependencies:\n  - pip:\n    - azure-identity>=1.17.0 # x\n",
        ),
    ],
)
def test_a_floor_is_raised(name: str, before: str, after: str) -> None:
    assert raised(name, before) == after
    assert raised(name, after) is None
    assert set(statuses(name, after)) == {"sufficient"}


@pytest.mark.parametrize(
    ("name", "text", "status"),
    [
        ("requirements.txt", "azure-identity==1.12.0\n", "too-old"),
        ("requirements.txt", "azure-identity<1.16\n", "too-old"),
        ("requirements.txt", "azure-identity~=1.12.0\n", "too-old"),
        ("requirements.txt", "azure-identity @ https://host/x.whl\n", "too-old"),
        ("requirements.txt", "azure-identity>=1.2 \\\n    --hash=sha256:00\n", "too-old"),
        ("requirements.txt", "azure-identity==1.19.0 \\\n    --hash=sha256:00\n", "sufficient"),
        ("constraints.txt", "azure-identity===1.17.0\n", "sufficient"),
        ("pyproject.toml", "[project]\nkeywords=['msal']\ndependencies=['msal']\n", "too-old"),
        ("pyproject.toml", "[tool.poetry.dependencies]\nazure-identity = '1.12'\n", "too-old"),
        ("pyproject.toml", "[tool.poetry.dependencies]\nazure-identity = '~1.12'\n", "too-old"),
        ("pyproject.toml", "[tool.poetry.dependencies]\nazure-identity = {git = 'x'}\n", "too-old"),
        ("pyproject.toml", "[project\n", "unreadable"),
        ("setup.cfg", "no section\n", "unreadable"),
        ("setup.py", "setup(install_requires=['azure-identity'])\n", "too-old"),
        ("setup.py", "print 'x'\n", "unreadable"),
        ("Pipfile", "[packages]\nazure-identity = '==1.2'\n", "too-old"),
        ("Pipfile.lock", '{"default": {"azure-identity": {"version": "==1.12.0"}}}', "too-old"),
        ("Pipfile.lock", "{", "unreadable"),
        ("poetry.lock", "[[package]]\nname = 'azure-identity'\nversion = '1.12.0'\n", "too-old"),
        ("uv.lock", "[[package]]\nname = 'azure-identity'\nversion = '1.25.0'\n", "sufficient"),
        ("environment.yml", "dependencies:\n  - azure-identity=1.12\n", "too-old"),
        ("blocks/environment.yml", "dependencies:\n  - azure-identity=1.12\n", "too-old"),
        ("environment.yml", "dependencies:\n  - conda-forge::azure-identity=1.19.*\n", "sufficient"),
    ],
)
def test_what_cannot_be_raised_is_told(name: str, text: str, status: str) -> None:
    assert raised(name, text) is None
    assert statuses(name, text)[0] == status


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("requirements.txt", "# azure-identity==1.2\n-r base.txt\n--index-url x\n"),
        ("pyproject.toml", "[project]\nkeywords = ['azure-identity']\n# 'msal'\n"),
        ("setup.cfg", "[metadata]\nkeywords =\n  msal\n"),
        ("setup.cfg", "[options]\ninstall_requires =\n  flask\n"),
        ("Pipfile", "[requires]\nmsal = '1'\n"),
        ("environment.yml", "name: msal\n# - msal\n"),
    ],
)
def test_what_declares_nothing_is_left(name: str, text: str) -> None:
    assert raised(name, text) is None
    assert not statuses(name, text)


def test_an_addition_needs_one_obvious_place() -> None:
    assert statuses("requirements.txt", "msal\nmsal; python_version<'3'\n") == ["raised", "raised", "too-old"]


@given(
    before=st.text(st.characters(codec="ascii", exclude_characters="\r\n"), max_size=20),
    spaces=st.sampled_from(["", " ", "\t "]),
    low=st.integers(0, 16),
    upper=st.sampled_from(["", ",<2", " , <3", ",!=1.14.1"]),
    marker=st.sampled_from(["", "; python_version < '3.9'", " ;sys_platform=='linux'"]),
    end=st.sampled_from(["\n", "\r\n", "  # note\n"]),
)
def test_every_other_byte_stays_and_packaging_reads_what_was_meant(
    *, before: str, spaces: str, low: int, upper: str, marker: str, end: str
) -> None:
    head, old = f"#{before}\n{spaces}azure-identity", f">=1.{low}"
    new = raised("requirements.txt", f"{head}{old}{upper}{marker}{end}")
    assert new == f"{head}>=1.17.0{upper}{marker}{end}"
    read = Parsed(new.split("\n")[1].partition("#")[0].strip())
    assert Version("1.17.0") in read.specifier
    assert Version("1.16.9") not in read.specifier


def run_in(folder: Path, *, apply: bool = True, **files: str) -> Run:
    for name, text in {"app_py": SITE, **files}.items():
        (folder / name.replace("_", ".")).write_bytes(text.encode())
    return rewrite(Request(paths=(folder,), targets=TARGETS, app=APP, apply=apply))


def test_the_floor_is_written_with_the_code_and_a_second_run_does_nothing(tmp_path: Path) -> None:
    dry = run_in(tmp_path, apply=False, requirements_txt="\ufeffazure-identity\r\n")
    assert "+azure-identity>=1.17.0" in dry.diff.replace("\ufeff", "")
    assert not dry.requirements[0].written
    run = run_in(tmp_path)
    assert run.rewritten
    assert [each.written for each in run.requirements] == [True]
    assert (tmp_path / "requirements.txt").read_bytes() == "\ufeffazure-identity>=1.17.0\r\n".encode()
    before = contents(tmp_path)
    again = rewrite(Request(paths=(tmp_path,), targets=TARGETS, app=APP, apply=True))
    assert not again.requirements
    assert contents(tmp_path) == before


def test_an_include_counts(tmp_path: Path) -> None:
    (tmp_path / "base").mkdir()
    (tmp_path / "base" / "pins.txt").write_text("azure-identity==1.12\n")
    run = run_in(tmp_path, requirements_txt="-r base/pins.txt\nflask\n")
    assert [(item.reason, "base/pins.txt:1" in item.detail) for item in run.reported] == [
        (ReasonCode.VERSION_FLOOR, True)
    ]
    assert [each.status for file in run.requirements for each in file.requirements] == [RequirementStatus.TOO_OLD]


def test_code_stays_when_its_floor_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text("azure-identity\n")
    (tmp_path / "requirements.txt").chmod(0o444)
    run = run_in(tmp_path)
    assert [item.path for item in run.failed] == ["app.py"]
    assert (tmp_path / "app.py").read_text() == SITE


def test_a_hostile_file_is_told_and_stops_nothing(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_bytes(b"\xff\xfe\0azure-identity")
    (tmp_path / "setup.cfg").symlink_to("/nowhere")
    run = run_in(tmp_path, pyproject_toml="[[", poetry_lock="\0")
    told = {file.path: file.requirements[0].status for file in run.requirements}
    assert set(told) == {"pyproject.toml", "requirements.txt", "poetry.lock"}
    assert set(told.values()) == {RequirementStatus.UNREADABLE}


def test_credentials_of_an_index_are_not_printed(tmp_path: Path) -> None:
    run = run_in(tmp_path, apply=False, requirements_txt="--index-url https://me:hunter2@host/\nazure-identity\n")
    assert "hunter2" not in run.diff
    assert "+azure-identity>=1.17.0" in run.diff


@pytest.mark.parametrize(
    "files",
    [
        {"requirements.txt": "flask --hash=sha256:aa\n"},
        {"web/requirements-web.txt": "flask\n", "job/requirements-job.txt": "celery\n"},
        {"pyproject.toml": "[project]\ndependencies = ['flask']\n", "requirements.txt": "flask\n"},
    ],
)
def test_what_nothing_declares_and_no_single_place_could_is_told(files: dict[str, str]) -> None:
    judged = judge({name: (format_of(name), text) for name, text in files.items()})  # type: ignore[misc]
    assert judged.obstacle is None
    assert [each.new for each in judged.files.values()] == [None] * len(files)
    (one,) = (each for file in judged.files.values() for each in file.requirements)
    assert one.status is RequirementStatus.UNDECLARED
    assert one.why


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("requirements-dev.txt", "pytest\n"),
        ("constraints.txt", "flask<4\n"),
        ("pyproject.toml", "[tool.ruff]\nline-length = 99\n[dependency-groups]\ndev = ['pytest']\n"),
        ("poetry.lock", '[[package]]\nname = "flask"\nversion = "3"\n'),
    ],
)
def test_files_of_developers_are_no_place_to_declare_it(name: str, text: str) -> None:
    assert raised(name, text) is None
    assert not statuses(name, text)


def test_a_request_of_a_project_without_azure_brings_what_it_needs(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text("requests\n")
    (tmp_path / "app.py").write_text(
        "import os\nimport requests\nU = 'https://login.microsoftonline.com/contoso.onmicrosoft.com/oauth2/token'\n"
        "r = requests.post(U, data={'client_id': os.environ['C'], 'client_secret': os.environ['S']})\n"
    )
    run = rewrite(Request(paths=(tmp_path,), targets=TARGETS, app=APP, apply=True))
    assert run.rewritten
    assert (tmp_path / "requirements.txt").read_text() == "azure-identity>=1.17.0\nrequests\n"


@pytest.mark.parametrize("folder", ["contest", "devices", "docs-api"])
def test_the_name_of_a_folder_does_not_say_whose_a_file_is(folder: str) -> None:
    assert statuses(f"{folder}/requirements.txt", "requests\n") == ["added"]


@pytest.mark.parametrize(
    ("files", "why"),
    [
        ({"setup.py": "setup(install_requires=['msal'])\n"}, "setup.py is a program: raise it by hand"),
        (
            {
                "pyproject.toml": "[project]\ndependencies = ['msal>=1.28']\n",
                "uv.lock": '[[package]]\nname = "msal"\nversion = "1.30.0"\n',
            },
            "uv.lock would not install it",
        ),
        ({"a-requirements.txt": "msal>=1.28\n", "b-requirements.txt": "msal>=1.28\n"}, "more than one place could"),
    ],
)
def test_what_keeps_a_package_from_being_added_is_told(files: dict[str, str], why: str) -> None:
    forms = {name: format_of(name) for name in files}
    judged = judge({name: (form, files[name]) for name, form in forms.items() if form is not None})
    told = [each for file in judged.files.values() for each in file.requirements if each.package == "azure-identity"]
    assert [each.status for each in told] == [RequirementStatus.TOO_OLD]
    assert why in told[0].why
