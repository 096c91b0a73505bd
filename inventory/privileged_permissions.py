"""Application permissions of Microsoft's own resources, each with its tier and the reason for it. Pure.

Sources: "Microsoft Graph permissions reference" (what each permission allows, and that ``.Selected`` and ``.OwnedBy``
allow it for chosen or owned objects alone); "Update user" (a password is set by an application only where it holds a
directory role as well). Which of them lead to the control of a tenant is concluded from what they allow.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from inventory.estate import Tier

RESOURCES: Final = frozenset({
    "Microsoft Graph", "Office 365 Exchange Online", "Office 365 SharePoint Online", "Windows Azure Active Directory",
})  # fmt: skip
"""Display names of the resources whose permissions are judged; the same name means the same in each of them."""

_CONTROL: Final = {
    "Application.ReadUpdate.All": "adds a credential to any application, and signs in as one that may do more",
    "Application.ReadWrite.All": "adds a credential to any application, and signs in as one that may do more",
    "AppRoleAssignment.ReadWrite.All": "grants itself any application permission, consent is not asked for",
    "DelegatedPermissionGrant.ReadWrite.All": "lets any application act in the name of every user, administrators too",
    "DeviceManagementApps.ReadWrite.All": "installs programs on managed devices, those of administrators too",
    "DeviceManagementConfiguration.ReadWrite.All": "runs scripts on managed devices, those of administrators too",
    "DeviceManagementRBAC.ReadWrite.All": "makes itself or others administrator of all managed devices",
    "DeviceManagementScripts.ReadWrite.All": "runs scripts on managed devices, those of administrators too",
    "Domain.ReadWrite.All": "federates a domain, and signs in as any of its users",
    "Domain-InternalFederation.ReadWrite.All": "changes who vouches for a domain's users, and signs in as any of them",
    "EntitlementManagement.ReadWrite.All": "hands out access packages, which may hold directory roles",
    "Organization.ReadWrite.All": "adds a certificate authority to sign in by, and signs in as any user",
    "Policy.ReadWrite.PermissionGrant": "changes which permissions are granted without an administrator",
    "PrivilegedAccess.ReadWrite.AzureAD": "assigns directory roles through Privileged Identity Management",
    "PrivilegedAccess.ReadWrite.AzureADGroup": "makes members of groups that hold directory roles",
    "PrivilegedAssignmentSchedule.ReadWrite.AzureADGroup": "makes members of groups that hold directory roles",
    "PrivilegedEligibilitySchedule.ReadWrite.AzureADGroup": "makes members of groups that hold directory roles",
    "PublicKeyInfrastructure.ReadWrite.All": "adds a certificate authority to sign in by, and signs in as any user",
    "RoleAssignmentSchedule.ReadWrite.Directory": "assigns any directory role, Global Administrator too",
    "RoleEligibilitySchedule.ReadWrite.Directory": "makes anybody eligible for any directory role",
    "RoleManagement.ReadWrite.Directory": "assigns any directory role, Global Administrator too",
    "RoleManagementPolicy.ReadWrite.AzureADGroup": "drops the approval that membership of privileged groups needs",
    "RoleManagementPolicy.ReadWrite.Directory": "drops the approval that directory roles need",
    "UserAuthenticationMethod.ReadWrite.All": "adds sign-in methods to any user, administrators too",
}
_MANAGEMENT: Final = {
    "AdministrativeUnit.ReadWrite.All": "moves accounts out of the units that protect them",
    "BitlockerKey.Read.All": "reads the recovery keys of all devices",
    "Calendars.Read": "reads the calendars of all mailboxes",
    "Calendars.ReadWrite": "changes the calendars of all mailboxes",
    "ChannelMessage.Read.All": "reads the messages of all channels",
    "Chat.ReadWrite.All": "reads and changes the chats of all users",
    "Contacts.Read": "reads the contacts of all mailboxes",
    "Contacts.ReadWrite": "changes the contacts of all mailboxes",
    "Device.ReadWrite.All": "changes all devices of the directory",
    "DeviceLocalCredential.Read.All": "reads the administrator passwords of all devices",
    "DeviceManagementManagedDevices.PrivilegedOperations.All": "wipes and locks managed devices",
    "DeviceManagementManagedDevices.ReadWrite.All": "changes all managed devices",
    "DeviceManagementServiceConfig.ReadWrite.All": "changes how devices are enrolled",
    "Directory.ReadWrite.All": "changes the whole directory, memberships of most groups among it",
    "Exchange.ManageAsApp": "administers Exchange as far as its directory roles allow",
    "Files.ReadWrite.All": "changes all files of all users and sites",
    "Group.Create": "creates groups",
    "Group.ReadWrite.All": "changes all groups that hold no directory role, and their members",
    "GroupMember.ReadWrite.All": "changes the members of all groups that hold no directory role",
    "IdentityProvider.ReadWrite.All": "changes which identity providers users come from",
    "IdentityRiskyUser.ReadWrite.All": "dismisses what was found about accounts at risk",
    "Mail.Read": "reads the mail of all mailboxes",
    "Mail.ReadBasic": "reads the headers of the mail of all mailboxes",
    "Mail.ReadBasic.All": "reads the headers of the mail of all mailboxes",
    "Mail.ReadWrite": "changes the mail of all mailboxes",
    "Mail.Send": "sends mail as any user",
    "MailboxSettings.Read": "reads the settings of all mailboxes",
    "MailboxSettings.ReadWrite": "changes the settings of all mailboxes, forwarding rules among them",
    "OnPremDirectorySynchronization.ReadWrite.All": "changes how the directory on premises is synchronized",
    "Policy.ReadWrite.ApplicationConfiguration": "loosens the policies for credentials of applications",
    "Policy.ReadWrite.AuthenticationMethod": "changes which sign-in methods users may have",
    "Policy.ReadWrite.Authorization": "changes what users may do by default",
    "Policy.ReadWrite.ConditionalAccess": "switches off what sign-ins are checked for",
    "Policy.ReadWrite.CrossTenantAccess": "changes which other tenants are trusted",
    "RoleAssignmentSchedule.Remove.Directory": "takes directory roles away",
    "RoleEligibilitySchedule.Remove.Directory": "takes eligibility for directory roles away",
    "RoleManagement.Read.Directory": "reads who administers the tenant",
    "RoleManagement.ReadWrite.Exchange": "assigns roles of Exchange",
    "Sites.FullControl.All": "controls all sites",
    "Sites.Manage.All": "changes all sites and their lists",
    "Sites.ReadWrite.All": "changes the contents of all sites",
    "Synchronization.ReadWrite.All": "changes what is provisioned to and from other systems",
    "User-PasswordProfile.ReadWrite.All": "sets passwords, where it holds a directory role for that as well",
    "User.EnableDisableAccount.All": "disables and enables accounts",
    "User.Export.All": "exports everything that is kept about a user",
    "User.Invite.All": "invites guests",
    "User.ManageIdentities.All": "changes by which identity a user signs in",
    "User.ReadWrite.All": "changes all users",
    "User.RevokeSessions.All": "ends the sessions of all users",
    "full_access_as_app": "reads and changes all mailboxes",
}
_WORKLOAD: Final = {
    "Application.ReadWrite.OwnedBy": "changes the applications that it owns; it reaches as far as those do",
    "Domain.Read.All": "reads the names of the tenant's domains",
    "Organization.Read.All": "reads what the tenant says of itself",
    "Sites.Selected": "reaches the sites that it was let into",
}

PERMISSIONS: Final[Mapping[str, tuple[Tier, str]]] = MappingProxyType(
    {
        **{name: (Tier.CONTROL, reason) for name, reason in _CONTROL.items()},
        **{name: (Tier.MANAGEMENT, reason) for name, reason in _MANAGEMENT.items()},
        **{name: (Tier.WORKLOAD, reason) for name, reason in _WORKLOAD.items()},
    }
)
"""By value of the app role."""

ENDINGS: Final[Mapping[str, tuple[Tier, str]]] = MappingProxyType({
    ".AppFolder": (Tier.WORKLOAD, "its name ends in .AppFolder: it reaches a folder of its own"),
    ".OwnedBy": (Tier.WORKLOAD, "its name ends in .OwnedBy: it reaches what it owns"),
    ".Read.All": (Tier.MANAGEMENT, "its name ends in .Read.All: it reads all of the tenant's"),
    ".ReadBasic.All": (Tier.MANAGEMENT, "its name ends in .ReadBasic.All: it reads a part of all of the tenant's"),
    ".Selected": (Tier.WORKLOAD, "its name ends in .Selected: it reaches what it was let into"),
    ".WhereInstalled": (Tier.WORKLOAD, "its name ends in .WhereInstalled: it reaches chats that it was added to"),
})  # fmt: skip
"""By the end of a value that ``PERMISSIONS`` does not know. What writes is not judged by its name."""
