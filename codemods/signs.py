"""Signs that a file may hold a site, told from its text.

A sign is a text in any case, one of several such texts, or a pattern that the text of the file in lower case matches.

Most files that mention a word only pass its value on. What is given a client secret by name says so with a keyword
argument, the key of a dict or a field of a form; a parameter or an attribute of that name gives nothing to anybody.
"""

from __future__ import annotations

import re
from typing import Final

Sign = str | frozenset[str] | re.Pattern[bytes]
_KEYWORD: Final = rb"[\s\\]*(?:#[^\n]*\n[\s\\]*)*=(?!=)"
GIVEN_SECRET: Final = re.compile(
    rb"client_secret(?<!\.client_secret)(?:%s|\\*[\"'](?!\s*:\s*\{)|[^\w\s.,:()\[\]{}=\"'\\#])" % _KEYWORD
)
"""A keyword, the text ``client_secret`` unless a dict describes it, or a field in a text."""
SECRET_KEY: Final = re.compile(rb"client_secret\\*[\"'](?!\s*:\s*\{)")
"""The text alone."""
SECRET_ITEM: Final = re.compile(rb"client_secret\\*[\"'][\s\\)]*\]")
"""An item of that name."""
_SECRET: Final = rb"client_secret(?<!\.client_secret)%s" % _KEYWORD
_TENANT: Final = rb"tenant(?:_id)?(?<!\.tenant)(?<!\.tenant_id)%s" % _KEYWORD
_SAME_CALL: Final = rb"[\s\S]{0,4000}?"
SECRET_ARGUMENT: Final = re.compile(_SECRET)
SECRET_BESIDE_TENANT: Final = re.compile(
    rb"%s%s%s|%s%s%s" % (_SECRET, _SAME_CALL, _TENANT, _TENANT, _SAME_CALL, _SECRET)
)
"""Keywords of a call that hands both to a library: codemods.engine.handed_over."""
SECRET_IN_DICT: Final = re.compile(rb"dict\((?<![a-z0-9_]dict\()%s%s" % (_SAME_CALL, _SECRET))
"""A keyword of ``dict()``."""
