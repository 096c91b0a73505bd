"""The built wheel, in an environment of its own, inside a repository that has packages of our names."""

from __future__ import annotations

import os
import subprocess
import sys
import venv
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
NAMES = ("inventory", "reports", "migrate", "codemods")

pytestmark = [pytest.mark.packaging, pytest.mark.timeout(900)]


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel, install it with its demo extra, and return the folder of its commands."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "build", "--wheel", "--outdir", str(folder), str(ROOT)]
    subprocess.run(command, check=True, capture_output=True)
    (wheel,) = folder.glob("*.whl")
    environment = folder / "environment"
    venv.create(environment, with_pip=True)
    install = [str(environment / "bin" / "pip"), "install", "--quiet", f"{wheel}[demo]"]
    subprocess.run(install, check=True, capture_output=True)
    return environment / "bin"


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A user's repository whose packages leave a marker when they are imported."""
    for name in NAMES:
        package = tmp_path / name
        package.mkdir()
        marker = f"import pathlib\npathlib.Path({str(tmp_path / 'marker')!r}).write_text({name!r})\n"
        (package / "__init__.py").write_text(marker)
    (tmp_path / "app.py").write_text("print('no secret here')\n")
    return tmp_path


def run(installed: Path, folder: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"} | variables
    command = [str(installed / "unsecret"), *arguments]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("variables", [{}, {"PYTHONPATH": "."}])
def test_packages_of_the_user_are_never_imported(installed: Path, repository: Path, variables: dict[str, str]) -> None:
    explained = ["explain", "guarded-by-secret"]
    for arguments in (["--help"], ["--version"], ["status"], ["rewrite", "."], explained, ["plan", "missing.db"]):
        done = run(installed, repository, *arguments, **variables)
        assert "Traceback" not in done.stderr
        assert done.returncode == (2 if arguments[0] == "plan" else 0), done.stderr
    assert not (repository / "marker").exists()


def test_the_wheel_holds_one_package_and_no_others(installed: Path) -> None:
    (site,) = installed.parent.glob("lib/python*/site-packages")
    assert (site / "unsecret" / "__init__.py").is_file()
    assert not [name for name in (*NAMES, "tests") if (site / name).exists()]


def test_the_demo_runs_from_the_wheel(installed: Path, repository: Path) -> None:
    done = run(installed, repository, "demo", "--out", "out")
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1].endswith("3 of 3 services run on federated credentials")
    assert not (repository / "marker").exists()
