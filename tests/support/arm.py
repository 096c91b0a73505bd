"""Requests to the Azure Resource Manager of an embedded tenant, as its operator, to change it by its own means."""

from __future__ import annotations

import ssl
from typing import Any
from urllib.parse import quote

import httpx

from migrate.emulator.server import Emulator


def ask(emulator: Emulator, method: str, path: str, body: Any = None) -> None:
    variables = emulator.environment()
    form = {"grant_type": "client_credentials", "client_id": variables["AZURE_CLIENT_ID"],
            "client_secret": variables["AZURE_CLIENT_SECRET"],
            "scope": "https://management.azure.com/.default"}  # fmt: skip
    with httpx.Client(base_url=emulator.authority, verify=ssl.create_default_context(cafile=emulator.ca_file)) as web:
        token = web.post(f"/{emulator.tenant_id}/oauth2/v2.0/token", data=form).json()["access_token"]
        answer = web.request(method, f"{quote(path)}?api-version=2023-12-01", json=body,
                             headers={"Authorization": f"Bearer {token}"})  # fmt: skip
        assert answer.is_success, answer.text
