"""Source distributions of real packages, what the rewriter makes of them, and the reviewed table of it.

A distribution is fetched by unearth, which builds nothing, from the index that pip is configured for. Two runs are
counted. ``project``: the whole distribution, as the CLI does it with ``--app``. ``alone``: each file that has a site by
itself and with ``--include-tests``, and where it names an application by a made-up text ("client-id"), with an id in
its place: so files are edited that the project around them would keep from it.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tarfile
import tomllib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from codemods.engine.run import rewrite
from codemods.model import Changed, Failed, ReasonCode, Reported, Request, Rewritten, Run

TABLE = Path(__file__).parents[1] / "codemods" / "packages.toml"
PAGE = Path(__file__).parents[2] / "docs" / "packages.md"
APP = "11111111-1111-4111-8111-111111111111"
_LITERAL = re.compile(r"""(["'])(.+)\1""")
_UNKNOWN = frozenset({ReasonCode.UNKNOWN_APPLICATION, ReasonCode.SEVERAL_APPLICATIONS})
_HEAD = """\
# What real packages look like to the rewriter

Counts over source distributions, as `pytest -m packages` finds them again; a count that changes is read before it is
written down. Libraries take their secret from their callers, so that hardly anything in them is rewritten.
"As a project" is `unsecret rewrite --app ID`. "Each file alone" takes every file with a sign-in out of its project,
includes tests and gives all of it to one application: it exercises the edits, and says nothing about the package.

Each row was judged as a project: every site outside of tests was read for the right outcome and reason, by its line
and, where that does not say enough, in its source. Lines with a secret or a credential class that stand far from all
sites were listed by ripgrep and read for sites that are missed. Every rewrite, alone too, was read as a diff; the other
reasons of files alone were not judged one by one. "Judged" says what came of it: false reports and missed sites are
mended, each with a case, unless it says that they remain.

"""


@dataclass(frozen=True, kw_only=True)
class Package:
    """A pinned distribution and its reviewed counts, by outcome and reason; ``judged`` is what the review said."""

    name: str
    version: str
    project: Mapping[str, int]
    alone: Mapping[str, int]
    judged: str = ""


def table() -> tuple[Package, ...]:
    """Read the table."""
    listed = tomllib.loads(TABLE.read_text("utf-8"))
    return tuple(
        Package(
            name=name,
            version=row["version"],
            project=row.get("project", {}),
            alone=row.get("alone", {}),
            judged=row.get("judged", ""),
        )
        for name, row in listed.items()
    )


def write_down(package: Package) -> None:
    """Put new counts of a package into the table and onto the page, for a person to review."""
    packages = tuple(package if package.name == other.name else other for other in table())
    TABLE.write_text("\n".join(_row(item) for item in packages), "utf-8")
    PAGE.write_text(page(packages), "utf-8")


def _row(package: Package) -> str:
    lines = [f"[{package.name}]", f'version = "{package.version}"']
    for kind in ("project", "alone"):
        counts = getattr(package, kind)
        inside = ", ".join(f"{name} = {counts[name]}" for name in sorted(counts))
        lines.append(f"{kind} = {{ {inside} }}" if inside else f"{kind} = {{}}")
    if package.judged:
        lines.append(f'judged = "{package.judged}"')
    return "\n".join(lines) + "\n"


def page(packages: tuple[Package, ...]) -> str:
    """Write the page of the table."""
    rows = [
        f"| {item.name} {item.version} | {_told(item.project)} | {_told(item.alone)} | {item.judged} |"
        for item in packages
    ]
    total = [sum((Counter(getattr(item, kind)) for item in packages), Counter()) for kind in ("project", "alone")]
    rows.append(f"| all {len(packages)} | {_told(total[0])} | {_told(total[1])} | |")
    return _HEAD + "| package | as a project | each file alone | judged |\n|---|---|---|---|\n" + "\n".join(rows) + "\n"


def _told(counts: Mapping[str, int]) -> str:
    order = sorted(counts, key=lambda name: (name != "rewritten", -counts[name], name))
    return ", ".join(f"{name} {counts[name]}" for name in order) or "nothing"


def fetch(package: Package, folder: Path) -> Path:
    """Get the archive of a distribution into a folder, unless it is there."""
    kept = folder / package.name
    if not list(kept.glob("*.tar.gz")):
        index = os.environ.get("PIP_INDEX_URL") or _configured()
        where = ["--index-url", index] if index else []
        wanted = f"{package.name}=={package.version}"
        command = [sys.executable, "-m", "unearth", wanted, "--no-binary", "--download", str(kept.resolve()), *where]
        subprocess.run(command, check=True, capture_output=True, timeout=600)
    return next(iter(kept.glob("*.tar.gz")))


def _configured() -> str:
    command = [sys.executable, "-m", "pip", "config", "get", "global.index-url"]
    return subprocess.run(command, check=False, capture_output=True, text=True).stdout.strip()


def unpack(archive: Path, folder: Path) -> Path:
    """Unpack an archive as its own project."""
    with tarfile.open(archive) as opened:
        opened.extractall(folder, filter="data")
    return folder


def look(folder: Path) -> tuple[Counter[str], Run]:
    """Rewrite a project as far as it goes; nothing may be left for a second run, and all of it must compile."""
    asked = Request(paths=(folder,), app=APP, apply=True, uncommitted=True)
    return _run(asked)


def look_alone(path: Path, folder: Path) -> Counter[str]:
    """Rewrite one file by itself."""
    folder.mkdir(parents=True)
    copy = folder / f"code_{path.name.removeprefix('test_')}"
    data = path.read_bytes()
    asked = Request(
        paths=(folder,), app=APP, include_tests=True, environment_credential=True, notebooks=True, uncommitted=True
    )
    copy.write_bytes(data)
    for name in _made_up(rewrite(asked)):
        data = data.replace(f'"{name}"'.encode(), f'"{APP}"'.encode()).replace(
            f"'{name}'".encode(), f"'{APP}'".encode()
        )
    copy.write_bytes(data)
    return _run(replace(asked, apply=True))[0]


def _run(asked: Request) -> tuple[Counter[str], Run]:
    run = rewrite(asked)
    for file in run.files:
        if isinstance(file, Changed) and file.path.endswith(".py"):
            compile((run.base / file.path).read_bytes(), file.path, "exec", dont_inherit=True)
    again = rewrite(asked)
    assert not again.rewritten, [site.site for site in again.rewritten]
    assert not again.diff
    return counts(run), run


def counts(run: Run) -> Counter[str]:
    """Count the outcomes of a run: what is rewritten or an assertion already, reasons, and codes of failures."""
    found: Counter[str] = Counter()
    for site in run.sites:
        match site:
            case Reported(reason=reason):
                found[reason.value] += 1
            case Rewritten():
                found["rewritten"] += 1
            case _:
                found["already-assertion"] += 1
    found.update(f"failed-{file.error.code}" for file in run.files if isinstance(file, Failed))
    return found


def _made_up(run: Run) -> set[str]:
    texts = (_LITERAL.fullmatch(item.site.client_expression or "") for item in run.reported if item.reason in _UNKNOWN)
    return {text[2] for text in texts if text is not None}
