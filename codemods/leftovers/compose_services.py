"""Which services of a compose file are given whole environment files.

https://docs.docker.com/reference/compose-file/services/#env_file
"""

from __future__ import annotations

from codemods.leftovers.cut import Refused
from codemods.leftovers.yaml_nodes import inside, keys_of, read_yaml

_GIVEN = frozenset({"env_file", "extends", "<<"})


def unseen_taker(text: str) -> str:
    """Name a service that may take environment files and is not built here; "?" where the text is no YAML.

    What a service extends or merges is not followed: it may hold ``env_file``.
    """
    if "env_file" not in text:
        return ""
    try:
        roots = read_yaml(text)
    except Refused:
        return "?"
    for _, services in (pair for root in roots for pair in inside(root) if _says(pair, "services")):
        for name, service in (pair for pair in inside(services) if _says(pair, None)):
            said = frozenset(keys_of(service))
            if _GIVEN & said and "build" not in said:
                return str(getattr(name, "value", "?"))
    return ""


def _says(pair: tuple[object, ...], key: str | None) -> bool:
    """Tell whether something is a member of a map, with a certain key."""
    return len(pair) > 1 and (key is None or getattr(pair[0], "value", None) == key)
