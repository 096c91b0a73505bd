"""Which gap is about which request."""

from dataclasses import dataclass
from fnmatch import fnmatchcase

from migrate.emulator.gaps import Gap


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """What a gap's path names: methods (none stands for all), a version and a pattern."""

    methods: frozenset[str]
    version: str
    pattern: tuple[str, ...]

    @property
    def is_rest(self) -> bool:
        """Whether a part of what it covers is served."""
        return self.pattern[-1] == "..."

    def covers(self, method: str, pattern: tuple[str, ...]) -> bool:
        """Whether a request is at this place; the version is the caller's business."""
        return (not self.methods or method in self.methods) and _fits(self.pattern, pattern)


def place_of(gap: Gap) -> Place:
    """Read a gap's path."""
    methods, _, path = gap.path.rpartition(" ") if gap.path.split(" ")[0].isupper() else ("", "", gap.path)
    version = "beta" if path.startswith("beta/") else "v1.0"
    pattern = tuple(path.removeprefix("beta/").split("/"))
    return Place(methods=frozenset(methods.split("|")) - {""}, version=version, pattern=pattern)


def _fits(place: tuple[str, ...], pattern: tuple[str, ...]) -> bool:
    if place[-1] in ("**", "..."):
        place, pattern = place[:-1], pattern[: len(place) - 1]
    return len(place) == len(pattern) and all(map(_is_named, place, pattern))


def _is_named(place: str, segment: str) -> bool:
    """Compare one segment: "*" alone stands for a key and for nothing else, inside a name for any letters."""
    if "*" not in place or place == "*":
        return place == segment
    return segment != "*" and fnmatchcase(segment, place)
