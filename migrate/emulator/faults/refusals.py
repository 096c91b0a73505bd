"""Error answers that no rule of a service gives: outages, in the words of the service that is out.

Shapes are those of the services' other errors. Codes and texts for Microsoft Graph's and Azure Resource Manager's
outages are assumed, AADSTS90033 and AADSTS90055 are documented (page "Microsoft Entra authentication and authorization
error codes"), the metadata service's texts are assumed.
"""

import uuid
from datetime import datetime
from typing import Any, Final

from migrate.emulator.faults.throttle import too_many_requests
from migrate.emulator.graph.errors import GraphError, error_body

_GRAPH: Final = {
    403: ("Authorization_RequestDenied", "Insufficient privileges to complete the operation."),
    404: ("Request_ResourceNotFound", "Resource does not exist or one of its references is not present."),
    408: ("RequestTimeout", "The request timed out."),
    410: ("Gone", "The requested resource is no longer available at the server."),
    500: ("InternalServerError", "Internal server error."),
    502: ("BadGateway", "Bad gateway."),
    503: ("ServiceUnavailable", "Service is temporarily unavailable. Please wait and retry again."),
    504: ("GatewayTimeout", "The gateway did not receive a response in time."),
}  # fmt: skip
_THROTTLED: Final = 429


def outage_body(path: str, status: int, now: datetime, request_id: str) -> dict[str, Any]:
    """Give the body of an error answer of the service that a path belongs to."""
    if is_graph(path):
        known = too_many_requests({}) if status == _THROTTLED else GraphError(status, *_GRAPH[status])
        return error_body(known, now, request_id, request_id)
    if "/oauth2/" in path and "/metadata/" not in path:
        return _authority_body(status, now, request_id)
    if path.startswith(("/metadata/", "/hosts/", "/msi/")):
        if status == _THROTTLED:
            return {"error": "too_many_requests", "error_description": "Too many requests"}
        return {"error": "server_error", "error_description": "Service temporarily unavailable"}
    code, message = _GRAPH.get(status, ("TooManyRequests", "The request is being throttled."))
    return {"error": {"code": code, "message": message}}


def _authority_body(status: int, now: datetime, request_id: str) -> dict[str, Any]:
    code, text = 90033, "A transient error has occurred. Please try again."
    if status == _THROTTLED:
        code, text = 90055, "The server has received too many requests from this tenant."
    stamp, correlation = f"{now:%Y-%m-%d %H:%M:%SZ}", str(uuid.uuid4())
    return {
        "error": "temporarily_unavailable",
        "error_description": f"AADSTS{code}: {text} Trace ID: {request_id} Correlation ID: {correlation} "
        f"Timestamp: {stamp}",
        "error_codes": [code],
        "timestamp": stamp,
        "trace_id": request_id,
        "correlation_id": correlation,
    }


def is_graph(path: str) -> bool:
    """Whether a path is one of Microsoft Graph."""
    return path.startswith(("/v1.0/", "/beta/"))
