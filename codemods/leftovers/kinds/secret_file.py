"""Files that hold one secret each, under its name, for a container to read: ``secrets/shop_client_secret``.

https://docs.docker.com/compose/how-tos/use-secrets/,
https://kubernetes.io/docs/concepts/configuration/secret/#using-secrets-as-files-from-a-pod
"""

from __future__ import annotations

import re

from codemods.leftover import LeftoverKind
from codemods.leftovers.place import Place

_FILE = re.compile(r"(?:.*/)?\.?secrets?/(?:[\w.-]+/)*[\w-]+(?:\.(?:txt|secret|key))?")

PLACE = Place(
    kind=LeftoverKind.SETTINGS_FILE,
    matches=lambda name: _FILE.fullmatch(name) is not None,
    rank=4,
    guessed=True,
    mounted=True,
)
