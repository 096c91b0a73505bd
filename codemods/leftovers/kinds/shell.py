"""Scripts of shells, of build tools and of pipelines that are written as scripts."""

from __future__ import annotations

import re

from codemods.leftover import LeftoverKind
from codemods.leftovers.makes import MAKES
from codemods.leftovers.place import Place

_FILE = re.compile(
    r".*\.(?:sh|bash|zsh|fish|ksh|ps1|psm1|cmd|bat|mk|mak|nix|slurm|sbatch|cmake)"
    r"|(?:.*/)?(?:(?:GNU)?[Mm]akefile|[Pp]rocfile(?:\.[\w-]+)?|\.?[Jj]ustfile|Jenkinsfile(?:\.[\w-]+)?|Vagrantfile|Tiltfile|CMakeLists\.txt"
    r"|\.(?:bash|zsh)(?:rc|_profile|env)|\.profile)"
)

PLACE = Place(
    kind=LeftoverKind.SHELL,
    matches=lambda name: _FILE.fullmatch(name) is not None,
    constructs=MAKES,
    rank=2,
)
