"""Where Azure Resource Manager answers, and what tokens are asked for, by cloud."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from inventory.cloud import Cloud
from inventory.graph_settings import GraphSettings

# Audience and address of a cloud are one ("Azure China 21Vianet developer guide", "Compare Azure Government").
_ENDPOINTS: Final[Mapping[Cloud, str]] = {
    Cloud.PUBLIC: "https://management.azure.com",
    Cloud.USGOV: "https://management.usgovcloudapi.net",
    Cloud.CHINA: "https://management.chinacloudapi.cn",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ArmSettings:
    """Where to read; ``sign_in`` says where and how to sign in, and which cloud it is.

    ``arm_endpoint`` defaults to UNSECRET_ARM_ENDPOINT, then to the cloud's.
    """

    sign_in: GraphSettings
    arm_endpoint: str | None = None

    @property
    def endpoint(self) -> str:
        """The URL below which Azure Resource Manager answers, without trailing slash."""
        named = self.arm_endpoint or os.environ.get("UNSECRET_ARM_ENDPOINT")
        return (named or _ENDPOINTS[self.sign_in.cloud]).rstrip("/")

    @property
    def scope(self) -> str:
        """What tokens are asked for: the cloud's own Azure Resource Manager, also where the endpoint is another."""
        return f"{_ENDPOINTS[self.sign_in.cloud]}/.default"
