"""Notices that the pages of a listing lead in a circle, whatever its length, in the memory of two links. Pure.

Source: R. P. Brent, "An improved Monte Carlo factorization algorithm" (1980), for the circle: the link that is compared
with moves to the newest after 1, 2, 4, 8, ... pages, so that a circle is noticed before three times its pages are read.
"""

from __future__ import annotations

import msgspec


class Trail(msgspec.Struct, frozen=True):
    """The links of a listing so far."""

    last: str = ""
    mark: str = ""
    steps: int = 0
    most: int = 1

    def meets(self, link: str) -> bool:
        """Whether a link (not empty) is known to have been followed before."""
        return bool(link) and link in {self.last, self.mark}

    def after(self, link: str) -> Trail:
        """Return it with one more link."""
        if self.steps + 1 < self.most:
            return Trail(last=link, mark=self.mark, steps=self.steps + 1, most=self.most)
        return Trail(last=link, mark=link, steps=0, most=self.most * 2)
