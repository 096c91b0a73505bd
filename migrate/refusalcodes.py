"""Why an application is not paired, in stable words that ``docs/plan.md`` explains."""

from __future__ import annotations

import enum


class RefusalCode(enum.StrEnum):
    """Why an application is not paired; stable words, documented in docs/plan.md."""

    # No identity, or more than one
    NO_IDENTITY = "no-identity-found"
    LOW_CONFIDENCE = "low-confidence"
    AMBIGUOUS_IDENTITY = "ambiguous-identity"
    CONTESTED_IDENTITY = "contested-identity"
    NOT_ATTACHED = "identity-not-attached"
    SYSTEM_ASSIGNED_ONLY = "system-assigned-only"
    SAME_TENANT_REQUIRED = "same-tenant-required"
    # Where it runs, managed identities do not work for it
    ARC_SERVER = "arc-server"
    CLOUD_SHELL = "cloud-shell"
    STATIC_WEB_APP = "static-web-app"
    AKS = "aks"
    GITHUB_ACTIONS = "github-actions"
    AZURE_DEVOPS = "azure-devops"
    OTHER_ISSUER = "other-issuer"
    OTHER_CLOUD = "other-cloud"
    OFF_AZURE_HOST = "off-azure-host"
    # The application itself
    EXCLUDED = "excluded"
    FOREIGN_APPLICATION = "foreign-application"
    NO_APPLICATION = "no-application-registration"
    MANAGED_BY_OTHER_TOOL = "managed-by-other-tool"
    DISABLED = "disabled"
    PERSONAL_ACCOUNTS = "personal-accounts"
    AGENT_BLUEPRINT = "agent-blueprint"
    UNUSED = "unused"
    # Its credentials
    FEDERATED_LIMIT = "federated-limit-reached"
    FEDERATED_CONFLICT = "federated-conflict"
    FEDERATED_UNREADABLE = "federated-unreadable"
    NO_LIVE_CREDENTIAL = "no-live-credential"
    PURPOSE_UNKNOWN = "purpose-unknown"
    SIGNING_ONLY = "saml-signing-only"
    ENCRYPTION_ONLY = "token-encryption-only"
