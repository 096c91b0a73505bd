"""Where the settings of a Django project are defined: ``django.conf.settings`` shows the names of one module.

https://docs.djangoproject.com/en/stable/topics/settings/
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from codemods.engine.project import Project

SETTINGS: Final = "django.conf.settings"
_VARIABLE: Final = "DJANGO_SETTINGS_MODULE"
_DOTTED: Final = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+")


def settings_modules(project: Project) -> tuple[Path, ...]:
    """List the modules that may be the settings: those that a program names, and all that are called so."""
    named = {path for found in project.mentioning({_VARIABLE}).values() for path in found}
    paths = {
        target for path in named for dotted in _named(project, path) for target in project.targets(path, 0, dotted)
    }
    called = {Path(text) for text in project.files if _is_called_so(text)}
    return tuple(sorted(paths | called))


def _named(project: Project, path: Path) -> Iterator[str]:
    """Yield the names of modules in a file that says which one holds the settings."""
    module = project.module(path)
    texts = () if module is None else (text.value for text in module.strings)
    yield from (text for text in texts if isinstance(text, str) and _DOTTED.fullmatch(text))


def _is_called_so(text: str) -> bool:
    *_, folder, name = ("", *Path(text).parts)[-2:]
    return name == "settings.py" or (folder == "settings" and name.endswith(".py"))
