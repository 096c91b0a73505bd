"""Graph's error answers.

Shape and codes are recorded; where a text is assumed, the place that raises it says so.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any


class GraphError(Exception):
    """A request that Graph refuses."""

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        headers: Mapping[str, str] | None = None,
        *,
        target: str | None = None,
        inner: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.headers = dict(headers or {})
        self.target = target
        """The property that the refusal is about."""
        self.inner = dict(inner or {})
        """What innerError says beside date and ids."""


class UnservedError(GraphError):
    """A request for a resource that this tenant knows nothing of; it is counted as a gap."""


def bad_request(message: str, code: str = "BadRequest") -> GraphError:
    """Word a refusal with HTTP status 400."""
    return GraphError(400, code, message)


def unknown_segment(segment: str) -> GraphError:
    """Word the refusal for a resource that does not exist (recorded)."""
    return UnservedError(400, "BadRequest", f"Resource not found for the segment '{segment}'.")


def error_body(error: GraphError, now: datetime, request_id: str, client_request_id: str) -> dict[str, Any]:
    """Give the body of an error answer; details stand where a property is to blame (recorded for a locked one)."""
    details = [{"code": "GenericError", "message": error.message, "target": error.target}]
    return {
        "error": {
            "code": error.code,
            "message": error.message,
            **({"details": details} if error.target else {}),
            "innerError": {
                **error.inner,
                "date": f"{now:%Y-%m-%dT%H:%M:%S}",
                "request-id": request_id,
                "client-request-id": client_request_id,
            },
        }
    }
