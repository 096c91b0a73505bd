"""Azure's built-in roles: who may do what.

GUIDs and permissions follow page "Azure built-in roles", cut down to the actions that are served here.
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

OWNER: Final = "8e3af657-a8ff-443c-a75c-2fe8c4bcb635"
CONTRIBUTOR: Final = "b24988ac-6180-42a0-ab88-20f7382dd24c"
READER: Final = "acdd72a7-3385-48ef-bd42-f606fba81ae7"
SECRETS_OFFICER: Final = "b86a8fe4-44ce-4948-aee5-eccb2c155cd7"
_AUTHORIZATION_WRITES: Final = ("Microsoft.Authorization/*/Delete", "Microsoft.Authorization/*/Write")


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleDefinition:
    """A built-in role."""

    id: str
    name: str
    description: str
    actions: tuple[str, ...]
    not_actions: tuple[str, ...] = ()
    data_actions: tuple[str, ...] = ()
    """What it grants on the data of a service; actions, "*" among them, say nothing of that."""

    def allows(self, action: str) -> bool:
        """Whether the role grants an action; wildcards stand for anything, case does not count."""
        wanted = action.lower()
        return any(_pattern(each).fullmatch(wanted) for each in self.actions) and not any(
            _pattern(each).fullmatch(wanted) for each in self.not_actions
        )

    def allows_data(self, action: str) -> bool:
        """Whether the role grants an action on data."""
        return any(_pattern(each).fullmatch(action.lower()) for each in self.data_actions)


@lru_cache(maxsize=256)
def _pattern(wildcard: str) -> re.Pattern[str]:
    return re.compile(re.escape(wildcard.lower()).replace(r"\*", ".*"))


def _role(
    identifier: str,
    name: str,
    description: str,
    *actions: str,
    without: tuple[str, ...] = (),
    data: tuple[str, ...] = (),
) -> RoleDefinition:
    return RoleDefinition(
        id=identifier, name=name, description=description, actions=actions, not_actions=without, data_actions=data
    )


_SHARED: Final = ("Microsoft.Authorization/*/read", "Microsoft.Resources/subscriptions/resourceGroups/read")

ROLES: Final = {
    role.id: role
    for role in (
        _role(
            OWNER, "Owner",
            "Grants full access to manage all resources, including the ability to assign roles in Azure RBAC.", "*",
        ),
        _role(
            CONTRIBUTOR, "Contributor",
            "Grants full access to manage all resources, but does not allow you to assign roles in Azure RBAC.", "*",
            without=(*_AUTHORIZATION_WRITES, "Microsoft.Authorization/elevateAccess/Action"),
        ),
        _role(READER, "Reader", "View all resources, but does not allow you to make any changes.", "*/read"),
        _role(
            "18d7d88d-d35e-4fb5-a5c3-7773c20a72d9", "User Access Administrator",
            "Lets you manage user access to Azure resources.", "*/read", "Microsoft.Authorization/*",
        ),
        _role(
            "f1a07417-d97a-45cb-824c-7a7467783830", "Managed Identity Operator",
            "Read and Assign User Assigned Identity", "Microsoft.ManagedIdentity/userAssignedIdentities/*/read",
            "Microsoft.ManagedIdentity/userAssignedIdentities/*/assign/action",
            "Microsoft.ManagedIdentity/userAssignedIdentities/read",
            "Microsoft.ManagedIdentity/userAssignedIdentities/assign/action", *_SHARED,
        ),
        _role(
            "e40ec5ca-96e0-45a2-b4ff-59039f2c2b59", "Managed Identity Contributor",
            "Create, Read, Update, and Delete User Assigned Identity",
            "Microsoft.ManagedIdentity/userAssignedIdentities/read",
            "Microsoft.ManagedIdentity/userAssignedIdentities/write",
            "Microsoft.ManagedIdentity/userAssignedIdentities/delete",
            "Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials/*", *_SHARED,
        ),
        _role(
            "de139f84-1756-47ae-9be6-808fbbe84772", "Website Contributor",
            "Lets you manage websites (not web plans), but not access to them.", "Microsoft.Web/sites/*", *_SHARED,
        ),
        _role(
            "9980e02c-c2be-4d73-94e8-173b1dc7cf3c", "Virtual Machine Contributor",
            "Lets you manage virtual machines, but not access to them, and not the virtual network or storage account "
            "they're connected to.", "Microsoft.Compute/virtualMachines/*", *_SHARED,
        ),
        _role(
            "4633458b-17de-408a-b874-0445c86b69e6", "Key Vault Secrets User", "Read secret contents.",
            data=("Microsoft.KeyVault/vaults/secrets/getSecret/action",
                  "Microsoft.KeyVault/vaults/secrets/readMetadata/action"),
        ),
        _role(
            SECRETS_OFFICER, "Key Vault Secrets Officer",
            "Perform any action on the secrets of a key vault, except manage permissions. Only works for key vaults "
            "that use the 'Azure role-based access control' permission model.", "Microsoft.KeyVault/*/read", *_SHARED,
            data=("Microsoft.KeyVault/vaults/secrets/*",),
        ),
    )
}  # fmt: skip
"""By GUID."""
