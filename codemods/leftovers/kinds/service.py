"""Units of systemd and files of process managers: what starts a program sets its variables.

https://www.freedesktop.org/software/systemd/man/latest/systemd.exec.html (Environment=),
https://supervisord.org/configuration.html, https://uwsgi-docs.readthedocs.io/en/latest/Options.html#env,
https://circus.readthedocs.io/en/latest/for-ops/configuration/, crontab(5), launchd.plist(5),
https://specifications.freedesktop.org/desktop-entry-spec/latest/exec-variables.html
"""

from __future__ import annotations

import re

from codemods.leftover import LeftoverKind
from codemods.leftovers.place import Place

_FILE = re.compile(
    r".*\.(?:service|container|pod|kube|plist|conf|ini|desktop)|(?:.*/)?(?:[\w.-]*crontab|cron\.(?:d|daily|hourly|weekly|monthly)/.*)"
)
_STARTS = re.compile(
    r"^[ \t]*(?:\[(?:(?:Desktop Entry|Service|Container|Pod|uwsgi|supervisord|env(?::[^\]]*)?)\]"
    r"|(?:(?:fcgi-)?program|watcher):)"
    r"|(?:[\d*/,-]+[ \t]+){4}\S+[ \t]|@(?:reboot|hourly|daily|weekly|monthly)\b)|<plist\b",
    re.MULTILINE,
)

PLACE = Place(
    kind=LeftoverKind.SERVICE,
    matches=lambda name: _FILE.fullmatch(name) is not None,
    applies=lambda text: _STARTS.search(text) is not None,
    guessed=True,
)
