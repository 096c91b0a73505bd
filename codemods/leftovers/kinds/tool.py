"""Settings of tools and editors that start a program or its tests with variables.

https://tox.wiki/en/stable/config.html#set_env, https://pypi.org/project/pytest-env/,
https://hatch.pypa.io/latest/config/environment/overview/#environment-variables, https://mise.jdx.dev/environments/,
https://pixi.sh/latest/reference/pixi_manifest/, https://code.visualstudio.com/docs/python/debugging#_env,
https://containers.dev/implementors/json_reference/ (remoteEnv, containerEnv)
"""

from __future__ import annotations

import re

from codemods.leftover import LeftoverKind
from codemods.leftovers.place import Place

_FILE = re.compile(
    r"(?:.*/)?(?:tox\.(?:ini|toml)|\.?pytest\.(?:ini|toml)|setup\.cfg|pyproject\.toml|hatch\.toml|pixi\.toml|poe_tasks\.toml"
    r"|Pipfile|\.?mise(?:\.[\w-]+)*\.toml|\.vscode/[\w.-]+\.json|[\w.-]+\.code-workspace|\.?devcontainer(?:-[\w-]+)?\.json"
    r"|\.idea/.*\.(?:xml|iml)|\.run/.*\.xml|[\w. -]+\.run\.xml)"
)

PLACE = Place(
    kind=LeftoverKind.TOOL,
    matches=lambda name: _FILE.fullmatch(name) is not None,
    rank=0,
    guessed=True,
)
