"""What a rewrite costs in processor time against ripgrep, ruff, ast-grep and LibCST, on a tree of real packages.

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
from tests.benchmarks.rewritable import lay

LAUNCHER = Path(__file__).parents[2] / "unsecret.py"
CACHE = Path(tempfile.gettempdir()) / "unsecret-benchmark-packages"
PACKAGES = (
    "homeassistant==2024.3.3", "azure-cli==2.91.0", "azure-identity==1.27.0",
    "apache-airflow-providers-microsoft-azure==15.2.1", "transformers==5.24.0", "ray==2.60.0", "prowler==5.46.0",
    "msal==1.39.0", "adlfs==2026.8.0", "azure-ai-ml==1.35.2", "azure-cosmos==4.17.1", "dagster-azure==0.29.27",
    "prefect-azure==0.4.13", "scipy==1.17.1", "django==5.2.19", "sympy==1.14.0",
)  # fmt: skip
SIZES = (5_000, 20_000, 80_000)
SAMPLE = 12
"""Candidates that LibCST resolves; its cost is given for as many bytes as all candidates have."""
APPLICATION = (
    "--app", f"{1:08x}-0000-4000-8000-000000000000", "--identity", f"{2:08x}-0000-4000-8000-000000000000",
    "--include-tests",
)  # fmt: skip
LISTING = """
import sys
sys.path.insert(0, sys.argv[1])
from pathlib import Path
from codemods.engine.listing import list_files
from codemods.engine.source import read
from codemods.engine.texts import Texts
search = Texts(Path(sys.argv[2]).read_bytes().splitlines())
print(sum(search.occur_in(read(text)) for text in list_files([Path()]).files.texts))
"""
RESOLVING = """
import sys
from pathlib import Path
import libcst
from libcst.metadata import MetadataWrapper, QualifiedNameProvider
class Resolving(libcst.CSTTransformer):
    METADATA_DEPENDENCIES = (QualifiedNameProvider,)
    def leave_Call(self, original_node, updated_node):
        self.get_metadata(QualifiedNameProvider, original_node.func, None)
        return updated_node
for name in sys.argv[1:]:
    assert MetadataWrapper(libcst.parse_module(Path(name).read_bytes())).visit(Resolving()).code
"""
RUNS = 3

pytestmark = [pytest.mark.bench, pytest.mark.timeout(3600)]


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


@pytest.fixture(scope="module")
def with_sites(plain: Path) -> Path:
    """Add 200 files that can be rewritten, and leave out packages that ask what class such a credential has."""
    tree = CACHE / "edits"
    if not tree.exists():
        partial = CACHE / "edits-partial"
        shutil.rmtree(partial, ignore_errors=True)
        shutil.copytree(plain.resolve(), partial, ignore=shutil.ignore_patterns("msal", "prowler", "azure_identity"))
        lay(partial / "services", 200, APPLICATION[1])
        partial.rename(tree)
    return tree


def test_the_cost_of_edits(with_sites: Path) -> None:
    ruff = [sys.executable, "-m", "ruff", "check", "--isolated", "--no-cache", "--exit-zero", "-q", "--select", "F401"]
    found = _alternating({"ruff": [*ruff, "."], "rewrite": _rewrite(*APPLICATION)}, with_sites)
    (reference, _), (seconds, memory) = found["ruff"], found["rewrite"]
    print(f"\n200 files rewritten: {seconds:.1f} s, {seconds / reference:.2f} x ruff (goal 0.6), at most {memory} MiB")


def cost(command: list[str], folder: Path) -> tuple[float, int]:
    """Give the processor seconds of a process and of those it waited for, and the MiB the largest of them held."""
    with subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode in (0, 1), f"{command[0]} ended with {process.returncode}"
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss // 1024


def _literals(folder: Path) -> Path:
    path = folder / "literals"
    path.write_bytes(b"\n".join(sorted({literal for each in load() for literal in each.literals})) + b"\n")
    return path


def _ripgrep() -> str:
    found = shutil.which("rg")
    if found is None:
        pytest.skip("ripgrep is not installed: apt-get install ripgrep")
    return found


def _rewrite(*options: str) -> list[str]:
    return [sys.executable, "-P", str(LAUNCHER), "rewrite", ".", "--format", "json", *options]


def _alternating(commands: dict[str, list[str]], tree: Path) -> dict[str, tuple[float, int]]:
    """Give the median of the processor seconds, and the most MiB, of commands that take turns."""
    taken: dict[str, list[tuple[float, int]]] = {name: [] for name in commands}
    for _ in range(RUNS):
        for name, command in commands.items():
            taken[name].append(cost(command, tree))
    return {
        name: (statistics.median(seconds for seconds, _ in values), max(memory for _, memory in values))
        for name, values in taken.items()
    }


@pytest.mark.parametrize("kind", ["in_git", "plain"])
def test_a_rewrite_against_ripgrep_ruff_and_ast_grep(kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    ripgrep, literals = _ripgrep(), _literals(tmp_path)
    tree: Path = request.getfixturevalue(kind)
    ruff = [sys.executable, "-m", "ruff", "check", "--isolated", "--no-cache", "--exit-zero", "-q", "--select", "F401"]
    commands = {
        "rg": [ripgrep, "-lF", "-f", str(literals), "-t", "py", "."],
        "ruff": [*ruff, "."],
        "listing": [sys.executable, "-c", LISTING, str(LAUNCHER.parent), str(literals)],
        "check": _rewrite("--check"),
        "scan": _rewrite(),
        "rewrite": _rewrite(*APPLICATION),
    }
    if (ast_grep := shutil.which("ast-grep")) is not None:
        commands["ast-grep"] = [ast_grep, "run", "--lang", "python", "--pattern", "ClientSecretCredential($$$)", "."]
    found = _alternating(commands, tree)
    print(f"\n{kind}: {sum(1 for _ in tree.rglob('*.py'))} files")
    for name, (seconds, memory) in found.items():
        ratios = [f"{seconds / found[to][0]:.2f} x {to}" for to in ("rg", "ruff", "ast-grep") if to in found]
        print(f"{name}: {seconds:.2f} s of processor time, {', '.join(ratios)}, at most {memory} MiB")
    if ast_grep is None:
        print("ast-grep is not installed: pip install ast-grep-cli")
    print(
        "goals: listing 1.5 x rg in git and 2 x elsewhere; scan 4 x rg, 0.3 x ruff, 0.05 x ast-grep; "
        "rewrite 0.6 x ruff; 200 MiB"
    )


def test_a_rewrite_against_libcst_on_the_candidates(plain: Path, tmp_path: Path) -> None:
    named = subprocess.run(
        [_ripgrep(), "-lF", "-f", str(_literals(tmp_path)), "-t", "py", "--sort", "path", "."],
        cwd=plain, capture_output=True, text=True, check=True,
    ).stdout.splitlines()  # fmt: skip
    only = tmp_path / "only"
    for name in named:
        (only / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(plain / name, only / name)
    sample = [name for name in named if (only / name).stat().st_size < 60_000][:: max(1, len(named) // SAMPLE)]
    share = sum((only / name).stat().st_size for name in sample) / sum((only / name).stat().st_size for name in named)
    ours, _ = cost(_rewrite(*APPLICATION), only)
    libcst, _ = cost([sys.executable, "-c", RESOLVING, *sample], only)
    print(
        f"\n{len(named)} candidates: rewrite {ours:.1f} s; libcst with QualifiedNameProvider {libcst:.1f} s for "
        f"{len(sample)} of them, {share:.1%} of their bytes, so {libcst / share:.0f} s for all: "
        f"{libcst / share / ours:.0f} x (goal 40 x)"
    )


@pytest.mark.parametrize("count", SIZES)
def test_the_cost_grows_with_the_tree(count: int, plain: Path, tmp_path: Path) -> None:
    """Files are drawn evenly; more than there are stand in copies of the tree, as links to the same bytes."""
    files = sorted(plain.rglob("*.py"))
    for number in range(count):
        copy, place = divmod(number * max(1, len(files) // count), len(files))
        target = tmp_path / f"copy{copy}" / files[place].relative_to(plain)
        target.parent.mkdir(parents=True, exist_ok=True)
        os.link(files[place], target)
    seconds, memory = cost(_rewrite(), tmp_path)
    size = sum(path.stat().st_size for path in tmp_path.rglob("*.py"))
    print(
        f"\n{count} files, {size / 1e6:.0f} MB: {seconds:.1f} s, {seconds / size * 1e8:.1f} s for 100 MB, "
        f"at most {memory} MiB"
    )
