"""Errors of Microsoft Graph."""

from typing import Final

from tests.emulator.fidelity.shapes import GUID, SECOND, Fields, Known, Scalar, constant, text

_INNER: Final = {"date": SECOND, "request-id": GUID, "client-request-id": GUID}


def refusal(code: str, message: Scalar) -> Fields:
    """Describe an error answer."""
    return Fields({"error": Fields({"code": constant(code), "message": message, "innerError": Fields(_INNER)})})


ERRORS: Final = (
    Known(
        name="name of a federated credential taken",
        source="a pasted answer in Azure/azure-dev#1482, HTTP 409",
        sure="recorded",
        shape=refusal(
            "Request_MultipleObjectsWithSameKeyValue",
            text(r"FederatedIdentityCredential with name \S+ already exists\."),
        ),
    ),
    Known(
        name="issuer and subject taken",
        source="a pasted answer in Azure/azure-workload-identity#434, HTTP 400",
        sure="recorded",
        shape=refusal(
            "InvalidFederatedIdentityCredentialValue",
            text(
                r"The combination of issuer and subject must be unique for the application\. Issuer (\S+) and Subject: "
                r"(\S+) already exist\. paramName: FederatedIdentityCredential\.Subject, paramValue: \2, objectType: "
                r"Microsoft\.Online\.DirectoryServices\.Application"
            ),
        ),
    ),
    Known(
        name="object that does not exist",
        source="page Microsoft Graph error responses; the code as msgraph-sdk raises it",
        sure="documented",
        shape=refusal(
            "Request_ResourceNotFound",
            text(
                r"Resource '[0-9a-f-]{36}' does not exist or one of its queried reference-property objects are not "
                r"present\."
            ),
        ),
    ),
    Known(
        name="throttled",
        source="page Microsoft Graph throttling guidance (2021)",
        sure="documented",
        shape=Fields(
            {
                "error": Fields(
                    {
                        "code": constant("TooManyRequests"),
                        "innerError": Fields(
                            {
                                "code": constant("429"),
                                "date": SECOND,
                                "message": constant("Please retry after"),
                                "request-id": GUID,
                                "status": constant("429"),
                            }
                        ),
                        "message": constant("Please retry again later."),
                    }
                )
            }
        ),
        added={"error.innerError.client-request-id": "every recorded error has one; the page's sample is of 2020"},
    ),
)
