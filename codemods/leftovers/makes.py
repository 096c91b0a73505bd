"""Commands and requests that add a secret to an application: run once more, they bring back what was removed.

https://learn.microsoft.com/cli/azure/ad/app/credential, https://learn.microsoft.com/cli/azure/ad/sp,
https://learn.microsoft.com/graph/api/application-addpassword,
https://learn.microsoft.com/powershell/module/microsoft.graph.applications/add-mgapplicationpassword
"""

from __future__ import annotations

import re
from typing import Final

from codemods.leftover import LeftoverKind

_COMMAND: Final = (
    r"az(?:\.cmd)?\s+ad\s+(?:app|sp)\s+credential\s+reset|az(?:\.cmd)?\s+ad\s+sp\s+create-for-rbac"
    r"|Add-Mg(?:Application|ServicePrincipal)Password|New-Az(?:ADApp|ADSp|ADServicePrincipal)Credential"
    r"|New-AzureAD(?:Application|ServicePrincipal)PasswordCredential|addPassword"
)
MAKES_SECRET: Final = re.compile(rf"(?<![\w-])({_COMMAND})(?![\w-])", re.IGNORECASE)
MAKES: Final = ((MAKES_SECRET, LeftoverKind.MAKES_SECRET),)
