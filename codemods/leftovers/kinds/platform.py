"""Files in which hosting platforms are told the variables of a program.

https://fly.io/docs/reference/configuration/, https://devcenter.heroku.com/articles/app-json-schema,
https://vercel.com/docs/projects/project-configuration, https://docs.netlify.com/build/configure-builds/file-based-configuration/,
https://docs.railway.com/reference/config-as-code, https://developer.hashicorp.com/nomad/docs/job-specification/env,
https://learn.microsoft.com/iis/configuration/system.webserver/aspnetcore
"""

from __future__ import annotations

import re

from codemods.leftover import LeftoverKind
from codemods.leftovers.place import Place

_FILE = re.compile(
    r"(?:.*/)?(?:(?:fly|netlify|railway|wrangler|samconfig)[\w.-]*\.toml|(?:app|vercel|railway|zappa_settings)\.json"
    r"|\.chalice/config\.json|[\w.-]+\.(?:nomad|hcl)|[Ww]eb(?:\.\w+)?\.config)"
)

PLACE = Place(
    kind=LeftoverKind.PLATFORM,
    matches=lambda name: _FILE.fullmatch(name) is not None,
    rank=0,
    guessed=True,
)
