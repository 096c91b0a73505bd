"""Graph's error answers.

Shape and codes are recorded; where a text is assumed, the place that raises it says so.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any


class GraphError(Exception):
    """A request that Graph refuses."""

    def __init__(self, status: int, code: str, message: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.headers = dict(headers or {})


def bad_request(message: str, code: str = "BadRequest") -> GraphError:
    """Word a refusal with HTTP status 400."""
    return GraphError(400, code, message)


def unknown_segment(segment: str) -> GraphError:
    """Word the refusal for a resource that does not exist (recorded)."""
    return bad_request(f"Resource not found for the segment '{segment}'.")


def error_body(error: GraphError, now: datetime, request_id: str, client_request_id: str) -> dict[str, Any]:
    """Give the body of an error answer."""
    return {
        "error": {
            "code": error.code,
            "message": error.message,
            "innerError": {
                "date": f"{now:%Y-%m-%dT%H:%M:%S}",
                "request-id": request_id,
                "client-request-id": client_request_id,
            },
        }
    }
