"""Azure Resource Manager's error answers.

Codes and texts are those of page "Troubleshoot common Azure deployment errors" and of public reports; where a text is
assumed, the place that raises it says so.
"""

from collections.abc import Mapping, Sequence
from typing import Any


class ArmError(Exception):
    """A request that Azure Resource Manager or a resource provider refuses."""

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        headers: Mapping[str, str] | None = None,
        details: Sequence[Mapping[str, Any]] = (),
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.headers = dict(headers or {})
        self.details = tuple(details)

    def body(self) -> dict[str, Any]:
        """Give the body of the answer."""
        shown: dict[str, Any] = {"code": self.code, "message": self.message}
        if self.details:
            shown["details"] = list(self.details)
        return {"error": shown}


def bad_content(message: str) -> ArmError:
    """Word the refusal of a body that cannot be read."""
    return ArmError(
        400, "InvalidRequestContent", f"The request content was invalid and could not be deserialized: '{message}'."
    )


def bad_parameter(message: str) -> ArmError:
    """Word the refusal of a value that a resource provider does not accept (the texts are assumed)."""
    return ArmError(400, "InvalidParameter", message)


def subscription_not_found(subscription_id: str) -> ArmError:
    """Word the refusal for a subscription that does not exist."""
    return ArmError(404, "SubscriptionNotFound", f"The subscription '{subscription_id}' could not be found.")


def group_not_found(name: str) -> ArmError:
    """Word the refusal for a resource group that does not exist."""
    return ArmError(404, "ResourceGroupNotFound", f"Resource group '{name}' could not be found.")


def resource_not_found(kind: str, name: str, group: str) -> ArmError:
    """Word the refusal for a resource that does not exist: ``kind`` is its type, ``name`` its name below the type."""
    return ArmError(
        404,
        "ResourceNotFound",
        f"The Resource '{kind}/{name}' under resource group '{group}' was not found. For more details please go to "
        "https://aka.ms/ARMResourceNotFoundFix",
    )


def parent_not_found(resource: str, parent: str) -> ArmError:
    """Word the refusal for a child of a resource that does not exist."""
    return ArmError(
        404,
        "ParentResourceNotFound",
        f"Failed to perform 'read' on resource(s) of type '{resource}', because the parent resource '{parent}' could "
        "not be found.",
    )


def unknown_type(namespace: str, kind: str, version: str) -> ArmError:
    """Word the refusal for a type that its provider does not have."""
    return ArmError(
        404,
        "InvalidResourceType",
        f"The resource type '{kind}' could not be found in the namespace '{namespace}' for api version '{version}'. "
        "The supported api-versions are ''.",
    )


def unknown_namespace(namespace: str) -> ArmError:
    """Word the refusal for a provider that does not exist."""
    return ArmError(404, "InvalidResourceNamespace", f"The resource namespace '{namespace}' is invalid.")


def wrong_method(method: str) -> ArmError:
    """Word the refusal of a method that a resource does not have."""
    return ArmError(405, "HttpMethodNotAllowed", f"The http method '{method}' is not supported for this resource.")
