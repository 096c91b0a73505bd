"""Built-in directory roles, a few of the many that there are.

Template ids, names and actions follow page "Microsoft Entra built-in roles"; descriptions and actions are cut short. A
built-in role has its template's id as its own in every tenant (page "unifiedRoleDefinition").
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

GLOBAL_ADMINISTRATOR: Final = "62e90394-69f5-4237-9190-012177145e10"
APPLICATION_ADMINISTRATOR: Final = "9b895d92-2cd3-44c7-9d02-a6ac2d5ea5c3"
USER_ADMINISTRATOR: Final = "fe930be7-5e62-47db-91af-98c3a49a38b1"
DIRECTORY_READERS: Final = "88d8e3e3-8f55-4a1e-953a-9b9898b8876b"


@dataclass(frozen=True, slots=True, kw_only=True)
class DirectoryRole:
    """A built-in role."""

    name: str
    description: str
    actions: tuple[str, ...]
    privileged: bool = True


DIRECTORY_ROLES: Final[Mapping[str, DirectoryRole]] = MappingProxyType({
    GLOBAL_ADMINISTRATOR: DirectoryRole(
        name="Global Administrator",
        description="Can manage all aspects of Microsoft Entra ID and Microsoft services that use its identities.",
        actions=("microsoft.directory/applications/allProperties/allTasks",
                 "microsoft.directory/roleAssignments/allProperties/allTasks"),
    ),
    "e8611ab8-c189-46e8-94e1-60213ab1f814": DirectoryRole(
        name="Privileged Role Administrator",
        description="Can manage role assignments and Privileged Identity Management.",
        actions=("microsoft.directory/roleAssignments/allProperties/allTasks",),
    ),
    APPLICATION_ADMINISTRATOR: DirectoryRole(
        name="Application Administrator",
        description="Can create and manage all aspects of app registrations and enterprise apps.",
        actions=("microsoft.directory/applications/credentials/update",
                 "microsoft.directory/servicePrincipals/credentials/update"),
    ),
    "158c047a-c907-4556-b7ef-446551a6b5f7": DirectoryRole(
        name="Cloud Application Administrator",
        description="Can create and manage app registrations and enterprise apps except App Proxy.",
        actions=("microsoft.directory/applications/credentials/update",),
    ),
    USER_ADMINISTRATOR: DirectoryRole(
        name="User Administrator",
        description="Can manage all aspects of users and groups, including passwords of limited admins.",
        actions=("microsoft.directory/users/password/update",),
    ),
    DIRECTORY_READERS: DirectoryRole(
        name="Directory Readers",
        description="Can read basic directory information.",
        actions=("microsoft.directory/users/standard/read",),
        privileged=False,
    ),
})  # fmt: skip
"""By template id."""
