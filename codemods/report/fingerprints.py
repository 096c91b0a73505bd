"""Fingerprints of sites: what a site is, told apart from where it stands.

A fingerprint is made from names: the construct, the functions and classes around it, the expressions for client and
tenant, and the name of the secret's source. So it stays when lines move, comments change or the file is formatted, it
does not depend on the reason a site is reported for, and no secret can be found out from it. Sites of a file that are
the same in all of this are numbered in their order. The path is no part of it.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from codemods.model import Failed, Run, Site

_LENGTH = 16
"""Characters of the digest: 64 bits, of which a file would need billions of sites to see two alike."""


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Mark:
    """What follows a site, or a file that failed, from run to run."""

    path: str
    fingerprint: str


def marks(run: Run) -> tuple[Mark, ...]:
    """Give the mark of every site, in the order of ``run.sites``."""
    seen: Counter[Mark] = Counter()
    sites = (outcome.site for outcome in run.sites)
    return tuple(_numbered(seen, Mark(path=site.path, fingerprint=_digest(*_parts(site)))) for site in sites)


def leftover_marks(run: Run) -> tuple[Mark, ...]:
    """Give the mark of every leftover, in the order of ``run.leftovers``: its kind and its name."""
    seen: Counter[Mark] = Counter()
    found = (Mark(path=each.path, fingerprint=_digest("leftover", each.kind, each.name)) for each in run.leftovers)
    return tuple(_numbered(seen, mark) for mark in found)


def of_failure(failed: Failed) -> Mark:
    """Give the mark of a file that failed."""
    return Mark(path=failed.path, fingerprint=f"{_digest('failed', failed.error.code)}:1")


def _numbered(seen: Counter[Mark], mark: Mark) -> Mark:
    seen[mark] += 1
    return Mark(path=mark.path, fingerprint=f"{mark.fingerprint}:{seen[mark]}")


def _parts(site: Site) -> Iterator[str]:
    yield from ("site", site.construct, site.scope, site.client_id or _name(site.client_expression))
    yield from (_name(site.tenant_expression), site.secret_source or "")


def _name(expression: str | None) -> str:
    """Leave literals out: arguments that were given in the wrong order would put a secret here."""
    return "literal" if (expression or "").startswith(("'", '"')) else expression or ""


def _digest(*parts: str) -> str:
    text = "\0".join(parts).encode("utf-8", "surrogateescape")
    return hashlib.sha256(text).hexdigest()[:_LENGTH]
