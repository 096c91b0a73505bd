"""Terraform: application settings and Key Vault secrets by name, and what creates a secret for an application."""

from __future__ import annotations

import re

from codemods.leftover import LeftoverKind
from codemods.leftovers.blocks import terraform
from codemods.leftovers.place import Place

_FILE = re.compile(r".*\.(?:tf|tfvars|tofu)(?:\.json)?")
_PASSWORD = re.compile(
    r"^[ \t]*resource[ \t]+\"(azuread_(?:application|service_principal)_(?:password|certificate))\"", re.MULTILINE
)

PLACE = Place(
    kind=LeftoverKind.TERRAFORM,
    matches=lambda name: _FILE.fullmatch(name) is not None,
    constructs=((_PASSWORD, LeftoverKind.TERRAFORM_PASSWORD),),
    cut=terraform,
)
