"""Built-in directory roles, each with its tier and the reason for it. Pure.

Sources: "Microsoft Entra built-in roles" for template ids and what each role may do, and for which of them Microsoft
labels privileged (see "Privileged roles and permissions in Microsoft Entra ID"). The label covers more than control:
which roles lead to an administrator of the tenant is concluded from what they allow.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from inventory.estate import Tier

_CONTROL: Final = (
    ("db506228-d27e-4b7d-95e5-295956d6615f", "Agent ID Administrator",
     "adds credentials to agents, which may hold more than it does"),
    ("9b895d92-2cd3-44c7-9d02-a6ac2d5ea5c3", "Application Administrator",
     "adds a credential to any application, and signs in as one that may do more"),
    ("25a516ed-2fa0-40ea-a2d0-12923a21473a", "Authentication Extensibility Administrator",
     "has code of its own decide at every sign-in"),
    ("aaf43236-0c0d-4d5f-883a-6955382ac081", "B2C IEF Keyset Administrator",
     "changes the keys that tokens are signed with"),
    ("158c047a-c907-4556-b7ef-446551a6b5f7", "Cloud Application Administrator",
     "adds a credential to any application, and signs in as one that may do more"),
    ("b1be1c3e-b65d-4f19-8427-f6fa0d97feb9", "Conditional Access Administrator",
     "switches off what sign-ins of administrators are checked for, or locks them out"),
    ("d29b2b05-8046-44ba-8758-1e26182fcf32", "Directory Synchronization Accounts",
     "writes what the directory on premises says of accounts"),
    ("9360feb5-f418-4baa-8175-e2a00bac4301", "Directory Writers",
     "changes members of groups and grants of applications"),
    ("8329153b-31d0-4727-b945-745eb3bc5f31", "Domain Name Administrator",
     "federates a domain, and signs in as any of its users"),
    ("be2f45a1-457d-42af-a067-6ec1fa63bc45", "External Identity Provider Administrator",
     "changes who vouches for users, and signs in as any of them"),
    ("62e90394-69f5-4237-9190-012177145e10", "Global Administrator", "may do everything in the tenant"),
    ("8ac3fc64-6eca-42ea-9e69-59f4c7b60eb2", "Hybrid Identity Administrator",
     "changes federation and synchronization, and signs in as any synchronized user"),
    ("3a2c62db-5318-420d-8d74-23affee5d9d5", "Intune Administrator",
     "runs scripts on managed devices, those of administrators too"),
    ("4ba39ca4-527c-499a-b93d-d9b492c50246", "Partner Tier1 Support",
     "adds credentials to applications and sets passwords; not meant for use"),
    ("e00e864a-17c5-4a4b-9c06-f5b95a8d5bd8", "Partner Tier2 Support",
     "sets the password of any user, administrators too; not meant for use"),
    ("7be44c8a-adaf-4e2a-84d6-ab2649e08a13", "Privileged Authentication Administrator",
     "sets sign-in methods and passwords of any user, administrators too"),
    ("e8611ab8-c189-46e8-94e1-60213ab1f814", "Privileged Role Administrator",
     "assigns any directory role, Global Administrator too"),
    ("194ae4cb-b126-40b2-bd5b-6091b380977d", "Security Administrator",
     "switches off what sign-ins of administrators are checked for"),
)  # fmt: skip
_MANAGEMENT: Final = (
    ("d2562ede-74db-457e-a7b6-544e236ebb61", "AI Administrator", "administers Copilot and what it reads"),
    ("cf1c38e5-3621-4004-a7cb-879624dced7c", "Application Developer", "registers applications whatever users may do"),
    ("58a13ea3-c632-46ae-9ee0-9c0d43cd7f3d", "Attribute Assignment Administrator",
     "assigns the attributes that access may depend on"),
    ("ecb2c6bf-0ab6-418e-bd87-7986f8d63bbe", "Attribute Provisioning Administrator",
     "changes the attributes that are provisioned"),
    ("422218e4-db15-4ef9-bbe0-8afb41546d79", "Attribute Provisioning Reader",
     "reads the attributes that are provisioned"),
    ("c4e39bd9-1100-46d3-8c65-fb160da0071f", "Authentication Administrator",
     "sets sign-in methods of users who are no administrators"),
    ("0526716b-113d-4c15-b2c8-68e3c22b9f80", "Authentication Policy Administrator",
     "changes which sign-in methods users may have"),
    ("e3973bdf-4987-49ae-837a-ba8e231c7286", "Azure DevOps Administrator", "administers Azure DevOps"),
    ("7495fdc4-34c4-4d15-a289-98788ce399fd", "Azure Information Protection Administrator",
     "administers how documents are protected"),
    ("3edaf663-341e-4475-9f94-5c398ef6c070", "B2C IEF Policy Administrator", "changes how customers sign in"),
    ("892c5842-a9a6-463a-8041-72aa08ca3cf6", "Cloud App Security Administrator", "administers Defender for Cloud Apps"),
    ("7698a772-787b-4ac8-901f-60d6b08affd2", "Cloud Device Administrator",
     "disables devices and reads their recovery keys"),
    ("17315797-102d-40b4-93e0-432062caca18", "Compliance Administrator",
     "administers compliance, searches of content among it"),
    ("e6d1a23a-da11-4be4-9570-befc86d067a7", "Compliance Data Administrator", "administers compliance content"),
    ("88d8e3e3-8f55-4a1e-953a-9b9898b8876b", "Directory Readers", "reads the whole directory"),
    ("44367163-eba1-44c3-98af-f5787879f96a", "Dynamics 365 Administrator", "administers Dynamics 365"),
    ("29232cdf-9323-42fd-ade2-1d097af3e4de", "Exchange Administrator", "administers all mailboxes"),
    ("31392ffb-586c-42d1-9346-e59415a2cc4e", "Exchange Recipient Administrator", "changes all recipients"),
    ("a9ea8996-122f-4c74-9520-8edcd192826c", "Fabric Administrator", "administers Fabric and Power BI"),
    ("f2ef992c-3afb-46b9-b7cf-a126ee74c451", "Global Reader", "reads everything that a Global Administrator reads"),
    ("ac434307-12b9-4fa1-a708-88bf58caabc1", "Global Secure Access Administrator", "administers access to the network"),
    ("fdd7a751-b60b-444a-984c-02652fe8fa1c", "Groups Administrator", "changes all groups that hold no directory role"),
    ("729827e3-9c14-49f7-bb1b-9608f156bbb8", "Helpdesk Administrator",
     "sets passwords of users who are no administrators"),
    ("45d8d3c5-c802-45c6-b32a-1d70b5e1e86e", "Identity Governance Administrator", "hands out access packages"),
    ("744ec460-397e-42ad-a462-8b3f9747a02c", "Knowledge Manager", "changes topics for all users"),
    ("59d46f88-662b-457b-bceb-5c3809e5908f", "Lifecycle Workflows Administrator", "runs workflows on all users"),
    ("9f06204d-73c1-4d4c-880a-6edb90606fd8", "Microsoft Entra Joined Device Local Administrator",
     "is administrator on joined devices"),
    ("966707d0-3269-4727-9be2-8c3a10f19b9d", "Password Administrator",
     "sets passwords of users who are no administrators"),
    ("11648597-926c-4cf3-9c36-bcebb0ba8dcc", "Power Platform Administrator",
     "administers Power Platform and Dynamics 365"),
    ("4a5d8f65-41da-4de4-8968-e035b65339cf", "Reports Reader", "reads the logs of all sign-ins"),
    ("5f2222b1-57c3-48ba-8ad5-d4759f1fde6f", "Security Operator", "manages what was found about accounts and devices"),
    ("5d6b6bb7-de71-4623-b4af-96380a352509", "Security Reader",
     "reads what was found about accounts, and the logs of all sign-ins"),
    ("f28a1f50-f6e7-4571-818b-6a12f2af6b6c", "SharePoint Administrator", "administers all sites"),
    ("69091246-20e8-4a56-aa4d-066075b2a7a8", "Teams Administrator", "administers Teams"),
    ("fe930be7-5e62-47db-91af-98c3a49a38b1", "User Administrator",
     "changes users and groups, and sets passwords of most"),
    ("11451d60-acb2-45eb-a7d6-43d0f0125c13", "Windows 365 Administrator", "administers all Cloud PCs"),
)  # fmt: skip
_WORKLOAD: Final = (
    ("9c6df0f2-1e7c-4dc3-b195-66dfbd24aa8f", "Attack Payload Author", "prepares exercises"),
    ("95e79109-95c0-4d8e-aee3-d01accf2d47b", "Guest Inviter", "invites guests"),
    ("790c1fb9-7f7d-4f88-86a1-ef1f95c05c1b", "Message Center Reader", "reads Microsoft's announcements"),
    ("e8cef6f1-e4bd-4ea8-bc07-4b8d950f4477", "Printer Technician", "registers printers"),
    ("8835291a-918c-4fd7-a9ce-faa49f0cf7d9", "Search Editor", "edits answers of the search"),
    ("75934031-6c7e-415a-99d7-48dbd49e875e", "Usage Summary Reports Reader", "reads sums of usage"),
)  # fmt: skip

ROLES: Final[Mapping[str, tuple[str, Tier, str]]] = MappingProxyType(
    {
        **{key: (name, Tier.CONTROL, reason) for key, name, reason in _CONTROL},
        **{key: (name, Tier.MANAGEMENT, reason) for key, name, reason in _MANAGEMENT},
        **{key: (name, Tier.WORKLOAD, reason) for key, name, reason in _WORKLOAD},
    }
)
"""By template id, which a built-in role has as its id in every tenant: name, tier, reason."""
