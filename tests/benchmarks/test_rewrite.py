"""What a rewrite costs in processor time against ripgrep and one rule of ruff, on a tree of real packages.

``pytest -m bench -n0 -s tests/benchmarks/test_rewrite.py`` prints the figures; nothing is asserted about time. The
packages are downloaded once, into a folder of the temporary folder. Process start is included; medians of alternating
runs.
"""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path

import pytest

from codemods.transforms import load

LAUNCHER = Path(__file__).parents[2] / "unsecret.py"
CACHE = Path(tempfile.gettempdir()) / "unsecret-benchmark-packages"
PACKAGES = (
    "msal", "azure-cli", "azureml-core", "apache-airflow-providers-microsoft-azure", "mlflow", "prefect", "dbt-core",
    "langchain-community", "llama-index-core", "azure-mgmt-network", "azure-mgmt-compute", "azure-mgmt-web", "ansible",
    "sympy", "django", "scipy", "pandas", "transformers", "botocore", "kubernetes", "msgraph-sdk", "sentry-sdk",
    "google-cloud-aiplatform",
)  # fmt: skip
RUNS = 3

pytestmark = pytest.mark.bench


def _unpacked() -> Path:
    tree = CACHE / "tree"
    if not tree.exists():
        downloads = CACHE / "downloads"
        command = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--prefer-binary", "-d", str(downloads)]
        subprocess.run([*command, *PACKAGES], check=True)
        partial = CACHE / "partial"
        for archive in sorted(downloads.iterdir()):
            folder = partial / archive.name.partition("-")[0]
            if archive.suffix == ".whl":
                with zipfile.ZipFile(archive) as wheel:
                    wheel.extractall(folder, [name for name in wheel.namelist() if name.endswith(".py")])  # noqa: S202 - wheels of known packages
            else:
                with tarfile.open(archive) as source:
                    source.extractall(folder, filter="data")
        partial.rename(tree)
    return tree


@pytest.fixture(scope="module")
def plain() -> Path:
    return _unpacked()


@pytest.fixture(scope="module")
def in_git(plain: Path) -> Path:
    tree = CACHE / "git"
    if not (tree / ".git").exists():
        shutil.copytree(plain, tree, dirs_exist_ok=True)
        who = ("-c", "user.name=benchmark", "-c", "user.email=benchmark@example.com", "-c", "commit.gpgsign=false")
        for arguments in (("init", "-q"), ("add", "-A"), (*who, "commit", "-qm", "packages")):
            command = ["git", "-C", str(tree), *arguments]
            subprocess.run(command, check=True)
    return tree


def cost(command: list[str], folder: Path) -> tuple[float, int]:
    """Give the processor seconds of a process and of those it waited for, and the MiB the largest of them held."""
    with subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode in (0, 1), f"{command[0]} ended with {process.returncode}"
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss // 1024


@pytest.mark.parametrize("kind", ["in_git", "plain"])
def test_a_rewrite_against_ripgrep_and_ruff(kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    ripgrep = shutil.which("rg")
    if ripgrep is None:
        pytest.skip("ripgrep is not installed: apt-get install ripgrep")
    tree: Path = request.getfixturevalue(kind)
    literals = tmp_path / "literals"
    literals.write_bytes(b"\n".join(sorted({literal for each in load() for literal in each.literals})) + b"\n")
    start = [sys.executable, "-P", str(LAUNCHER), "rewrite", ".", "--format", "json"]
    commands = {
        "rg -l, the same literals": [ripgrep, "-lF", "-f", str(literals), "-t", "py", "."],
        "ruff, one rule": [sys.executable, "-m", "ruff", "check", "--isolated", "--no-cache", "--exit-zero",
                           "--select", "F401", "-q", "."],
        "unsecret rewrite --check": [*start, "--check"],
        "unsecret rewrite": [*start, "--app", f"{1:08x}-0000-4000-8000-000000000000", "--identity",
                             f"{2:08x}-0000-4000-8000-000000000000"],
    }  # fmt: skip
    taken: dict[str, list[tuple[float, int]]] = {name: [] for name in commands}
    for _ in range(RUNS):
        for name, command in commands.items():
            taken[name].append(cost(command, tree))
    print(f"\n{kind}: {sum(1 for _ in tree.rglob('*.py'))} files")
    unit = statistics.median(seconds for seconds, _ in taken["rg -l, the same literals"])
    for name, values in taken.items():
        seconds, memory = statistics.median(each for each, _ in values), max(each for _, each in values)
        print(f"{name}: {seconds:.1f} s of processor time, {seconds / unit:.1f} x rg, {memory} MiB")
