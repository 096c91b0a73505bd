"""What can be asked for: a closed set of faults, as a fault file or a document of the control endpoint holds them.

Keys are those of the file. ``applications`` names display names, client ids or object ids; none of them stands for
all. Seconds are of the tenant's clock, save where a fault says "real".
"""

from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta

_LONGEST: Final = 10_000_000
_MOST: Final = 1_000_000_000

Seconds = Annotated[float, Meta(ge=0, le=_LONGEST)]
Share = Annotated[float, Meta(ge=0, le=1)]
Natural = Annotated[int, Meta(ge=0, le=_MOST)]
Positive = Annotated[int, Meta(ge=1, le=_MOST)]
Text = Annotated[str, Meta(min_length=1, max_length=500)]
Names = tuple[Text, ...]
Form = Literal["float", "integer", "date"]
"""How Retry-After is written: ``2.128`` (the documentation's sample), ``3`` or an HTTP date (RFC 9110, 10.2.3)."""
When = Literal["before", "after"]
"""Whether the request has its effect: not when the fault comes before it, yes when it comes after."""
Method = Literal["GET", "POST", "PATCH", "PUT", "DELETE"]
BucketName = Literal[
    "resource-units", "writes", "tenant-writes", "key-selects", "reports", "application-writes", "personal-writes"
]
BUCKETS: Final[tuple[BucketName, ...]] = (
    "resource-units", "writes", "tenant-writes", "key-selects", "reports", "application-writes", "personal-writes",
)  # fmt: skip


class _Fault(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind"):
    """What all faults have in common."""


class Propagation(_Fault, tag="propagation", frozen=True, kw_only=True):
    """Changes of credentials reach the token endpoint late, and its replicas one after another.

    For ``unseen`` seconds no replica knows a change; for ``flapping`` seconds more a ``stale_share`` of the requests
    meets one that does not. ``added`` stands for new and for changed credentials.
    """

    applications: Names = ()
    of: Annotated[tuple[Literal["federated", "secrets", "certificates"], ...], Meta(min_length=1)] = ("federated",)
    changes: Annotated[tuple[Literal["added", "removed"], ...], Meta(min_length=1)] = ("added", "removed")
    unseen: Seconds
    flapping: Seconds = 0
    stale_share: Share = 0.5


class LaggingReads(_Fault, tag="lagging-reads", frozen=True, kw_only=True):
    """Reads of applications and service principals show an old state, as ``Propagation`` does with requests.

    ``lists`` are collections, ``objects`` single objects, ``writes`` the changes of an object that does not show yet,
    which find nothing (404).
    """

    applications: Names = ()
    of: Annotated[tuple[Literal["lists", "objects", "writes"], ...], Meta(min_length=1)] = ("lists",)
    unseen: Seconds
    flapping: Seconds = 0
    stale_share: Share = 0.5


class Throttle(_Fault, tag="throttle", frozen=True, kw_only=True):
    """Token buckets on Microsoft Graph, of documented sizes, refilled in real time because clients wait in real time.

    ``limits`` sets other sizes; ``users`` another size of the tenant than the number of its users says; ``speed`` makes
    the buckets' time run faster. ``retry_after`` may be left out of the answers with ``none``.
    """

    buckets: Annotated[tuple[BucketName, ...], Meta(min_length=1)] = BUCKETS
    limits: dict[BucketName, Positive] = {}
    users: Natural | None = None
    speed: Annotated[float, Meta(ge=0.001, le=1_000_000)] = 1.0
    retry_after: Literal["float", "integer", "date", "none"] = "float"


class Triggered(_Fault, frozen=True, kw_only=True):
    """A fault of some requests.

    Of those that match it passes over the first ``after``, then takes every ``every``-th, of these a ``share`` that the
    seed decides on, and ends when it has happened ``times`` times.
    """

    after: Natural = 0
    every: Positive = 1
    share: Share = 1.0
    times: Positive | None = None


class Matched(Triggered, frozen=True, kw_only=True):
    """A fault of requests with these methods and this path: ``*`` stays within a segment, ``**`` does not."""

    methods: tuple[Method, ...] = ()
    path: Text = "/**"

    def __post_init__(self) -> None:
        """Refuse a path that can match nothing."""
        if not self.path.startswith("/"):
            raise ValueError(f"path must begin with a slash, not {self.path!r}")


class Status(Matched, tag="status", frozen=True, kw_only=True):
    """An error answer; with ``when = "after"`` the request had its effect, as behind a gateway that gave up."""

    status: Literal[403, 404, 408, 410, 429, 500, 502, 503, 504]
    when: When = "before"
    retry_after: Seconds | None = None
    retry_after_form: Form = "float"


class Reset(Matched, tag="reset", frozen=True, kw_only=True):
    """The connection is reset (TCP RST) instead of an answer."""

    when: When = "before"


class Truncate(Matched, tag="truncate", frozen=True, kw_only=True):
    """The answer's body ends after a share of it; ``length`` says which Content-Length it announces."""

    keep: Annotated[float, Meta(ge=0, lt=1)] = 0.5
    length: Literal["whole", "cut"] = "whole"


class Slow(Matched, tag="slow", frozen=True, kw_only=True):
    """Real seconds pass before the request has its effect, or after it."""

    seconds: Annotated[float, Meta(ge=0, le=3600)]
    when: When = "before"


class ExpiredBearer(_Fault, tag="expired-bearer", frozen=True, kw_only=True):
    """Bearer tokens count as expired after so many requests, or seconds after their first one; ``tokens`` of them."""

    after_requests: Natural | None = None
    after_seconds: Seconds | None = None
    tokens: Positive | None = None

    def __post_init__(self) -> None:
        """Refuse a fault that could never happen, and one with two meanings."""
        if (self.after_requests is None) == (self.after_seconds is None):
            raise ValueError("give one of after_requests and after_seconds")


class IdentityCache(_Fault, tag="identity-cache", frozen=True, kw_only=True):
    """Tokens of managed identities are kept for ever (``frozen``) or not at all (``off``), instead of for 24 hours.

    ``identities`` names names, client ids, principal ids or ARM ids; none of them stands for all.
    """

    identities: Names = ()
    mode: Literal["frozen", "off"]


class SignIns(_Fault, tag="sign-ins", frozen=True, kw_only=True):
    """The sign-in log is late, short or has gaps, or its reports are spelt as their documentation spells them.

    ``delay`` holds for log and reports, ``retention_days`` and ``dropped`` (a share) for the log. ``documentation``
    spells ``expirationDate``, ``keyType`` ``secret`` and dates with the offset ``-8:00``, which ISO 8601 does not know.
    """

    delay: Seconds = 0
    retention_days: Literal[7, 30] | None = None
    dropped: Share = 0
    spelling: Literal["metadata", "documentation"] = "metadata"


class SecondWriter(Triggered, tag="second-writer", frozen=True, kw_only=True):
    """Another administrator changes credentials of an application between a client's read and its next write.

    The change comes right ``after-read`` of the object, so that another read shows it, or right ``before-write`` for a
    client that has read it, so that no read can.
    """

    applications: Names = ()
    of: Literal["keyCredentials", "passwordCredentials", "federatedIdentityCredentials"] = "keyCredentials"
    change: Literal["add", "remove"] = "add"
    when: Literal["after-read", "before-write"] = "after-read"
    times: Positive | None = 1


class Skew(_Fault, tag="skew", frozen=True, kw_only=True):
    """Clocks of the service are off: of ``Date`` headers, of times in tokens, and by which assertions are judged."""

    seconds: Annotated[int, Meta(ge=-_LONGEST, le=_LONGEST)]
    of: Annotated[tuple[Literal["date", "tokens", "assertions"], ...], Meta(min_length=1)] = ("date", "tokens")


Fault = (
    Propagation
    | LaggingReads
    | Throttle
    | Status
    | Reset
    | Truncate
    | Slow
    | ExpiredBearer
    | IdentityCache
    | SignIns
    | SecondWriter
    | Skew
)


class FaultPlan(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Faults that hold together; the same seed makes the same choices."""

    seed: Annotated[int, Meta(ge=0, le=2**62)] = 1
    faults: Annotated[tuple[Fault, ...], Meta(max_length=100)] = ()

    def shown(self) -> dict[str, Any]:
        """Give the plan as a document that is a plan again."""
        content = msgspec.to_builtins(self)
        assert isinstance(content, dict)  # noqa: S101 - for the type checker
        return content
