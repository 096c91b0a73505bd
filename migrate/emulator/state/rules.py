"""Why a change to the tenant is refused, independent of how a protocol words it on the wire."""


class RuleBreachError(Exception):
    """A change that the directory refuses: HTTP status, Graph error code, message and the property it is about."""

    def __init__(self, status: int, code: str, message: str, target: str | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.target = target


def not_found(object_id: str) -> RuleBreachError:
    """Word the refusal for an object that the directory does not hold (recorded)."""
    return RuleBreachError(
        404,
        "Request_ResourceNotFound",
        f"Resource '{object_id}' does not exist or one of its queried reference-property objects are not present.",
    )
